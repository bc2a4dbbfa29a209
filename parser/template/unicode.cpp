#include "parser/template/unicode.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "base/text.h"

namespace tocsin::templates {
namespace {

struct RuneRange {
    char32_t first;
    char32_t last;
};

struct CaseRange {
    char32_t first;
    char32_t last;
    std::int32_t to_upper;
    std::int32_t to_lower;
};

constexpr std::int32_t kAlternating = 0x7FFFFFFF;

}  // namespace
}  // namespace tocsin::templates

#include "parser/template/unicode_tables.inc"

namespace tocsin::templates {
namespace {

template <class Range, std::size_t size>
const Range* find_range(const Range (&ranges)[size], char32_t rune) {
    const auto* found = std::lower_bound(std::begin(ranges), std::end(ranges), rune,
                                         [](const Range& range, char32_t r) { return range.last < r; });
    return found != std::end(ranges) && found->first <= rune ? found : nullptr;
}

char32_t shifted(char32_t rune, std::int32_t by) {
    return static_cast<char32_t>(static_cast<std::int32_t>(rune) + by);
}

bool is_continuation(unsigned char c) {
    return (c & 0xC0) == 0x80;
}

// Punctuation that does not end a word when it stands between two letters, or between two digits (Unicode's word
// boundary classes MidLetter, MidNum and MidNumLet).
bool joins_letters(char32_t r) {
    return r == '\'' || r == '.' || r == ':' || r == 0xB7 || r == 0x2018 || r == 0x2019 || r == 0x2024 || r == 0x2027;
}
bool joins_digits(char32_t r) {
    return r == '\'' || r == '.' || r == ',' || r == ';' || r == 0x2018 || r == 0x2019 || r == 0x2024;
}

bool is_combining(char32_t r) {
    return (r >= 0x300 && r <= 0x36F) || r == 0x200D || (r >= 0xFE00 && r <= 0xFE0F);
}

bool in_word(char32_t r) {
    return is_letter(r) || is_digit(r) || r == '_' || is_combining(r);
}

// Whether the word goes on after `middle`, which follows `before` and is followed by `rest`.
bool joins(char32_t before, char32_t middle, std::string_view rest) {
    if (rest.empty()) return false;
    const char32_t after = first_rune(rest).value;
    return (joins_letters(middle) && is_letter(before) && is_letter(after)) ||
           (joins_digits(middle) && is_digit(before) && is_digit(after));
}

bool is_cased(char32_t r) {
    return to_upper(r) != r || to_lower(r) != r;
}

template <class Map>
std::string map_runes(std::string_view text, Map map) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Rune rune = first_rune(text);
        append_rune(out, map(rune.value));
        text.remove_prefix(rune.bytes);
    }
    return out;
}

bool is_space(char32_t r) {
    return r == ' ' || (r >= '\t' && r <= '\r') || r == 0x85 || r == 0xA0 || r == 0x1680 ||
           (r >= 0x2000 && r <= 0x200A) || r == 0x2028 || r == 0x2029 || r == 0x202F || r == 0x205F || r == 0x3000;
}

}  // namespace

Rune first_rune(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char c = byte(0);
    if (c < 0x80) return {c, 1};
    const std::size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (c < 0xC2 || c > 0xF4 || text.size() < length) return {kRuneError, 1};
    char32_t value = static_cast<char32_t>(c) & (length == 2 ? 0x1Fu : length == 3 ? 0x0Fu : 0x07u);
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(byte(i))) return {kRuneError, 1};
        value = (value << 6) | (byte(i) & 0x3Fu);
    }
    const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
    if (overlong || value > kRuneMax || (value >= 0xD800 && value <= 0xDFFF)) return {kRuneError, 1};
    return {value, length};
}

