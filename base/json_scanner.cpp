#include "base/json_scanner.h"

#include <charconv>
#include <cstdint>
#include <system_error>

#include "base/text.h"

namespace tocsin {
namespace {

bool ends_plain_part(char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

/// What `\c` stands for; 0 when it stands for nothing, or for a code.
char meaning_of_escape(char c) {
    switch (c) {
        case '"':
        case '\\':
        case '/':
            return c;
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return 0;
    }
}

}  // namespace

JsonScanner::JsonScanner(std::string_view text)
    : at_(text.data()), end_(text.data() + text.size()), unescaped_max_(text.size()) {
    if (!is_valid_utf8(text)) end_ = at_;
}

void JsonScanner::skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
}

bool JsonScanner::take(char punctuation) {
    skip_blanks();
    if (at_ == end_ || *at_ != punctuation) return false;
    ++at_;
    return true;
}

bool JsonScanner::at_end() {
    skip_blanks();
    return at_ == end_;
}

std::optional<std::string_view> JsonScanner::string() {
    if (!take('"')) return std::nullopt;
    const char* const begin = at_;
    while (at_ != end_ && !ends_plain_part(*at_)) ++at_;
    if (at_ == end_ || *at_ != '"') return unescaped_string(begin);
    return std::string_view(begin, static_cast<std::size_t>(at_++ - begin));
}

// What is unescaped is shorter than what it was written as, so all of it has room in as many bytes as the text has.
std::optional<std::string_view> JsonScanner::unescaped_string(const char* begin) {
    unescaped_.reserve(unescaped_max_);
    const std::size_t first = unescaped_.size();
    while (at_ != end_) {
        unescaped_.append(begin, static_cast<std::size_t>(at_ - begin));
        if (*at_ == '"') {
            ++at_;
            return std::string_view(unescaped_).substr(first);
        }
        if (*at_++ != '\\' || !unescape()) return std::nullopt;
        begin = at_;
        while (at_ != end_ && !ends_plain_part(*at_)) ++at_;
    }
    return std::nullopt;
}

bool JsonScanner::unescape() {
    if (at_ == end_) return false;
    const char c = *at_++;
    if (c == 'u') return unescape_code();
    const char meant = meaning_of_escape(c);
    if (meant != 0) unescaped_ += meant;
    return meant != 0;
}

bool JsonScanner::unescape_code() {
    constexpr std::ptrdiff_t kDigits = 4;
    if (end_ - at_ < kDigits) return false;
    std::uint16_t code = 0;
    const auto [stopped, error] = std::from_chars(at_, at_ + kDigits, code, 16);
    if (error != std::errc{} || stopped != at_ + kDigits) return false;
    if (code >= 0xD800 && code <= 0xDFFF) return false;
    at_ += kDigits;
    append_utf8(unescaped_, code);
    return true;
}

}  // namespace tocsin
