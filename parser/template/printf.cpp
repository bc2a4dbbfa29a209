#include "parser/template/printf.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "parser/template/unicode.h"
#include "parser/template/value_printer.h"

namespace tocsin::templates {
namespace {

constexpr int kNumberMax = 1'000'000;  // Go takes no longer width, precision or index

/// Reads a format and has the arguments that it names printed.
class FormatReader {
public:
    FormatReader(std::string_view format, int width_max, ValuePrinter& printer)
        : format_(format), width_max_(width_max), printer_(printer) {}

    void print(std::span<const Value> values);

private:
    void read_flags();
    std::size_t argument_number(std::size_t current, std::size_t count);
    std::optional<int> parse_number(std::size_t end);
    std::optional<int> number_argument(std::span<const Value> values, std::size_t& index);
    void read_width(std::span<const Value> values, std::size_t& index);
    void read_precision(std::span<const Value> values, std::size_t& index);
    void check_size(int size);
    void print_verb(char32_t verb, std::span<const Value> values, std::size_t& index);
    void print_extra(std::span<const Value> values);

    std::string_view format_;
    int width_max_;
    ValuePrinter& printer_;
    FormatFlags flags_;
    std::size_t at_ = 0;
    bool reordered_ = false;     // the format picks arguments by number: extra ones are no mistake
    bool good_number_ = true;    // the number picked was one of an argument
    bool after_number_ = false;  // the last thing read was such a number
};

// A number in the format, up to `end`; nothing when there is none.
std::optional<int> FormatReader::parse_number(std::size_t end) {
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
std::size_t FormatReader::argument_number(std::size_t current, std::size_t count) {
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
    if (whole && *number >= 1 && static_cast<std::size_t>(*number) <= count)
        return static_cast<std::size_t>(*number) - 1;
    good_number_ = false;
    return current;
}

std::optional<int> FormatReader::number_argument(std::span<const Value> values, std::size_t& index) {
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

void FormatReader::check_size(int size) {
    if (size > width_max_)
        printer_.fail(fmt::format("width or precision {} is larger than the limit of {}", size, width_max_));
}

void FormatReader::read_width(std::span<const Value> values, std::size_t& index) {
    if (at_ < format_.size() && format_[at_] == '*') {
        ++at_;
        flags_.width = number_argument(values, index);
        if (!flags_.width) printer_.write("%!(BADWIDTH)");
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

void FormatReader::read_precision(std::span<const Value> values, std::size_t& index) {
    if (at_ >= format_.size() || format_[at_] != '.') return;
    ++at_;
    if (after_number_) good_number_ = false;  // %[3].2d
    index = argument_number(index, values.size());
    if (at_ < format_.size() && format_[at_] == '*') {
        ++at_;
        flags_.precision = number_argument(values, index);
        if (flags_.precision && *flags_.precision < 0) flags_.precision.reset();
        if (!flags_.precision) printer_.write("%!(BADPREC)");
        after_number_ = false;
    } else {
        flags_.precision = parse_number(format_.size()).value_or(0);
    }
    check_size(flags_.precision.value_or(0));
}

void FormatReader::print_verb(char32_t verb, std::span<const Value> values, std::size_t& index) {
    const auto complain = [&](std::string_view what) {
        printer_.write("%!");
        printer_.write_rune(verb);
        printer_.write(what);
    };
    if (verb == '%') return printer_.write('%');
    if (!good_number_) return complain("(BADINDEX)");
    if (index >= values.size()) return complain("(MISSING)");
    if (verb == 'v') {
        flags_.sharp_v = std::exchange(flags_.sharp, false);
        flags_.plus_v = std::exchange(flags_.plus, false);
    }
    printer_.flags = flags_;
    printer_.print(values[index++], verb);
}

void FormatReader::print_extra(std::span<const Value> values) {
    printer_.flags = {};
    printer_.write("%!(EXTRA ");
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0) printer_.write(", ");
        printer_.write(values[i].is_nil() ? "<nil>" : values[i].type_name());
        if (values[i].is_nil()) continue;
        printer_.write('=');
        printer_.print(values[i], 'v');
    }
    printer_.write(')');
}

void FormatReader::read_flags() {
    for (; at_ < format_.size(); ++at_) {
        switch (format_[at_]) {
            case '#':
                flags_.sharp = true;
                break;
            case '0':
                flags_.zero = true;
                break;
            case '+':
                flags_.plus = true;
                break;
            case '-':
                flags_.minus = true;
                break;
            case ' ':
                flags_.space = true;
                break;
            default:
                return;
        }
    }
}

void FormatReader::print(std::span<const Value> values) {
    std::size_t index = 0;
    while (at_ < format_.size() && !printer_.failed()) {
        const std::size_t percent = std::min(format_.find('%', at_), format_.size());
        printer_.write(format_.substr(at_, percent - at_));
        at_ = percent + 1;
        if (percent == format_.size()) break;
        flags_ = {};
        good_number_ = true;
        read_flags();
        index = argument_number(index, values.size());
        read_width(values, index);
        read_precision(values, index);
        if (!after_number_) index = argument_number(index, values.size());
        if (at_ >= format_.size()) {
            printer_.write("%!(NOVERB)");
            break;
        }
        const Rune verb = first_rune(format_.substr(at_));
        at_ += verb.bytes;
        print_verb(verb.value, values, index);
    }
    if (!reordered_ && index < values.size()) print_extra(values.subspan(index));
}

void print_all(ValuePrinter& printer, std::span<const Value> values) {
    bool text_before = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const bool is_text = values[i].kind() == Kind::String;
        if (i > 0 && !is_text && !text_before) printer.write(' ');
        printer.print(values[i], 'v');
        text_before = is_text;
    }
}

}  // namespace

Status append_print(std::string& out, std::span<const Value> values, std::size_t bytes_max) {
    ValuePrinter printer(out, bytes_max);
    print_all(printer, values);
    return printer.status();
}

Status append_printable(std::string& out, std::span<const Value> values, std::size_t bytes_max) {
    ValuePrinter printer(out, bytes_max);
    printer.print_as_actions_do();
    print_all(printer, values);
    return printer.status();
}

Status append_println(std::string& out, std::span<const Value> values, std::size_t bytes_max) {
    ValuePrinter printer(out, bytes_max);
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0) printer.write(' ');
        printer.print(values[i], 'v');
    }
    printer.write('\n');
    return printer.status();
}

Status append_printf(std::string& out, std::string_view format, std::span<const Value> values, std::size_t bytes_max,
                     int width_max) {
    ValuePrinter printer(out, bytes_max);
    FormatReader(format, width_max, printer).print(values);
    return printer.status();
}

}  // namespace tocsin::templates
