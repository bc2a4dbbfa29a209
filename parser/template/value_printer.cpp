#include "parser/template/value_printer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/printf.h"
#include "parser/template/types.h"
#include "parser/template/unicode.h"

namespace tocsin::templates {
namespace {

// A list that was put into itself again and again would be printed for ever, or overflow the stack.
constexpr int kPrintDepthMax = 100;

bool has_verb(std::string_view verbs, char32_t verb) {
    return verb < 0x80 && verbs.find(static_cast<char>(verb)) != std::string_view::npos;
}

bool can_backquote(std::string_view text) {
    for (std::string_view rest = text; !rest.empty();) {
        const Rune rune = first_rune(rest);
        rest.remove_prefix(rune.bytes);
        const bool control = rune.value < ' ' && rune.value != '\t';
        if (control || rune.value == '`' || rune.value == 0x7F || rune.value == 0xFEFF) return false;
        if (rune.value == kRuneError && rune.bytes == 1) return false;
    }
    return true;
}

// Go's quotes with everything beyond ASCII escaped.
std::string quote_ascii(std::string_view text) {
    std::string out;
    const std::string quoted = go_quote(text);
    for (std::string_view rest = quoted; !rest.empty();) {
        const Rune rune = first_rune(rest);
        rest.remove_prefix(rune.bytes);
        if (rune.value < 0x80) {
            out += static_cast<char>(rune.value);
        } else {
            out += rune.value < 0x10000 ? fmt::format("\\u{:04x}", static_cast<std::uint32_t>(rune.value))
                                        : fmt::format("\\U{:08x}", static_cast<std::uint32_t>(rune.value));
        }
    }
    return out;
}

// A character in single quotes: its escapes are those of strings, but for the two kinds of quotes.
std::string quote_rune(char32_t rune, bool ascii) {
    if (rune == '\'') return "'\\''";
    if (rune == '"') return "'\"'";
    std::string text;
    append_rune(text, rune);
    const std::string quoted = ascii ? quote_ascii(text) : go_quote(text);
    return "'" + quoted.substr(1, quoted.size() - 2) + "'";
}

std::string in_base(std::uint64_t value, unsigned base, bool upper) {
    std::string digits;
    do {
        const unsigned digit = static_cast<unsigned>(value % base);
        digits += upper ? "0123456789ABCDEF"[digit] : "0123456789abcdef"[digit];
        value /= base;
    } while (value != 0);
    std::ranges::reverse(digits);
    return digits;
}

// A stand-in for the address that Go would print: the same in every run.
std::string address_of(const Value& value) {
    std::uint64_t hash = 14'695'981'039'346'656'037u;
    for (const char c : value.type_name()) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211u;
    return fmt::format("0xc000{:06x}", hash & 0xFFFFF0);
}

// The flag # keeps the decimal point, and of %g the trailing zeros.
std::string with_decimal_point(std::string number, char verb, int precision) {
    int digits = 0;
    if (has_verb("gG", static_cast<char32_t>(verb))) digits = precision < 0 ? 6 : precision;
    if (has_verb("xX", static_cast<char32_t>(verb))) digits = precision < 0 ? 6 : precision;
    const std::size_t tail_at = verb == 'x' || verb == 'X' ? number.find_first_of("pP") : number.find_first_of("eEpP");
    const std::string tail = tail_at == std::string::npos ? std::string() : number.substr(tail_at);
    if (tail_at != std::string::npos) number.resize(tail_at);
    bool has_point = false, saw_nonzero = false;
    for (const char c : std::string_view(number).substr(1)) {
        if (c == '.') {
            has_point = true;
            continue;
        }
        if (c != '0') saw_nonzero = true;
        if (saw_nonzero) --digits;
    }
    if (!has_point) {
        if (number.size() == 2 && number[1] == '0') --digits;
        number += '.';
    }
    if (digits > 0) number.append(static_cast<std::size_t>(digits), '0');
    return number + tail;
}

}  // namespace

Status ValuePrinter::status() const {
    if (problem_.empty()) return {};
    return tocsin::fail(Error::Kind::LimitExceeded, problem_);
}

void ValuePrinter::write(std::string_view text) {
    if (!problem_.empty()) return;
    if (out_.size() + text.size() > end_max_) {
        problem_ = "text is larger than the limit";
        return;
    }
    out_ += text;
}

void ValuePrinter::fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
}

