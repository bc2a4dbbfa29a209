#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "parser/template/value.h"

namespace tocsin::templates {

/// What stands between the `%` and the verb.
struct FormatFlags {
    bool plus = false, minus = false, sharp = false, space = false, zero = false;
    bool plus_v = false;   // %+v: names of fields
    bool sharp_v = false;  // %#v: Go syntax
    std::optional<int> width;
    std::optional<int> precision;
};

/// Appends values to a text, each by a verb and the flags that are set: the printer of Go's package fmt. After a
/// failure nothing more is appended.
class ValuePrinter {
public:
    /// `out` grows by `bytes_max` at most.
    ValuePrinter(std::string& out, std::size_t bytes_max) : out_(out), end_max_(out.size() + bytes_max) {}

    /// Pointers are followed, and what is missing is `<no value>`.
    void print_as_actions_do() { as_actions_do_ = true; }

    void write(std::string_view text);
    void write(char c) { write(std::string_view(&c, 1)); }
    void write_rune(char32_t rune);
    void print(const Value& value, char32_t verb);

    void fail(std::string problem);
    bool failed() const { return !problem_.empty(); }
    Status status() const;

    FormatFlags flags;

private:
    void write_padding(std::size_t count);
    void pad(std::string_view text);
    void pad_with_blanks(std::string_view text);
    std::string_view truncated(std::string_view text) const;

    void print_value(const Value& value, char32_t verb, int depth);
    bool print_by_method(const Value& value, char32_t verb);
    void print_bool(bool value, char32_t verb, const Value& whole);
    void print_integer(std::uint64_t value, bool is_signed, char32_t verb, const Value& whole);
    void print_digits(std::uint64_t value, unsigned base, bool is_signed, char32_t verb, bool upper);
    void print_unicode(std::uint64_t value);
    void print_hex_0x(std::uint64_t value);
    void print_float(double value, char32_t verb, const Value& whole);
    void print_float_as(double value, char verb, int precision);
    void print_complex(std::complex<double> value, char32_t verb, const Value& whole);
    void print_text(std::string_view text, char32_t verb, const Value& whole);
    void print_quoted(std::string_view text);
    void print_hex(std::string_view text, bool upper);
    void print_list(const Value& value, char32_t verb, int depth);
    void print_map(const Value& value, char32_t verb, int depth);
    void print_struct(const Value& value, char32_t verb, int depth);
    void print_time(const Value& value, char32_t verb);
    void bad_verb(char32_t verb, const Value& value);

    std::string& out_;
    std::size_t end_max_;
    bool as_actions_do_ = false;
    bool erroring_ = false;  // inside of %!d(…): methods are not asked again
    std::string problem_;
};

}  // namespace tocsin::templates
