#include "parser/promql_literals.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/duration.h"
#include "base/text.h"

namespace tocsin {

namespace {

bool is_digit_of(int base, char c) {
    return is_digit(c) || (base == 16 && std::isxdigit(static_cast<unsigned char>(c)) != 0);
}

/// Underscores may stand only between digits, and between a prefix and a digit.
bool underscores_are_fine(std::string_view text, int base, bool after_prefix) {
    bool after_digit = after_prefix;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool before_digit = i + 1 < text.size() && is_digit_of(base, text[i + 1]);
        if (text[i] == '_' && !(after_digit && before_digit)) return false;
        after_digit = is_digit_of(base, text[i]);
    }
    return true;
}

std::string without_underscores(std::string_view text) {
    std::string out(text);
    std::erase(out, '_');
    return out;
}

/// What Go's strconv.ParseInt reads with base 0; nothing where it fails.
std::optional<std::int64_t> read_integer(std::string_view text) {
    int base = 10;
    std::string_view digits = text;
    if (digits.size() > 1 && digits.front() == '0') {
        const bool hexadecimal = digits[1] == 'x' || digits[1] == 'X';
        base = hexadecimal ? 16 : 8;
        digits.remove_prefix(hexadecimal ? 2 : 1);
    }
    if (!underscores_are_fine(digits, base, base != 10)) return std::nullopt;
    const std::string plain = without_underscores(digits);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value, base);
    if (plain.empty() || error != std::errc{} || end != plain.data() + plain.size()) return std::nullopt;
    return value;
}

tl::unexpected<Error> bad_number(std::string_view text, std::string_view reason) {
    return fail(Error::Kind::InvalidInput,
                fmt::format("error parsing number: strconv.ParseFloat: parsing {}: {}", go_quote(text), reason));
}

tl::unexpected<Error> bad_string(std::string_view quoted, std::string_view reason) {
    return fail(Error::Kind::InvalidInput, fmt::format("error unquoting string {}: {}", go_quote(quoted), reason));
}

constexpr std::string_view kSimpleEscapes = "abfnrtv";
constexpr std::string_view kSimpleValues = "\a\b\f\n\r\t\v";

/// The number of digits and their base behind the letter of an escape; 0 digits for an escape of one character.
struct EscapeForm {
    std::size_t digits;
    int base;
};

EscapeForm form_of(char letter) {
    switch (letter) {
        case 'x': return {2, 16};
        case 'u': return {4, 16};
        case 'U': return {8, 16};
        default: return is_digit(letter) ? EscapeForm{3, 8} : EscapeForm{0, 0};
    }
}

/// Takes the escape behind a backslash off `rest`; false when it names no byte and no code point.
bool take_escape(std::string_view& rest, std::string& out) {
    const char letter = rest.front();
    const EscapeForm form = form_of(letter);
    if (form.base != 8) rest.remove_prefix(1);
    if (form.digits == 0) {
        const std::size_t simple = kSimpleEscapes.find(letter);
        out += simple == std::string_view::npos ? letter : kSimpleValues[simple];
        return true;
    }
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + form.digits, value, form.base);
    TOCSIN_ASSERT(error == std::errc{} && end == rest.data() + form.digits);
    rest.remove_prefix(form.digits);
    if (letter == 'u' || letter == 'U') {
        if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return false;
        append_utf8(out, value);
        return true;
    }
    if (value > 0xff) return false;
    out += static_cast<char>(value);
    return true;
}

}  // namespace

Result<double> read_number(std::string_view text) {
    if (const auto integer = read_integer(text)) return static_cast<double>(*integer);
    const bool hexadecimal = text.find_first_of("xX") != text.npos;
    const bool well_formed = !hexadecimal && underscores_are_fine(text, 10, false);
    const auto value = well_formed ? parse_float(without_underscores(text)) : std::nullopt;
    if (!value) return bad_number(text, "invalid syntax");
    if (std::isinf(*value) && is_digit(text.front())) return bad_number(text, "value out of range");
    return *value;
}

Result<double> read_duration_seconds(std::string_view text) {
    TOCSIN_TRY(const Duration duration, parse_duration(text));
    const std::int64_t ms = duration.count();
    return static_cast<double>(ms / 1000) + static_cast<double>(ms % 1000) / 1e3;
}

Result<std::string> unquote(std::string_view quoted) {
    TOCSIN_ASSERT(quoted.size() >= 2);
    std::string_view rest = quoted.substr(1, quoted.size() - 2);
    if (quoted.front() == '`') return std::string(rest);
    std::string out;
    out.reserve(rest.size());
    while (!rest.empty()) {
        const char c = rest.front();
        rest.remove_prefix(1);
        if (c != '\\') {
            out += c;
        } else if (!take_escape(rest, out)) {
            return bad_string(quoted, "escape sequence is an invalid Unicode code point");
        }
    }
    return out;
}

}  // namespace tocsin