void ValuePrinter::write_rune(char32_t rune) {
    std::string text;
    append_rune(text, rune);
    write(text);
}

void ValuePrinter::write_padding(std::size_t count) {
    // Zeros go in front only.
    write(std::string(count, flags.zero && !flags.minus ? '0' : ' '));
}

void ValuePrinter::pad(std::string_view text) {
    const std::size_t width = static_cast<std::size_t>(flags.width.value_or(0));
    const std::size_t runes = width == 0 ? 0 : count_runes(text);
    const std::size_t padding = width > runes ? width - runes : 0;
    if (padding == 0) return write(text);
    if (!flags.minus) write_padding(padding);
    write(text);
    if (flags.minus) write_padding(padding);
}

void ValuePrinter::pad_with_blanks(std::string_view text) {
    const bool zero = std::exchange(flags.zero, false);
    pad(text);
    flags.zero = zero;
}

std::string_view ValuePrinter::truncated(std::string_view text) const {
    if (!flags.precision) return text;
    return text.substr(0, bytes_of_runes(text, static_cast<std::size_t>(*flags.precision)));
}

void ValuePrinter::bad_verb(char32_t verb, const Value& value) {
    erroring_ = true;
    write("%!");
    write_rune(verb);
    write('(');
    write(value.type_name());
    if (!value.is_nil()) {
        write('=');
        print(value, 'v');
    }
    write(')');
    erroring_ = false;
}

void ValuePrinter::print(const Value& value, char32_t verb) {
    if (value.is_nil()) {
        if (as_actions_do_) return write("<no value>");
        if (verb == 'T' || verb == 'v') return pad(truncated("<nil>"));
        return bad_verb(verb, Value());
    }
    if (verb == 'T') return pad(truncated(value.type_name()));
    if (verb == 'p') return value.type()->is_pointer ? pad(address_of(value)) : bad_verb(verb, value);
    if (value.type()->append_text != nullptr && print_by_method(value, verb)) return;
    print_value(value, verb, 0);
}

// Of a value with a method String the verbs for texts print what it says.
bool ValuePrinter::print_by_method(const Value& value, char32_t verb) {
    if (erroring_ || flags.sharp_v || !has_verb("vsxXq", verb)) return false;
    std::string text;
    value.type()->append_text(value, text);
    print_text(text, verb, value);
    return true;
}

void ValuePrinter::print_value(const Value& value, char32_t verb, int depth) {
    if (!problem_.empty()) return;
    if (depth > kPrintDepthMax) {
        problem_ = fmt::format("value is nested deeper than {} levels", kPrintDepthMax);
        return;
    }
    if (depth > 0 && !value.is_nil() && value.type()->append_text != nullptr && print_by_method(value, verb)) return;
    switch (value.kind()) {
        case Kind::Nil:
        case Kind::Interface:
            return write(flags.sharp_v ? "interface {}(nil)" : "<nil>");
        case Kind::Bool:
            return print_bool(value.as_bool(), verb, value);
        case Kind::Int:
            return print_integer(static_cast<std::uint64_t>(value.as_int()), true, verb, value);
        case Kind::Uint:
            return print_integer(value.as_uint(), false, verb, value);
        case Kind::Float:
            return print_float(value.as_float(), verb, value);
        case Kind::Complex:
            return print_complex(value.as_complex(), verb, value);
        case Kind::String:
            return print_text(value.as_text(), verb, value);
        case Kind::List:
            return print_list(value, verb, depth);
        case Kind::Map:
            return print_map(value, verb, depth);
        case Kind::Struct:
            if (value.type()->is_pointer && depth > 0) return pad(address_of(value));
            return print_struct(value, verb, depth);
        case Kind::Time:
            return print_time(value, verb);
        case Kind::Location:
            return write(value.as_location().place.name());
    }
}

void ValuePrinter::print_bool(bool value, char32_t verb, const Value& whole) {
    if (!has_verb("tv", verb)) return bad_verb(verb, whole);
    pad(value ? "true" : "false");
}

void ValuePrinter::print_hex_0x(std::uint64_t value) {
    const bool sharp = std::exchange(flags.sharp, true);
    print_digits(value, 16, false, 'v', false);
    flags.sharp = sharp;
}

