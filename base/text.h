#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin {

/// An ASCII digit, whatever the locale.
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A number as Prometheus' API and its label values print it: shortest digits that read back, never an exponent
/// (Go's FormatFloat 'f' -1), `NaN`, `+Inf`, `-Inf`.
std::string format_value(double value);

/// A number as Go's %v prints it: shortest digits, exponent below 1e-04 and from 1e+06 on (Go's 'g' -1).
std::string format_go_float(double value);

/// Reads what Go's strconv.ParseFloat reads: decimal, exponent, `inf`, `+Inf`, `NaN`, hexadecimal floats, and `_` between
/// digits never. Out of range gives infinity. Nothing for anything else, including surrounding blanks.
std::optional<double> parse_float(std::string_view text);

/// Go's strconv.Quote.
std::string go_quote(std::string_view text);

/// One code point as Go's utf8.DecodeRuneInString gives it: what is not UTF-8 is U+FFFD of one byte and not valid; an empty
/// text is U+FFFD of no bytes.
struct DecodedRune {
    char32_t value;
    std::size_t bytes;
    bool valid;
};
DecodedRune decode_utf8(std::string_view text);

/// Surrogates and what is beyond U+10FFFF become U+FFFD.
void append_utf8(std::string& out, char32_t rune);

bool is_valid_utf8(std::string_view text);

/// Replaces every byte that is not part of valid UTF-8 by U+FFFD.
std::string replace_invalid_utf8(std::string_view text);

/// `[a-zA-Z_][a-zA-Z0-9_]*`, and with a colon allowed too.
bool is_legacy_label_name(std::string_view name);
bool is_legacy_metric_name(std::string_view name);

std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
/// In one pass; `what` is not empty.
std::string replace_all(std::string_view text, std::string_view what, std::string_view by);
bool iequals(std::string_view a, std::string_view b);
std::string to_lower(std::string_view text);

/// For text of others on a terminal or in a log line: control characters become `\xNN` or `\n`-style escapes.
std::string escape_control_characters(std::string_view text);

}  // namespace tocsin
