#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

/// Walks a JSON text from front to back and builds nothing: for bodies of which many come.
///
/// It takes less than parse_json() does: neither invalid UTF-8 nor escaped surrogates. What it does not take may still
/// be JSON, so whoever meets something unexpected asks parse_json(), which also knows what is wrong with the text.
class JsonScanner {
public:
    /// `text` outlives this and what string() gives.
    explicit JsonScanner(std::string_view text);

    /// Takes blanks and then `punctuation`; when something else is there, only the blanks.
    bool take(char punctuation);
    /// Takes blanks and a string, and gives it without quotes and escapes. Valid as long as this and the text are.
    std::optional<std::string_view> string();
    /// Whether nothing but blanks is left.
    bool at_end();

private:
    void skip_blanks();
    std::optional<std::string_view> unescaped_string(const char* begin);
    bool unescape();
    bool unescape_code();

    const char* at_;
    const char* end_;
    std::string unescaped_;  // never grows beyond its first allocation: views point into it
    std::size_t unescaped_max_;
};

}  // namespace tocsin
