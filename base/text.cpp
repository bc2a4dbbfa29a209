#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/sample.h"

namespace tocsin {

namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The shortest digits that read back, d1d2d3…, meaning 0.d1d2d3… x 10^point.
struct Digits {
    bool negative = false;
    std::string digits;
    int point = 0;
};

Digits shortest_digits(double value) {
    std::array<char, 32> buffer{};
    const char* end = std::to_chars(buffer.begin(), buffer.end(), value, std::chars_format::scientific).ptr;
    const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
    const std::size_t e = text.find('e');
    Digits out;
    out.negative = text.front() == '-';
    std::copy_if(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(e), std::back_inserter(out.digits), is_digit);
    const std::string_view exponent = text.substr(e + (text[e + 1] == '+' ? 2 : 1));
    std::from_chars(exponent.data(), exponent.data() + exponent.size(), out.point);
    ++out.point;
    return out;
}

std::string without_exponent(const Digits& number) {
    std::string out = number.negative ? "-" : "";
    const auto count = static_cast<int>(number.digits.size());
    if (number.point <= 0) {
        out += "0.";
        out.append(static_cast<std::size_t>(-number.point), '0');
        out += number.digits;
    } else if (number.point >= count) {
        out += number.digits;
        out.append(static_cast<std::size_t>(number.point - count), '0');
    } else {
        out.append(number.digits, 0, static_cast<std::size_t>(number.point));
        out += '.';
        out.append(number.digits, static_cast<std::size_t>(number.point));
    }
    return out;
}

std::string with_exponent(const Digits& number) {
    std::string out = number.negative ? "-" : "";
    out += number.digits.front();
    if (number.digits.size() > 1) {
        out += '.';
        out.append(number.digits, 1);
    }
    const int exponent = number.point - 1;
    return out + fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
}

/// From here on Go's %g and %v write an exponent when they are free to choose the digits (strconv's formatDigits).
constexpr int kGoExponentMin = 6;

std::string special_value(double value) {
    if (std::isnan(value)) return "NaN";
    return value > 0 ? "+Inf" : "-Inf";
}

/// from_chars leaves the value alone when it is out of range; strtod says which end it fell off.
double out_of_range(std::string_view text) {
    return std::strtod(std::string(text).c_str(), nullptr);
}

std::optional<double> parse_unsigned_float(std::string_view text) {
    if (iequals(text, "inf") || iequals(text, "infinity")) return std::numeric_limits<double>::infinity();
    if (text.empty() || !(is_digit(text.front()) || text.front() == '.')) return std::nullopt;
    const bool hexadecimal = text.size() > 2 && text[0] == '0' && lower(text[1]) == 'x';
    const std::string_view number = text.substr(hexadecimal ? 2 : 0);
    // Go wants the exponent of a hexadecimal float written out; from_chars would also take a sign and `inf` here.
    if (hexadecimal && (number.find_first_of("pP") == number.npos || !(is_hex_digit(number[0]) || number[0] == '.'))) {
        return std::nullopt;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value,
                                              hexadecimal ? std::chars_format::hex : std::chars_format::general);
    if (error == std::errc::invalid_argument || end != number.data() + number.size()) return std::nullopt;
    return error == std::errc::result_out_of_range ? out_of_range(text) : value;
}

/// Sorted ranges of what Go's unicode.IsPrint refuses beyond ASCII: controls, formats, separators, private use,
/// surrogates. Code points that are not assigned yet count as printable, since that changes from year to year.
constexpr std::pair<char32_t, char32_t> kNotPrintable[] = {
    {0x7F, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},     {0x61C, 0x61C},     {0x6DD, 0x6DD},
    {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},     {0x1680, 0x1680},   {0x180E, 0x180E},
    {0x2000, 0x200F},   {0x2028, 0x202F},   {0x205F, 0x206F},   {0x3000, 0x3000},   {0xD800, 0xF8FF},
    {0xFEFF, 0xFEFF},   {0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD},
    {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE007F}, {0xF0000, 0x10FFFF},
};

bool is_printable(char32_t rune) {
    if (rune < 0x7F) return rune >= ' ';
    return std::none_of(std::begin(kNotPrintable), std::end(kNotPrintable),
                        [rune](const auto& range) { return range.first <= rune && rune <= range.second; });
}

/// The letter of Go's escape (\a, \n, …), or 0.
char short_escape(char32_t rune) {
    constexpr std::string_view kLetters = "abtnvfr";  // U+0007 to U+000D
    return rune >= 7 && rune <= 13 ? kLetters[rune - 7] : '\0';
}

void append_escape(std::string& out, char32_t rune) {
    if (const char letter = short_escape(rune)) {
        out += '\\';
        out += letter;
    } else if (rune < 0x80) {
        out += fmt::format("\\x{:02x}", static_cast<unsigned>(rune));
    } else if (rune < 0x10000) {
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(rune));
    } else {
        out += fmt::format("\\U{:08x}", static_cast<unsigned>(rune));
    }
}