void append_rune(std::string& out, char32_t rune) {
    if (rune > kRuneMax || (rune >= 0xD800 && rune <= 0xDFFF)) rune = kRuneError;
    const auto put = [&](char32_t bits) { out += static_cast<char>(static_cast<unsigned char>(bits)); };
    if (rune < 0x80) {
        put(rune);
    } else if (rune < 0x800) {
        put(0xC0 | (rune >> 6));
        put(0x80 | (rune & 0x3F));
    } else if (rune < 0x10000) {
        put(0xE0 | (rune >> 12));
        put(0x80 | ((rune >> 6) & 0x3F));
        put(0x80 | (rune & 0x3F));
    } else {
        put(0xF0 | (rune >> 18));
        put(0x80 | ((rune >> 12) & 0x3F));
        put(0x80 | ((rune >> 6) & 0x3F));
        put(0x80 | (rune & 0x3F));
    }
}

std::size_t count_runes(std::string_view text) {
    std::size_t count = 0;
    for (; !text.empty(); ++count) text.remove_prefix(first_rune(text).bytes);
    return count;
}

std::size_t bytes_of_runes(std::string_view text, std::size_t runes_max) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < runes_max && bytes < text.size(); ++i) bytes += first_rune(text.substr(bytes)).bytes;
    return bytes;
}

bool is_letter(char32_t rune) {
    if (rune < 0x80) return (rune | 0x20) >= 'a' && (rune | 0x20) <= 'z';
    return find_range(kLetters, rune) != nullptr;
}

bool is_digit(char32_t rune) {
    if (rune < 0x80) return rune >= '0' && rune <= '9';
    return find_range(kDigits, rune) != nullptr;
}

bool is_print(char32_t rune) {
    if (rune < 0x80) return rune >= 0x20 && rune != 0x7F;
    std::string text;
    append_rune(text, rune);
    return go_quote(text) == '"' + text + '"';
}

char32_t to_upper(char32_t rune) {
    if (rune < 0x80) return rune >= 'a' && rune <= 'z' ? rune - 0x20 : rune;
    const CaseRange* range = find_range(kCases, rune);
    if (range == nullptr) return rune;
    if (range->to_upper == kAlternating) return (rune - range->first) % 2 == 0 ? rune : rune - 1;
    return shifted(rune, range->to_upper);
}

char32_t to_lower(char32_t rune) {
    if (rune < 0x80) return rune >= 'A' && rune <= 'Z' ? rune + 0x20 : rune;
    const CaseRange* range = find_range(kCases, rune);
    if (range == nullptr) return rune;
    if (range->to_lower == kAlternating) return (rune - range->first) % 2 == 0 ? rune + 1 : rune;
    return shifted(rune, range->to_lower);
}

std::string to_upper(std::string_view text) {
    return map_runes(text, [](char32_t r) { return to_upper(r); });
}

std::string to_lower(std::string_view text) {
    return map_runes(text, [](char32_t r) { return to_lower(r); });
}

std::string_view trim_space(std::string_view text) {
    while (!text.empty()) {
        const Rune rune = first_rune(text);
        if (!is_space(rune.value)) break;
        text.remove_prefix(rune.bytes);
    }
    std::size_t keep = 0;
    for (std::size_t at = 0; at < text.size();) {
        const Rune rune = first_rune(text.substr(at));
        at += rune.bytes;
        if (!is_space(rune.value)) keep = at;
    }
    return text.substr(0, keep);
}

std::string to_title(std::string_view text, Rest rest) {
    std::string out;
    out.reserve(text.size());
    bool capital_due = true;
    char32_t before = 0;
    while (!text.empty()) {
        const Rune rune = first_rune(text);
        text.remove_prefix(rune.bytes);
        if (!in_word(rune.value) && !joins(before, rune.value, text)) capital_due = true;
        if (capital_due && is_cased(rune.value)) {
            append_rune(out, to_upper(rune.value));
            capital_due = false;
        } else {
            append_rune(out, rest == Rest::Lower ? to_lower(rune.value) : rune.value);
        }
        if (!is_combining(rune.value)) before = rune.value;
    }
    return out;
}

}  // namespace tocsin::templates
