#include "parser/template/printf.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/types.h"
#include "parser/template/unicode.h"

namespace tocsin::templates {
namespace {

// A list that was put into itself again and again would be printed for ever, or overflow the stack.
constexpr int kDepthMax = 100;
constexpr int kNumberMax = 1'000'000;  // Go takes no longer width, precision or index

struct Flags {
    bool plus = false, minus = false, sharp = false, space = false, zero = false;
    bool plus_v = false;   // %+v: names of fields
    bool sharp_v = false;  // %#v: Go syntax
    std::optional<int> width;
    std::optional<int> precision;
};

bool contains(std::string_view verbs, char32_t verb) {
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

class Formatter {
public:
    Formatter(std::string& out, std::size_t bytes_max) : out_(out), end_max_(out.size() + bytes_max) {}

    void set_width_max(int width_max) { width_max_ = width_max; }
    void print_as_actions_do() { as_actions_do_ = true; }
    void print(std::span<const Value> values);
    void print_line(std::span<const Value> values);
    void print_format(std::string_view format, std::span<const Value> values);
    Status status() const;

private:
    void write(std::string_view text);
    void write(char c) { write(std::string_view(&c, 1)); }
    void write_rune(char32_t rune);
    void write_padding(std::size_t count);
    void pad(std::string_view text);
    std::string_view truncated(std::string_view text) const;

    void print_argument(const Value& value, char32_t verb);
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

    std::size_t argument_number(std::size_t current, std::size_t count);
    std::optional<int> parse_number(std::size_t end);
    std::optional<int> number_argument(std::span<const Value> values, std::size_t& index);
    void read_width(std::span<const Value> values, std::size_t& index);
    void read_precision(std::span<const Value> values, std::size_t& index);
    void check_size(int size);
    void print_verb(char32_t verb, std::span<const Value> values, std::size_t& index);
    void print_extra(std::span<const Value> values);

    std::string& out_;
    std::size_t end_max_;
    int width_max_ = kNumberMax;
    Flags flags_;
    bool as_actions_do_ = false;
    bool erroring_ = false;  // inside of %!d(…): methods are not asked again
    std::string problem_;

    std::string_view format_;
    std::size_t at_ = 0;
    bool reordered_ = false;       // the format picks arguments by number: extra ones are no mistake
    bool good_number_ = true;      // the number picked was one of an argument
    bool after_number_ = false;    // the last thing read was such a number
};

Status Formatter::status() const {
    if (problem_.empty()) return {};
    return fail(Error::Kind::LimitExceeded, problem_);
}

void Formatter::write(std::string_view text) {
    if (!problem_.empty()) return;
    if (out_.size() + text.size() > end_max_) {
        problem_ = "text is larger than the limit";
        return;
    }
    out_ += text;
}

void Formatter::write_rune(char32_t rune) {
    std::string text;
    append_rune(text, rune);
    write(text);
}

void Formatter::write_padding(std::size_t count) {
    // Zeros go in front only.
    write(std::string(count, flags_.zero && !flags_.minus ? '0' : ' '));
}

void Formatter::pad(std::string_view text) {
    const std::size_t width = static_cast<std::size_t>(flags_.width.value_or(0));
    const std::size_t runes = width == 0 ? 0 : count_runes(text);
    const std::size_t padding = width > runes ? width - runes : 0;
    if (padding == 0) return write(text);
    if (!flags_.minus) write_padding(padding);
    write(text);
    if (flags_.minus) write_padding(padding);
}

std::string_view Formatter::truncated(std::string_view text) const {
    if (!flags_.precision) return text;
    return text.substr(0, bytes_of_runes(text, static_cast<std::size_t>(*flags_.precision)));
}

void Formatter::print(std::span<const Value> values) {
    bool text_before = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const bool is_text = values[i].kind() == Kind::String;
        if (i > 0 && !is_text && !text_before) write(' ');
        print_argument(values[i], 'v');
        text_before = is_text;
    }
}

void Formatter::print_line(std::span<const Value> values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0) write(' ');
        print_argument(values[i], 'v');
    }
    write('\n');
}

void Formatter::bad_verb(char32_t verb, const Value& value) {
    erroring_ = true;
    write("%!");
    write_rune(verb);
    write('(');
    write(value.type_name());
    if (!value.is_nil()) {
        write('=');
        print_argument(value, 'v');
    }
    write(')');
    erroring_ = false;
}