void ValuePrinter::print_integer(std::uint64_t value, bool is_signed, char32_t verb, const Value& whole) {
    switch (verb) {
        case 'v':
            if (flags.sharp_v && !is_signed) return print_hex_0x(value);
            return print_digits(value, 10, is_signed, verb, false);
        case 'd':
            return print_digits(value, 10, is_signed, verb, false);
        case 'b':
            return print_digits(value, 2, is_signed, verb, false);
        case 'o':
        case 'O':
            return print_digits(value, 8, is_signed, verb, false);
        case 'x':
            return print_digits(value, 16, is_signed, verb, false);
        case 'X':
            return print_digits(value, 16, is_signed, verb, true);
        case 'c': {
            std::string text;
            append_rune(text, value > kRuneMax ? kRuneError : static_cast<char32_t>(value));
            return pad(text);
        }
        case 'q':
            return pad(quote_rune(value > kRuneMax ? kRuneError : static_cast<char32_t>(value), flags.plus));
        case 'U':
            return print_unicode(value);
        default:
            return bad_verb(verb, whole);
    }
}

void ValuePrinter::print_digits(std::uint64_t value, unsigned base, bool is_signed, char32_t verb, bool upper) {
    const bool negative = is_signed && static_cast<std::int64_t>(value) < 0;
    if (negative) value = 0 - value;
    // There are two ways to ask for leading zeros, %.3d and %03d; the precision wins and the rest is padded with
    // blanks.
    std::size_t digits_min = 0;
    if (flags.precision) {
        digits_min = static_cast<std::size_t>(*flags.precision);
        if (digits_min == 0 && value == 0) {
            return pad_with_blanks("");
        }
    } else if (flags.zero && !flags.minus && flags.width) {
        const int sign_room = negative || flags.plus || flags.space ? 1 : 0;
        digits_min = static_cast<std::size_t>(std::max(*flags.width - sign_room, 0));
    }
    std::string digits = in_base(value, base, upper);
    if (digits.size() < digits_min) digits.insert(0, digits_min - digits.size(), '0');
    if (flags.sharp) {
        if (base == 2) digits.insert(0, "0b");
        if (base == 8 && digits[0] != '0') digits.insert(0, "0");
        if (base == 16) digits.insert(0, upper ? "0X" : "0x");
    }
    if (verb == 'O') digits.insert(0, "0o");
    if (negative) {
        digits.insert(0, "-");
    } else if (flags.plus || flags.space) {
        digits.insert(0, flags.plus ? "+" : " ");
    }
    pad_with_blanks(digits);
}

void ValuePrinter::print_unicode(std::uint64_t value) {
    const std::size_t digits_min = static_cast<std::size_t>(std::max(flags.precision.value_or(4), 4));
    std::string text = in_base(value, 16, true);
    if (text.size() < digits_min) text.insert(0, digits_min - text.size(), '0');
    text.insert(0, "U+");
    if (flags.sharp && value <= kRuneMax && is_print(static_cast<char32_t>(value))) {
        text += " '";
        append_rune(text, static_cast<char32_t>(value));
        text += "'";
    }
    pad_with_blanks(text);
}

void ValuePrinter::print_float(double value, char32_t verb, const Value& whole) {
    switch (verb) {
        case 'v':
            return print_float_as(value, 'g', -1);
        case 'b':
        case 'g':
        case 'G':
        case 'x':
        case 'X':
            return print_float_as(value, static_cast<char>(verb), -1);
        case 'e':
        case 'E':
        case 'f':
            return print_float_as(value, static_cast<char>(verb), 6);
        case 'F':
            return print_float_as(value, 'f', 6);
        default:
            return bad_verb(verb, whole);
    }
}

