#include "parser/promql_token.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word(char c) { return is_letter(c) || is_digit(c); }

char char_at(std::string_view text, std::size_t offset) { return offset < text.size() ? text[offset] : '\0'; }

/// Go's %q of a character.
std::string quote_character(std::string_view text, std::size_t offset) {
    const DecodedRune rune = decode_utf8(text.substr(std::min(offset, text.size())));
    if (rune.value == '\'') return R"('\'')";
    if (rune.value == '"') return R"('"')";
    std::string one;
    append_utf8(one, rune.value);
    const std::string quoted = go_quote(one);
    return "'" + quoted.substr(1, quoted.size() - 2) + "'";
}

/// Go's %#U of a character: `U+0027 '''`.
std::string name_character(std::string_view text, std::size_t offset) {
    const DecodedRune rune = decode_utf8(text.substr(offset));
    std::string one;
    append_utf8(one, rune.value);
    const bool printable = go_quote(one).size() == one.size() + 2 || one == "\\" || one == "\"";
    return printable ? fmt::format("U+{:04X} '{}'", static_cast<std::uint32_t>(rune.value), one)
                     : fmt::format("U+{:04X}", static_cast<std::uint32_t>(rune.value));
}

/// Go's %q, cut after ten characters.
std::string quote_shortened(std::string_view text) {
    if (text.size() <= 10) return go_quote(text);
    std::size_t bytes = 0;
    for (int count = 0; count < 10 && bytes < text.size(); ++count) bytes += decode_utf8(text.substr(bytes)).bytes;
    return go_quote(text.substr(0, bytes)) + "...";
}

std::size_t end_of_word(std::string_view text, std::size_t offset, bool with_colons) {
    while (is_word(char_at(text, offset)) || (with_colons && char_at(text, offset) == ':')) ++offset;
    return offset;
}

/// Of a text in quotes; nothing when they are never closed.
std::optional<std::size_t> end_of_quoted(std::string_view text, std::size_t offset) {
    const char quote = text[offset];
    for (++offset; offset < text.size(); ++offset) {
        if (text[offset] == quote) return offset + 1;
        if (quote == '`') continue;
        if (text[offset] == '\n') return std::nullopt;
        if (text[offset] == '\\') ++offset;
    }
    return std::nullopt;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(), [word](std::string_view one) { return iequals(word, one); });
}

/// `<by>`, `<op:and>`, `<aggr:sum>`, `"start"`, or empty for a word that is no keyword.
std::string keyword(std::string_view word) {
    if (is_one_of(word, {"and", "or", "unless", "atan2"})) return fmt::format("<op:{}>", word);
    if (is_one_of(word, {"sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "topk", "bottomk",
                         "count_values", "quantile", "limitk", "limit_ratio"})) {
        return fmt::format("<aggr:{}>", word);
    }
    if (is_one_of(word, {"offset", "smoothed", "anchored", "by", "without", "on", "ignoring", "group_left",
                         "group_right", "fill", "fill_left", "fill_right", "bool"})) {
        return fmt::format("<{}>", word);
    }
    if (is_one_of(word, {"start", "end", "step", "range", "min_of", "max_of"})) return go_quote(word);
    return {};
}

UnexpectedToken token(std::size_t begin, std::size_t end, std::string description, std::string hint = {}) {
    return {{begin, end}, "unexpected " + std::move(description), true, std::move(hint)};
}

UnexpectedToken no_token(std::size_t begin, std::size_t end, std::string message, std::string hint = {}) {
    return {{begin, end}, std::move(message), false, std::move(hint)};
}

UnexpectedToken word_token(std::string_view text, std::size_t offset, TokenPlace place) {
    const std::size_t end = end_of_word(text, offset, place == TokenPlace::Expression);
    const std::string_view word = text.substr(offset, end - offset);
    if (place == TokenPlace::Braces) return token(offset, end, "identifier " + go_quote(word));
    if (is_one_of(word, {"inf", "nan"})) return token(offset, end, "number " + quote_shortened(word));
    const std::string known = keyword(word);
    if (place == TokenPlace::Brackets && !is_one_of(word, {"step", "range", "min_of", "max_of"})) {
        return no_token(offset, end, "unexpected character in duration expression: " + quote_character(text, offset));
    }
    if (!known.empty()) return token(offset, end, known);
    const bool has_colon = word.find(':') != word.npos;
    return token(offset, end, (has_colon ? "metric identifier " : "identifier ") + go_quote(word));
}

UnexpectedToken quoted_token(std::string_view text, std::size_t offset) {
    const auto end = end_of_quoted(text, offset);
    if (!end) return no_token(offset, text.size(), "unterminated quoted string");
    return token(offset, *end, "string " + quote_shortened(text.substr(offset, *end - offset)));
}

UnexpectedToken number_token(std::string_view text, std::size_t offset) {
    const std::string_view number = number_like(text, offset);
    const bool hexadecimal = number.starts_with("0x") || number.starts_with("0X");
    const bool is_duration = !hexadecimal && number.find_first_of("smhdwy") != number.npos;
    const std::string_view kind = is_duration ? "duration " : "number ";
    return token(offset, offset + number.size(), std::string(kind) + quote_shortened(number));
}