void Formatter::print_argument(const Value& value, char32_t verb) {
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
bool Formatter::print_by_method(const Value& value, char32_t verb) {
    if (erroring_ || flags_.sharp_v || !contains("vsxXq", verb)) return false;
    std::string text;
    value.type()->append_text(value, text);
    print_text(text, verb, value);
    return true;
}

void Formatter::print_value(const Value& value, char32_t verb, int depth) {
    if (!problem_.empty()) return;
    if (depth > kDepthMax) {
        problem_ = fmt::format("value is nested deeper than {} levels", kDepthMax);
        return;
    }
    if (depth > 0 && !value.is_nil() && value.type()->append_text != nullptr && print_by_method(value, verb)) return;
    switch (value.kind()) {
        case Kind::Nil:
        case Kind::Interface: return write(flags_.sharp_v ? "interface {}(nil)" : "<nil>");
        case Kind::Bool: return print_bool(value.as_bool(), verb, value);
        case Kind::Int: return print_integer(static_cast<std::uint64_t>(value.as_int()), true, verb, value);
        case Kind::Uint: return print_integer(value.as_uint(), false, verb, value);
        case Kind::Float: return print_float(value.as_float(), verb, value);
        case Kind::Complex: return print_complex(value.as_complex(), verb, value);
        case Kind::String: return print_text(value.as_text(), verb, value);
        case Kind::List: return print_list(value, verb, depth);
        case Kind::Map: return print_map(value, verb, depth);
        case Kind::Struct:
            if (value.type()->is_pointer && depth > 0) return pad(address_of(value));
            return print_struct(value, verb, depth);
        case Kind::Time: return print_time(value, verb);
        case Kind::Location: return write(value.as_location().place.name());
    }
}

void Formatter::print_bool(bool value, char32_t verb, const Value& whole) {
    if (!contains("tv", verb)) return bad_verb(verb, whole);
    pad(value ? "true" : "false");
}

void Formatter::print_hex_0x(std::uint64_t value) {
    const bool sharp = std::exchange(flags_.sharp, true);
    print_digits(value, 16, false, 'v', false);
    flags_.sharp = sharp;
}

void Formatter::print_integer(std::uint64_t value, bool is_signed, char32_t verb, const Value& whole) {
    switch (verb) {
        case 'v':
            if (flags_.sharp_v && !is_signed) return print_hex_0x(value);
            return print_digits(value, 10, is_signed, verb, false);
        case 'd': return print_digits(value, 10, is_signed, verb, false);
        case 'b': return print_digits(value, 2, is_signed, verb, false);
        case 'o':
        case 'O': return print_digits(value, 8, is_signed, verb, false);
        case 'x': return print_digits(value, 16, is_signed, verb, false);
        case 'X': return print_digits(value, 16, is_signed, verb, true);
        case 'c': {
            std::string text;
            append_rune(text, value > kRuneMax ? kRuneError : static_cast<char32_t>(value));
            return pad(text);
        }
        case 'q': return pad(quote_rune(value > kRuneMax ? kRuneError : static_cast<char32_t>(value), flags_.plus));
        case 'U': return print_unicode(value);
        default: return bad_verb(verb, whole);
    }
}

void Formatter::print_digits(std::uint64_t value, unsigned base, bool is_signed, char32_t verb, bool upper) {
    const bool negative = is_signed && static_cast<std::int64_t>(value) < 0;
    if (negative) value = 0 - value;
    // There are two ways to ask for leading zeros, %.3d and %03d; the precision wins and the rest is padded with blanks.
    std::size_t digits_min = 0;
    if (flags_.precision) {
        digits_min = static_cast<std::size_t>(*flags_.precision);
        if (digits_min == 0 && value == 0) {
            const bool zero = std::exchange(flags_.zero, false);
            write_padding(static_cast<std::size_t>(flags_.width.value_or(0)));
            flags_.zero = zero;
            return;
        }
    } else if (flags_.zero && !flags_.minus && flags_.width) {
        const int sign_room = negative || flags_.plus || flags_.space ? 1 : 0;
        digits_min = static_cast<std::size_t>(std::max(*flags_.width - sign_room, 0));
    }
    std::string digits = in_base(value, base, upper);
    if (digits.size() < digits_min) digits.insert(0, digits_min - digits.size(), '0');
    if (flags_.sharp) {
        if (base == 2) digits.insert(0, "0b");
        if (base == 8 && digits[0] != '0') digits.insert(0, "0");
        if (base == 16) digits.insert(0, upper ? "0X" : "0x");
    }
    if (verb == 'O') digits.insert(0, "0o");
    if (negative) {
        digits.insert(0, "-");
    } else if (flags_.plus || flags_.space) {
        digits.insert(0, flags_.plus ? "+" : " ");
    }
    const bool zero = std::exchange(flags_.zero, false);
    pad(digits);
    flags_.zero = zero;
}

void Formatter::print_unicode(std::uint64_t value) {
    const std::size_t digits_min = static_cast<std::size_t>(std::max(flags_.precision.value_or(4), 4));
    std::string text = in_base(value, 16, true);
    if (text.size() < digits_min) text.insert(0, digits_min - text.size(), '0');
    text.insert(0, "U+");
    if (flags_.sharp && value <= kRuneMax && is_print(static_cast<char32_t>(value))) {
        text += " '";
        append_rune(text, static_cast<char32_t>(value));
        text += "'";
    }
    const bool zero = std::exchange(flags_.zero, false);
    pad(text);
    flags_.zero = zero;
}

void Formatter::print_float(double value, char32_t verb, const Value& whole) {
    switch (verb) {
        case 'v': return print_float_as(value, 'g', -1);
        case 'b':
        case 'g':
        case 'G':
        case 'x':
        case 'X': return print_float_as(value, static_cast<char>(verb), -1);
        case 'e':
        case 'E':
        case 'f': return print_float_as(value, static_cast<char>(verb), 6);
        case 'F': return print_float_as(value, 'f', 6);
        default: return bad_verb(verb, whole);
    }
}

// The flag # keeps the decimal point, and of %g the trailing zeros.
std::string with_decimal_point(std::string number, char verb, int precision) {
    int digits = 0;
    if (contains("gG", static_cast<char32_t>(verb))) digits = precision < 0 ? 6 : precision;
    if (contains("xX", static_cast<char32_t>(verb))) digits = precision < 0 ? 6 : precision;
    const std::size_t tail_at =
        verb == 'x' || verb == 'X' ? number.find_first_of("pP") : number.find_first_of("eEpP");
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

void Formatter::print_float_as(double value, char verb, int precision) {
    if (flags_.precision) precision = *flags_.precision;
    std::string number = format_float(value, verb, precision);
    if (number[0] != '-' && number[0] != '+') number.insert(0, "+");
    if (flags_.space && number[0] == '+' && !flags_.plus) number[0] = ' ';
    if (!std::isfinite(value)) {
        const bool zero = std::exchange(flags_.zero, false);
        const bool hide_sign = std::isnan(value) && !flags_.space && !flags_.plus;
        pad(hide_sign ? std::string_view(number).substr(1) : std::string_view(number));
        flags_.zero = zero;
        return;
    }
    if (flags_.sharp && verb != 'b') number = with_decimal_point(std::move(number), verb, precision);
    if (!flags_.plus && number[0] == '+') return pad(std::string_view(number).substr(1));
    const std::size_t width = static_cast<std::size_t>(flags_.width.value_or(0));
    if (flags_.zero && !flags_.minus && width > number.size()) {
        write(number[0]);
        write_padding(width - number.size());
        return write(std::string_view(number).substr(1));
    }
    pad(number);
}

void Formatter::print_complex(std::complex<double> value, char32_t verb, const Value& whole) {
    if (!contains("vbgGxXfFeE", verb)) return bad_verb(verb, whole);
    const bool plus = flags_.plus;
    write('(');
    print_float(value.real(), verb, whole);
    flags_.plus = true;
    print_float(value.imag(), verb, whole);
    write("i)");
    flags_.plus = plus;
}

void Formatter::print_text(std::string_view text, char32_t verb, const Value& whole) {
    switch (verb) {
        case 'v': return flags_.sharp_v ? print_quoted(text) : pad(truncated(text));
        case 's': return pad(truncated(text));
        case 'x':
        case 'X': return print_hex(text, verb == 'X');
        case 'q': return print_quoted(text);
        default: return bad_verb(verb, whole);
    }
}

void Formatter::print_quoted(std::string_view text) {
    text = truncated(text);
    if (flags_.sharp && can_backquote(text)) return pad(fmt::format("`{}`", text));
    pad(flags_.plus ? quote_ascii(text) : go_quote(text));
}

void Formatter::print_hex(std::string_view text, bool upper) {
    if (flags_.precision) text = text.substr(0, static_cast<std::size_t>(*flags_.precision));
    const std::string_view prefix = upper ? "0X" : "0x";
    const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    std::string hex;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i > 0 && flags_.space) hex += ' ';
        if (flags_.sharp && (i == 0 || flags_.space)) hex += prefix;
        const auto c = static_cast<unsigned char>(text[i]);
        hex += digits[c >> 4];
        hex += digits[c & 0xF];
    }
    pad(hex);
}

