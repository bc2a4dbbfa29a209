#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tocsin::templates {

inline constexpr char32_t kRuneError = 0xFFFD;
inline constexpr char32_t kRuneMax = 0x10FFFF;

/// A character and the bytes it takes; a byte that is not part of valid UTF-8 is kRuneError of one byte, as in Go. The
/// text must not be empty.
struct Rune {
    char32_t value;
    std::size_t bytes;
};
Rune first_rune(std::string_view text);

/// kRuneError for what is no Unicode scalar value.
void append_rune(std::string& out, char32_t rune);

std::size_t count_runes(std::string_view text);

/// Bytes that the first `runes_max` characters take.
std::size_t bytes_of_runes(std::string_view text, std::size_t runes_max);

/// Go's unicode.IsLetter and IsDigit.
bool is_letter(char32_t rune);
bool is_digit(char32_t rune);
/// Go's strconv.IsPrint.
bool is_print(char32_t rune);
char32_t to_upper(char32_t rune);
char32_t to_lower(char32_t rune);

/// Go's strings.ToUpper, ToLower and TrimSpace.
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);
std::string_view trim_space(std::string_view text);

/// Every word with a capital, as golang.org/x/text's cases.Title for American English: words end at everything but
/// letters, digits, `_` and punctuation within a word (`it's`).
enum class Rest { Keep, Lower };
std::string to_title(std::string_view text, Rest rest);

}  // namespace tocsin::templates