/// `=`, `!` and what begins with them.
UnexpectedToken equality_token(std::string_view text, std::size_t offset, TokenPlace place) {
    const char next = char_at(text, offset + 1);
    const bool in_braces = place == TokenPlace::Braces;
    if (text[offset] == '=') {
        if (next == '~' && in_braces) return token(offset, offset + 2, "<op:=~>");
        if (next == '~') {
            return no_token(offset, offset + 2, "unexpected character after '=': '~'", "=~ stands inside braces only");
        }
        if (next == '=' && !in_braces) return token(offset, offset + 2, "<op:==>");
        return token(offset, offset + 1, "\"=\"", in_braces ? "" : "values are compared by ==");
    }
    if (next == '=') return token(offset, offset + 2, "<op:!=>");
    if (next == '~' && in_braces) return token(offset, offset + 2, "<op:!~>");
    return no_token(offset, offset + 1,
                    fmt::format("unexpected character after '!'{}: {}", in_braces ? " inside braces" : "",
                                quote_character(text, offset + 1)));
}

/// The operators of one or two characters.
std::string_view operator_at(std::string_view text, std::size_t offset) {
    constexpr std::array<std::string_view, 13> kOperators{"<=", "</", "<", ">=", ">/", ">", "+",
                                                          "-",  "*",  "/", "%",  "^",  "@"};
    const std::string_view rest = text.substr(offset);
    const auto found = std::find_if(kOperators.begin(), kOperators.end(),
                                    [rest](std::string_view one) { return rest.starts_with(one); });
    return found == kOperators.end() ? std::string_view{} : *found;
}

std::string hint_for(char32_t character) {
    switch (character) {
        case U'&': return "the operator is written `and`";
        case U'|': return "the operator is written `or`";
        case U'\u2018':
        case U'\u2019':
        case U'\u201c':
        case U'\u201d': return "strings stand in straight quotes";
        default: return {};
    }
}

UnexpectedToken unknown_character(std::string_view text, std::size_t offset, TokenPlace place) {
    const DecodedRune rune = decode_utf8(text.substr(offset));
    const std::size_t end = offset + std::max<std::size_t>(rune.bytes, 1);
    const std::string quoted = quote_character(text, offset);
    const std::string hint = hint_for(rune.value);
    switch (place) {
        case TokenPlace::Braces:
            if (text[offset] == '{') return no_token(offset, end, "unexpected left brace '{'");
            return no_token(offset, end, "unexpected character inside braces: " + quoted, hint);
        case TokenPlace::Brackets:
            if (text[offset] == '[') return no_token(offset, end, "unexpected left bracket '['");
            return no_token(offset, end, "unexpected character in duration expression: " + quoted, hint);
        case TokenPlace::Expression: break;
    }
    if (text[offset] == ']') return no_token(offset, end, "unexpected right bracket ']'");
    return no_token(offset, end, "unexpected character: " + quoted, hint);
}

bool is_punctuation(char c, TokenPlace place) {
    switch (place) {
        case TokenPlace::Braces: return c == ',' || c == '}';
        case TokenPlace::Brackets: return std::string_view("(),:]").find(c) != std::string_view::npos;
        case TokenPlace::Expression: return std::string_view("(),[{").find(c) != std::string_view::npos;
    }
    return false;
}

}  // namespace

UnexpectedToken unexpected_token(std::string_view text, std::size_t offset, TokenPlace place) {
    const char c = text[offset];
    if (is_punctuation(c, place)) return token(offset, offset + 1, fmt::format("\"{}\"", c));
    if (c == '"' || c == '\'' || c == '`') return quoted_token(text, offset);
    if (c == '=' || c == '!') return equality_token(text, offset, place);
    if (is_letter(c) || (c == ':' && place == TokenPlace::Expression)) return word_token(text, offset, place);
    if (place == TokenPlace::Braces) return unknown_character(text, offset, place);
    if (is_digit(c) || (c == '.' && is_digit(char_at(text, offset + 1)))) return number_token(text, offset);
    if (const std::string_view op = operator_at(text, offset); !op.empty()) {
        return token(offset, offset + op.size(), fmt::format("<op:{}>", op));
    }
    return unknown_character(text, offset, place);
}

std::string escape_problem(std::string_view text, std::size_t offset) {
    if (offset >= text.size()) return "escape sequence not terminated";
    const char letter = text[offset];
    const bool octal = letter >= '0' && letter <= '7';
    if (!octal && letter != 'x' && letter != 'u' && letter != 'U') {
        return "unknown escape sequence " + name_character(text, offset);
    }
    for (offset += octal ? 0 : 1; offset < text.size(); ++offset) {
        const bool fits = octal ? text[offset] >= '0' && text[offset] <= '7'
                                : std::isxdigit(static_cast<unsigned char>(text[offset])) != 0;
        if (!fits) return fmt::format("illegal character {} in escape sequence", name_character(text, offset));
    }
    return "escape sequence not terminated";
}

std::string_view number_like(std::string_view text, std::size_t offset) {
    std::size_t end = offset;
    while (is_word(char_at(text, end)) || char_at(text, end) == '.' ||
           ((char_at(text, end) == '+' || char_at(text, end) == '-') && (text[end - 1] == 'e' || text[end - 1] == 'E'))) {
        ++end;
    }
    return text.substr(offset, end - offset);
}

}  // namespace tocsin