void Formatter::print_list(const Value& value, char32_t verb, int depth) {
    if (flags_.sharp_v) write(value.type_name());
    write(flags_.sharp_v ? '{' : '[');
    bool first = true;
    for (const Value& item : value.as_list()) {
        if (!first) write(flags_.sharp_v ? ", " : " ");
        first = false;
        print_value(item, verb, depth + 1);
    }
    write(flags_.sharp_v ? '}' : ']');
}

void Formatter::print_map(const Value& value, char32_t verb, int depth) {
    if (flags_.sharp_v) write(value.type_name());
    write(flags_.sharp_v ? "{" : "map[");
    bool first = true;
    value.as_map().for_each([&](std::string_view key, const Value& item) {
        if (!first) write(flags_.sharp_v ? ", " : " ");
        first = false;
        print_text(key, verb, Value::text(key));
        write(':');
        print_value(item, verb, depth + 1);
    });
    write(flags_.sharp_v ? '}' : ']');
}

void Formatter::print_struct(const Value& value, char32_t verb, int depth) {
    std::string_view name = value.type_name();
    if (value.type()->is_pointer) {
        if (!as_actions_do_) write('&');
        name.remove_prefix(1);
    }
    if (flags_.sharp_v) write(name);
    write('{');
    Arena arena;
    bool first = true;
    for (const Field& field : value.type()->fields) {
        const Value item = field.get(value.as_object(), arena);
        if (field.omit_empty && !is_true(item)) continue;
        if (!first) write(flags_.sharp_v ? ", " : " ");
        first = false;
        if (flags_.plus_v || flags_.sharp_v) write(fmt::format("{}:", field.name));
        print_value(item, verb, depth + 1);
    }
    write('}');
}