void ValuePrinter::print_float_as(double value, char verb, int precision) {
    if (flags.precision) precision = *flags.precision;
    std::string number = format_float(value, verb, precision);
    if (number[0] != '-' && number[0] != '+') number.insert(0, "+");
    if (flags.space && number[0] == '+' && !flags.plus) number[0] = ' ';
    if (!std::isfinite(value)) {
        const bool hide_sign = std::isnan(value) && !flags.space && !flags.plus;
        return pad_with_blanks(std::string_view(number).substr(hide_sign ? 1 : 0));
    }
    if (flags.sharp && verb != 'b') number = with_decimal_point(std::move(number), verb, precision);
    if (!flags.plus && number[0] == '+') return pad(std::string_view(number).substr(1));
    const std::size_t width = static_cast<std::size_t>(flags.width.value_or(0));
    if (flags.zero && !flags.minus && width > number.size()) {
        write(number[0]);
        write_padding(width - number.size());
        return write(std::string_view(number).substr(1));
    }
    pad(number);
}

void ValuePrinter::print_complex(std::complex<double> value, char32_t verb, const Value& whole) {
    if (!has_verb("vbgGxXfFeE", verb)) return bad_verb(verb, whole);
    const bool plus = flags.plus;
    write('(');
    print_float(value.real(), verb, whole);
    flags.plus = true;
    print_float(value.imag(), verb, whole);
    write("i)");
    flags.plus = plus;
}

void ValuePrinter::print_text(std::string_view text, char32_t verb, const Value& whole) {
    switch (verb) {
        case 'v':
            return flags.sharp_v ? print_quoted(text) : pad(truncated(text));
        case 's':
            return pad(truncated(text));
        case 'x':
        case 'X':
            return print_hex(text, verb == 'X');
        case 'q':
            return print_quoted(text);
        default:
            return bad_verb(verb, whole);
    }
}

void ValuePrinter::print_quoted(std::string_view text) {
    text = truncated(text);
    if (flags.sharp && can_backquote(text)) return pad(fmt::format("`{}`", text));
    pad(flags.plus ? quote_ascii(text) : go_quote(text));
}

void ValuePrinter::print_hex(std::string_view text, bool upper) {
    if (flags.precision) text = text.substr(0, static_cast<std::size_t>(*flags.precision));
    const std::string_view prefix = upper ? "0X" : "0x";
    const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string hex;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i > 0 && flags.space) hex += ' ';
        if (flags.sharp && (i == 0 || flags.space)) hex += prefix;
        const auto c = static_cast<unsigned char>(text[i]);
        hex += digits[c >> 4];
        hex += digits[c & 0xF];
    }
    pad(hex);
}

void ValuePrinter::print_list(const Value& value, char32_t verb, int depth) {
    if (flags.sharp_v) write(value.type_name());
    write(flags.sharp_v ? '{' : '[');
    bool first = true;
    for (const Value& item : value.as_list()) {
        if (!first) write(flags.sharp_v ? ", " : " ");
        first = false;
        print_value(item, verb, depth + 1);
    }
    write(flags.sharp_v ? '}' : ']');
}

void ValuePrinter::print_map(const Value& value, char32_t verb, int depth) {
    if (flags.sharp_v) write(value.type_name());
    write(flags.sharp_v ? "{" : "map[");
    bool first = true;
    value.as_map().for_each([&](std::string_view key, const Value& item) {
        if (!first) write(flags.sharp_v ? ", " : " ");
        first = false;
        print_text(key, verb, Value::text(key));
        write(':');
        print_value(item, verb, depth + 1);
    });
    write(flags.sharp_v ? '}' : ']');
}

void ValuePrinter::print_struct(const Value& value, char32_t verb, int depth) {
    std::string_view name = value.type_name();
    if (value.type()->is_pointer) {
        if (!as_actions_do_) write('&');
        name.remove_prefix(1);
    }
    if (flags.sharp_v) write(name);
    write('{');
    Arena arena;
    bool first = true;
    for (const Field& field : value.type()->fields) {
        const Value item = field.get(value.as_object(), arena);
        if (field.omit_empty && !is_true(item)) continue;
        if (!first) write(flags.sharp_v ? ", " : " ");
        first = false;
        if (flags.plus_v || flags.sharp_v) write(fmt::format("{}:", field.name));
        print_value(item, verb, depth + 1);
    }
    write('}');
}

// A time.Time has no exported fields; what Go shows of its inside for the verbs that ask for it is not worth repeating.
void ValuePrinter::print_time(const Value& value, char32_t verb) {
    if (has_verb("vsxXq", verb)) return print_text(value.as_time().to_string(), verb, value);
    bad_verb(verb, Value::text(value.as_time().to_string()));
}

}  // namespace tocsin::templates
