#include "base/yaml_source.h"

#include <algorithm>
#include <array>

namespace tocsin {
namespace {

/// The length of the UTF-8 sequence at `at`, and whether YAML allows its character; 0 when it is not UTF-8.
struct Character {
    std::size_t length;
    bool printable;
};

Character read_character(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) return {1, lead >= 0x20 ? lead != 0x7F : lead == '\t' || lead == '\n' || lead == '\r'};
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4) return {0, false};
    unsigned code_point = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return {0, false};
        code_point = code_point << 6 | (byte(i) & 0x3FU);
    }
    constexpr std::array<unsigned, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    if (code_point < kSmallest[length] || code_point > 0x10FFFF || surrogate) return {0, false};
    const bool control = code_point < 0xA0 && code_point != 0x85;
    return {length, !control && code_point != 0xFFFE && code_point != 0xFFFF};
}

}  // namespace

YamlSource::YamlSource(std::string_view text, std::string_view file) : text_(text), file_(file), lines_{0} {
    for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
        lines_.push_back(at + 1);
    }
}

std::pair<std::size_t, std::size_t> YamlSource::position(std::size_t offset) const {
    const auto next = std::upper_bound(lines_.begin(), lines_.end(), offset);
    return {static_cast<std::size_t>(next - lines_.begin()), offset - *std::prev(next) + 1};
}

SourceRange YamlSource::range(std::size_t begin, std::size_t end) const {
    const auto [line, column] = position(begin);
    const auto [end_line, end_column] = position(std::max(begin, end));
    return {line, column, end_line, end_column};
}

std::string_view YamlSource::line_at(std::size_t offset) const {
    const std::size_t begin = lines_[position(offset).first - 1];
    return text_.substr(begin, text_.find('\n', begin) - begin);
}

std::size_t YamlSource::skip_blanks_and_comments(std::size_t at) const {
    while (true) {
        at = std::min(text_.find_first_not_of(" \t\r\n", at), text_.size());
        if (at == text_.size() || text_[at] != '#') return at;
        at = std::min(text_.find('\n', at), text_.size());
    }
}

Diagnostic YamlSource::problem(SourceRange where, std::string message, std::string hint) const {
    Diagnostic found;
    found.file = std::string(file_);
    found.where = where;
    found.message = std::move(message);
    found.hint = std::move(hint);
    return found;
}

std::optional<Diagnostic> YamlSource::find_unreadable() const {
    for (std::size_t at = 0; at < text_.size();) {
        const Character character = read_character(text_, at);
        if (character.length == 0) return problem(range(at, at + 1), "invalid UTF-8");
        if (!character.printable) {
            return problem(range(at, at + character.length), "control characters are not allowed");
        }
        at += character.length;
    }
    return std::nullopt;
}

}  // namespace tocsin