// A time.Time has no exported fields; what Go shows of its inside for the verbs that ask for it is not worth repeating.
void Formatter::print_time(const Value& value, char32_t verb) {
    if (contains("vsxXq", verb)) return print_text(value.as_time().to_string(), verb, value);
    bad_verb(verb, Value::text(value.as_time().to_string()));
}

// A number in the format, up to `end`; nothing when there is none.
std::optional<int> Formatter::parse_number(std::size_t end) {
    std::optional<int> number;
    while (at_ < end && format_[at_] >= '0' && format_[at_] <= '9') {
        const int next = number.value_or(0) * 10 + (format_[at_] - '0');
        if (next > kNumberMax) {
            at_ = end;
            return std::nullopt;
        }
        number = next;
        ++at_;
    }
    return number;
}

// `[3]` picks the argument that is meant.
std::size_t Formatter::argument_number(std::size_t current, std::size_t count) {
    after_number_ = false;
    if (at_ >= format_.size() || format_[at_] != '[') return current;
    reordered_ = true;
    const std::size_t begin = at_;
    const std::size_t close = format_.find(']', begin);
    if (close == std::string_view::npos || format_.size() - begin < 3) {
        good_number_ = false;
        at_ = begin + 1;
        return current;
    }
    at_ = begin + 1;
    const auto number = parse_number(close);
    const bool whole = number && at_ == close;
    at_ = close + 1;
    after_number_ = whole;
    if (whole && *number >= 1 && static_cast<std::size_t>(*number) <= count) return static_cast<std::size_t>(*number) - 1;
    good_number_ = false;
    return current;
}

std::optional<int> Formatter::number_argument(std::span<const Value> values, std::size_t& index) {
    if (index >= values.size()) return std::nullopt;
    const Value& value = values[index++];
    std::int64_t number = 0;
    if (value.kind() == Kind::Int) {
        number = value.as_int();
    } else if (value.kind() == Kind::Uint && value.as_uint() <= kNumberMax) {
        number = static_cast<std::int64_t>(value.as_uint());
    } else {
        return std::nullopt;
    }
    if (number > kNumberMax || number < -kNumberMax) return std::nullopt;
    return static_cast<int>(number);
}

void Formatter::check_size(int size) {
    if (size > width_max_ && problem_.empty()) {
        problem_ = fmt::format("width or precision {} is larger than the limit of {}", size, width_max_);
    }
}