/// Copies `text`, with what nobody should print escaped, and `specials` behind a backslash.
std::string escaped_go_text(std::string_view text, std::string_view specials) {
    std::string out;
    out.reserve(text.size() + 2);
    while (!text.empty()) {
        const DecodedRune rune = decode_utf8(text);
        if (!rune.valid) {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
        } else if (!is_printable(rune.value)) {
            append_escape(out, rune.value);
        } else {
            if (specials.find(text.front()) != specials.npos) out += '\\';
            out += text.substr(0, rune.bytes);
        }
        text.remove_prefix(rune.bytes);
    }
    return out;
}

/// Without the ASCII characters that it begins with, eight at a time; fewer than eight may be left.
std::string_view without_ascii_front(std::string_view text) {
    constexpr std::uint64_t kHighBits = 0x8080808080808080U;
    for (std::uint64_t eight = 0; text.size() >= sizeof eight; text.remove_prefix(sizeof eight)) {
        std::memcpy(&eight, text.data(), sizeof eight);
        if ((eight & kHighBits) != 0) break;
    }
    return text;
}

bool is_legacy_name(std::string_view name, bool colon) {
    if (name.empty() || is_digit(name.front())) return false;
    return std::all_of(name.begin(), name.end(),
                       [colon](char c) { return is_letter(c) || is_digit(c) || c == '_' || (colon && c == ':'); });
}

}  // namespace

std::string format_value(double value) {
    if (!std::isfinite(value)) return special_value(value);
    if (value == 0) return std::signbit(value) ? "-0" : "0";
    return without_exponent(shortest_digits(value));
}

std::string format_go_float(double value) {
    if (!std::isfinite(value)) return special_value(value);
    if (value == 0) return std::signbit(value) ? "-0" : "0";
    const Digits number = shortest_digits(value);
    const int exponent = number.point - 1;
    return exponent < -4 || exponent >= kGoExponentMin ? with_exponent(number) : without_exponent(number);
}

std::optional<double> parse_float(std::string_view text) {
    if (iequals(text, "nan")) return kNormalNan;
    const bool sign = !text.empty() && (text.front() == '+' || text.front() == '-');
    const std::optional<double> magnitude = parse_unsigned_float(text.substr(sign ? 1 : 0));
    if (magnitude && text.front() == '-') return -*magnitude;
    return magnitude;
}

std::string go_quote(std::string_view text) {
    return '"' + escaped_go_text(text, "\"\\") + '"';
}

DecodedRune decode_utf8(std::string_view text) {
    static constexpr DecodedRune kInvalid{0xFFFD, 1, false};
    if (text.empty()) return {0xFFFD, 0, false};
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) return {first, 1, true};
    const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return kInvalid;
    char32_t value = first & (0x7FU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return kInvalid;
        value = value << 6 | (byte(i) & 0x3FU);
    }
    const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    return overlong || surrogate || value > 0x10FFFF ? kInvalid : DecodedRune{value, bytes, true};
}

void append_utf8(std::string& out, char32_t rune) {
    if (rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF)) rune = 0xFFFD;
    const auto add = [&out](char32_t byte) { out += static_cast<char>(byte); };
    if (rune < 0x80) {
        add(rune);
        return;
    }
    if (rune < 0x800) {
        add(0xC0 | rune >> 6);
    } else {
        if (rune < 0x10000) {
            add(0xE0 | rune >> 12);
        } else {
            add(0xF0 | rune >> 18);
            add(0x80 | (rune >> 12 & 0x3F));
        }
        add(0x80 | (rune >> 6 & 0x3F));
    }
    add(0x80 | (rune & 0x3F));
}

bool is_valid_utf8(std::string_view text) {
    while (!(text = without_ascii_front(text)).empty()) {
        const DecodedRune rune = decode_utf8(text);
        if (!rune.valid) return false;
        text.remove_prefix(rune.bytes);
    }
    return true;
}

std::string replace_invalid_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const DecodedRune rune = decode_utf8(text);
        if (rune.valid) {
            out += text.substr(0, rune.bytes);
        } else {
            append_utf8(out, 0xFFFD);
        }
        text.remove_prefix(rune.bytes);
    }
    return out;
}

bool is_legacy_label_name(std::string_view name) {
    return is_legacy_name(name, false);
}

bool is_legacy_metric_name(std::string_view name) {
    return is_legacy_name(name, true);
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    return fmt::format("{}", fmt::join(parts, separator));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t at = 0;;) {
        const std::size_t next = text.find(separator, at);
        parts.push_back(text.substr(at, next - at));
        if (next == text.npos) return parts;
        at = next + 1;
    }
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n\v\f";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string replace_all(std::string_view text, std::string_view what, std::string_view by) {
    TOCSIN_ASSERT(!what.empty());
    std::string out;
    for (std::size_t at = 0;;) {
        const std::size_t found = text.find(what, at);
        out += text.substr(at, found - at);
        if (found == text.npos) return out;
        out += by;
        at = found + what.size();
    }
}

bool iequals(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

std::string escape_control_characters(std::string_view text) {
    return escaped_go_text(text, "");
}

}  // namespace tocsin
