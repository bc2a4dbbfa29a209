#include "base/timed_table.h"

#include <charconv>

#include <fmt/format.h>

namespace tocsin {
namespace {

template <class Number>
bool read_digits(std::string_view digits, Number& into) {
    const char* const end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, into);
    return error == std::errc{} && stopped == end;
}

}  // namespace

std::string to_string(const TimedKey& key) {
    return fmt::format("{:015} {:010}", key.at_ms, key.number);
}

std::optional<TimedKey> parse_timed_key(std::string_view text) {
    const std::size_t space = text.find(' ');
    TimedKey key;
    if (space == text.npos || !read_digits(text.substr(0, space), key.at_ms)) return std::nullopt;
    if (!read_digits(text.substr(space + 1), key.number)) return std::nullopt;
    return key;
}

}  // namespace tocsin