void Formatter::read_width(std::span<const Value> values, std::size_t& index) {
    if (at_ < format_.size() && format_[at_] == '*') {
        ++at_;
        flags_.width = number_argument(values, index);
        if (!flags_.width) write("%!(BADWIDTH)");
        if (flags_.width && *flags_.width < 0) {
            flags_.width = -*flags_.width;
            flags_.minus = true;
            flags_.zero = false;
        }
        after_number_ = false;
    } else {
        flags_.width = parse_number(format_.size());
        if (after_number_ && flags_.width) good_number_ = false;  // %[3]2d
    }
    check_size(flags_.width.value_or(0));
}

void Formatter::read_precision(std::span<const Value> values, std::size_t& index) {
    if (at_ >= format_.size() || format_[at_] != '.') return;
    ++at_;
    if (after_number_) good_number_ = false;  // %[3].2d
    index = argument_number(index, values.size());
    if (at_ < format_.size() && format_[at_] == '*') {
        ++at_;
        flags_.precision = number_argument(values, index);
        if (flags_.precision && *flags_.precision < 0) flags_.precision.reset();
        if (!flags_.precision) write("%!(BADPREC)");
        after_number_ = false;
    } else {
        flags_.precision = parse_number(format_.size()).value_or(0);
    }
    check_size(flags_.precision.value_or(0));
}

void Formatter::print_verb(char32_t verb, std::span<const Value> values, std::size_t& index) {
    const auto complain = [&](std::string_view what) {
        write("%!");
        write_rune(verb);
        write(what);
    };
    if (verb == '%') return write('%');
    if (!good_number_) return complain("(BADINDEX)");
    if (index >= values.size()) return complain("(MISSING)");
    if (verb == 'v') {
        flags_.sharp_v = std::exchange(flags_.sharp, false);
        flags_.plus_v = std::exchange(flags_.plus, false);
    }
    print_argument(values[index++], verb);
}

void Formatter::print_extra(std::span<const Value> values) {
    flags_ = {};
    write("%!(EXTRA ");
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0) write(", ");
        write(values[i].is_nil() ? "<nil>" : values[i].type_name());
        if (values[i].is_nil()) continue;
        write('=');
        print_argument(values[i], 'v');
    }
    write(')');
}

void Formatter::print_format(std::string_view format, std::span<const Value> values) {
    format_ = format;
    std::size_t index = 0;
    while (at_ < format.size() && problem_.empty()) {
        const std::size_t percent = std::min(format.find('%', at_), format.size());
        write(format.substr(at_, percent - at_));
        at_ = percent + 1;
        if (percent == format.size()) break;
        flags_ = {};
        good_number_ = true;
        for (; at_ < format.size() && contains("#0+- ", static_cast<unsigned char>(format[at_])); ++at_) {
            switch (format[at_]) {
                case '#': flags_.sharp = true; break;
                case '0': flags_.zero = true; break;
                case '+': flags_.plus = true; break;
                case '-': flags_.minus = true; break;
                default: flags_.space = true;
            }
        }
        index = argument_number(index, values.size());
        read_width(values, index);
        read_precision(values, index);
        if (!after_number_) index = argument_number(index, values.size());
        if (at_ >= format.size()) {
            write("%!(NOVERB)");
            break;
        }
        const Rune verb = first_rune(format.substr(at_));
        at_ += verb.bytes;
        print_verb(verb.value, values, index);
    }
    if (!reordered_ && index < values.size()) print_extra(values.subspan(index));
}

}  // namespace

Status append_print(std::string& out, std::span<const Value> values, std::size_t bytes_max) {
    Formatter formatter(out, bytes_max);
    formatter.print(values);
    return formatter.status();
}

Status append_printable(std::string& out, std::span<const Value> values, std::size_t bytes_max) {
    Formatter formatter(out, bytes_max);
    formatter.print_as_actions_do();
    formatter.print(values);
    return formatter.status();
}

Status append_println(std::string& out, std::span<const Value> values, std::size_t bytes_max) {
    Formatter formatter(out, bytes_max);
    formatter.print_line(values);
    return formatter.status();
}

Status append_printf(std::string& out, std::string_view format, std::span<const Value> values, std::size_t bytes_max,
                     int width_max) {
    Formatter formatter(out, bytes_max);
    formatter.set_width_max(width_max);
    formatter.print_format(format, values);
    return formatter.status();
}

}  // namespace tocsin::templates
