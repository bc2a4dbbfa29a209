#include "parser/template/literal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/unicode.h"

namespace tocsin::templates {
namespace {

tl::unexpected<Error> bad(std::string message) {
    return fail(Error::Kind::InvalidInput, std::move(message));
}

bool is_base_prefix(std::string_view text) {
    if (text.size() < 2 || text[0] != '0') return false;
    const char letter = static_cast<char>(text[1] | 0x20);
    return letter == 'x' || letter == 'o' || letter == 'b';
}

// Underscores stand between digits, or between a base prefix and a digit.
bool underscores_ok(std::string_view text) {
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
    const bool hex = is_base_prefix(text) && (text[1] | 0x20) == 'x';
    char before = '^';
    if (is_base_prefix(text)) {
        text.remove_prefix(2);
        before = '0';
    }
    for (const char c : text) {
        const char lower = static_cast<char>(c | 0x20);
        if ((c >= '0' && c <= '9') || (hex && lower >= 'a' && lower <= 'f')) {
            before = '0';
        } else if (c == '_') {
            if (before != '0') return false;
            before = '_';
        } else {
            if (before == '_') return false;
            before = '!';
        }
    }
    return before != '_';
}

std::string without_underscores(std::string_view text) {
    std::string out(text);
    std::erase(out, '_');
    return out;
}

// An unsigned integer with its base told by its prefix: 0x, 0b, 0o, or 0 alone for octal.
std::optional<std::uint64_t> parse_uint(std::string_view text) {
    if (!underscores_ok(text)) return std::nullopt;
    std::string digits = without_underscores(text);
    int base = 10;
    if (is_base_prefix(digits)) {
        const char letter = static_cast<char>(digits[1] | 0x20);
        base = letter == 'x' ? 16 : letter == 'o' ? 8 : 2;
        digits.erase(0, 2);
    } else if (digits.size() > 1 && digits[0] == '0') {
        base = 8;
        digits.erase(0, 1);
    }
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (problem != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

std::optional<std::int64_t> parse_int(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) return std::nullopt;
    const auto magnitude = parse_uint(text);
    constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
    if (!magnitude || *magnitude > kMax + (negative ? 1 : 0)) return std::nullopt;
    return static_cast<std::int64_t>(negative ? 0 - *magnitude : *magnitude);
}

void set_ints_of_float(NumberLiteral& number) {
    const double f = number.float_value;
    if (!number.is_int && f >= -0x1p63 && f < 0x1p63 && std::trunc(f) == f) {
        number.is_int = true;
        number.int_value = static_cast<std::int64_t>(f);
    }
    if (!number.is_uint && f >= 0 && f < 0x1p64 && std::trunc(f) == f) {
        number.is_uint = true;
        number.uint_value = static_cast<std::uint64_t>(f);
    }
}

NumberLiteral make_complex(std::complex<double> value) {
    NumberLiteral number;
    number.is_complex = true;
    number.complex_value = value;
    if (value.imag() == 0) {
        number.is_float = true;
        number.float_value = value.real();
        set_ints_of_float(number);
    }
    return number;
}

NumberLiteral make_char(char32_t rune) {
    NumberLiteral number;
    number.is_int = number.is_uint = number.is_float = true;
    number.int_value = static_cast<std::int64_t>(rune);
    number.uint_value = rune;
    number.float_value = static_cast<double>(rune);
    return number;
}

std::optional<unsigned> digit_value(char c, unsigned base) {
    unsigned value = base;
    if (c >= '0' && c <= '9') value = static_cast<unsigned>(c - '0');
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') value = static_cast<unsigned>((c | 0x20) - 'a') + 10;
    return value < base ? std::optional(value) : std::nullopt;
}

struct Escape {
    char32_t value;
    bool is_byte;  // \xNN and \NNN of a string are bytes, everything else characters
};

std::optional<char32_t> take_digits(std::string_view& text, std::size_t count, unsigned base) {
    if (text.size() < count) return std::nullopt;
    char32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto digit = digit_value(text[i], base);
        if (!digit) return std::nullopt;
        value = value * base + *digit;
    }
    text.remove_prefix(count);
    return value;
}

std::optional<Escape> take_numeric_escape(std::string_view& text, char letter) {
    if (letter == 'x') {
        const auto value = take_digits(text, 2, 16);
        return value ? std::optional(Escape{*value, true}) : std::nullopt;
    }
    if (letter == 'u' || letter == 'U') {
        const auto value = take_digits(text, letter == 'u' ? 4 : 8, 16);
        if (!value || *value > kRuneMax || (*value >= 0xD800 && *value <= 0xDFFF)) return std::nullopt;
        return Escape{*value, false};
    }
    const auto first = digit_value(letter, 8);
    const auto rest = first ? take_digits(text, 2, 8) : std::nullopt;
    if (!rest || *first * 64 + *rest > 255) return std::nullopt;
    return Escape{*first * 64 + *rest, true};
}

// The character at the front, escaped or not.
std::optional<Escape> take_char(std::string_view& text, char quote) {
    if (text.empty() || text[0] == quote) return std::nullopt;
    if (text[0] != '\\') {
        const Rune rune = first_rune(text);
        text.remove_prefix(rune.bytes);
        return Escape{rune.value, false};
    }
    if (text.size() < 2) return std::nullopt;
    const char letter = text[1];
    text.remove_prefix(2);
    switch (letter) {
        case 'a':
            return Escape{'\a', false};
        case 'b':
            return Escape{'\b', false};
        case 'f':
            return Escape{'\f', false};
        case 'n':
            return Escape{'\n', false};
        case 'r':
            return Escape{'\r', false};
        case 't':
            return Escape{'\t', false};
        case 'v':
            return Escape{'\v', false};
        case '\\':
            return Escape{'\\', false};
        case '\'':
        case '"':
            return letter == quote ? std::optional(Escape{static_cast<char32_t>(letter), false}) : std::nullopt;
        default:
            return take_numeric_escape(text, letter);
    }
}

}  // namespace

Result<NumberLiteral> parse_number_literal(std::string_view text) {
    if (text.ends_with('i')) {
        if (const auto imaginary = parse_go_float(text.substr(0, text.size() - 1)))
            return make_complex({0, *imaginary});
    }
    NumberLiteral number;
    if (const auto value = parse_uint(text)) {
        number.is_uint = true;
        number.uint_value = *value;
    }
    if (const auto value = parse_int(text)) {
        number.is_int = true;
        number.int_value = *value;
        if (*value == 0) number.is_uint = true;  // -0
    }
    if (number.is_int || number.is_uint) {
        number.is_float = true;
        number.float_value =
            number.is_int ? static_cast<double>(number.int_value) : static_cast<double>(number.uint_value);
        return number;
    }
    const auto value = parse_go_float(text);
    if (!value) return bad("illegal number syntax: " + go_quote(text));
    if (text.find_first_of(".eEpP") == std::string_view::npos) return bad("integer overflow: " + go_quote(text));
    number.is_float = true;
    number.float_value = *value;
    set_ints_of_float(number);
    return number;
}

Result<NumberLiteral> parse_complex_literal(std::string_view text) {
    std::size_t split = text.size() - 1;
    const auto is_sign_of_exponent = [&](std::size_t i) {
        return i > 0 && std::string_view("eEpP").find(text[i - 1]) != std::string_view::npos && !is_base_prefix(text);
    };
    while (split > 0 && ((text[split] != '+' && text[split] != '-') || is_sign_of_exponent(split))) --split;
    const auto real = parse_go_float(text.substr(0, split));
    const auto imaginary = parse_go_float(text.substr(split, text.size() - 1 - split));
    if (!real || !imaginary) return bad("syntax error scanning complex number");
    return make_complex({*real, *imaginary});
}

Result<NumberLiteral> parse_char_literal(std::string_view text) {
    std::string_view rest = text.substr(1);
    const auto value = take_char(rest, '\'');
    if (!value) return bad("invalid syntax");
    if (rest != "'") return bad(fmt::format("malformed character constant: {}", text));
    return make_char(value->value);
}

std::optional<std::string> unquote(std::string_view literal) {
    if (literal.size() < 2 || literal.front() != literal.back()) return std::nullopt;
    const char quote = literal.front();
    literal = literal.substr(1, literal.size() - 2);
    std::string out;
    if (quote == '`') {
        if (literal.find('`') != std::string_view::npos) return std::nullopt;
        std::ranges::copy_if(literal, std::back_inserter(out), [](char c) { return c != '\r'; });
        return out;
    }
    if (quote != '"' || literal.find('\n') != std::string_view::npos) return std::nullopt;
    while (!literal.empty()) {
        const std::size_t plain = std::min(literal.find_first_of("\\\""), literal.size());
        out += literal.substr(0, plain);
        literal.remove_prefix(plain);
        if (literal.empty()) break;
        const auto c = take_char(literal, '"');
        if (!c) return std::nullopt;
        if (c->is_byte) {
            out += static_cast<char>(static_cast<unsigned char>(c->value));
        } else {
            append_rune(out, c->value);
        }
    }
    return out;
}

Result<double> parse_go_float(std::string_view text) {
    const auto problem = [&](std::string_view reason) {
        return bad(fmt::format("strconv.ParseFloat: parsing {}: {}", go_quote(text), reason));
    };
    if (!underscores_ok(text)) return problem("invalid syntax");
    const auto value = parse_float(without_underscores(text));
    if (!value) return problem("invalid syntax");
    const bool names_infinity = text.find_first_of("nN") != std::string_view::npos;
    if (std::isinf(*value) && !names_infinity) return problem("value out of range");
    return *value;
}

std::int64_t truncate_to_int64(double value) {
    if (!(value >= -0x1p63 && value < 0x1p63)) return std::numeric_limits<std::int64_t>::min();
    return static_cast<std::int64_t>(value);
}

}  // namespace tocsin::templates
