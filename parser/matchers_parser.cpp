#include "parser/matchers_parser.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::size_t kTextBytesMax = 64 * 1024;
constexpr std::size_t kMatchersMax = 1000;

struct Rune {
    std::uint32_t code = 0;
    std::size_t bytes = 1;
};

/// The text is valid UTF-8: parse_matchers() has checked.
Rune rune_at(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + i]));
    };
    const std::uint32_t first = byte(0);
    if (first < 0x80) return {first, 1};
    if (first < 0xE0) return {(first & 0x1FU) << 6U | (byte(1) & 0x3FU), 2};
    if (first < 0xF0) return {(first & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU), 3};
    return {(first & 0x07U) << 18U | (byte(1) & 0x3FU) << 12U | (byte(2) & 0x3FU) << 6U | (byte(3) & 0x3FU), 4};
}

// Go's unicode.IsSpace.
bool is_matcher_space(std::uint32_t code) {
    if (code < 0x80) return code == ' ' || (code >= '\t' && code <= '\r');
    return code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
           code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

bool is_reserved(std::uint32_t code) {
    if (is_matcher_space(code)) return true;
    return code < 0x80 && std::string_view("{}!=~,\\\"'`").find(static_cast<char>(code)) != std::string_view::npos;
}

// Go's regexp \s.
bool is_regexp_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

tl::unexpected<Error> refuse(std::string message) {
    return fail(Error::Kind::InvalidInput, std::move(message));
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
        put(0xC0U | code >> 6U);
    } else if (code < 0x10000) {
        put(0xE0U | code >> 12U);
        put(0x80U | (code >> 6U & 0x3FU));
    } else {
        put(0xF0U | code >> 18U);
        put(0x80U | (code >> 12U & 0x3FU));
        put(0x80U | (code >> 6U & 0x3FU));
    }
    put(0x80U | (code & 0x3FU));
}

/// Reads `count` digits of `base` at `at` and steps over them.
std::optional<std::uint32_t> read_digits(std::string_view text, std::size_t& at, std::size_t count,
                                         std::uint32_t base) {
    if (text.size() - at < count) return std::nullopt;
    std::uint32_t value = 0;
    for (const std::size_t end = at + count; at < end; ++at) {
        const char c = text[at];
        std::uint32_t digit = 16;
        if (c >= '0' && c <= '9') digit = static_cast<std::uint32_t>(c - '0');
        if (c >= 'a' && c <= 'f') digit = static_cast<std::uint32_t>(c - 'a') + 10;
        if (c >= 'A' && c <= 'F') digit = static_cast<std::uint32_t>(c - 'A') + 10;
        if (digit >= base) return std::nullopt;
        value = value * base + digit;
    }
    return value;
}

/// One escape of Go's double-quoted strings; `at` stands behind the backslash.
bool append_escape(std::string_view text, std::size_t& at, std::string& out) {
    static constexpr std::string_view kLetters = "abfnrtv\\\"";
    static constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\\"";
    if (at >= text.size()) return false;
    const char c = text[at];
    if (const auto letter = kLetters.find(c); letter != std::string_view::npos) {
        out += kMeanings[letter];
        ++at;
        return true;
    }
    if (c == 'u' || c == 'U') {
        const auto code = read_digits(text, ++at, c == 'u' ? 4 : 8, 16);
        if (!code || *code > 0x10FFFF || (*code >= 0xD800 && *code < 0xE000)) return false;
        append_utf8(out, *code);
        return true;
    }
    const bool octal = c >= '0' && c <= '7';
    if (!octal && c != 'x') return false;
    if (!octal) ++at;
    const auto byte = read_digits(text, at, octal ? 3 : 2, octal ? 8 : 16);
    if (!byte || *byte > 0xFF) return false;
    out += static_cast<char>(static_cast<unsigned char>(*byte));
    return true;
}

/// Go's strconv.Unquote of what stands between double quotes.
std::optional<std::string> unquote_matcher(std::string_view inside) {
    std::string out;
    for (std::size_t at = 0; at < inside.size();) {
        if (inside[at] == '\n') return std::nullopt;
        if (inside[at] != '\\') {
            out += inside[at++];
        } else if (!append_escape(inside, ++at, out)) {
            return std::nullopt;
        }
    }
    if (!is_valid_utf8(out)) return std::nullopt;
    return out;
}

enum class TokenKind { End, OpenBrace, CloseBrace, Comma, Equal, NotEqual, Match, NotMatch, Quoted, Unquoted };

struct MatcherToken {
    TokenKind kind = TokenKind::End;
    std::string_view text;
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// The tokens of the UTF-8 grammar. Positions in messages are `begin:end`, as upstream's, in bytes.
class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}

    Result<MatcherToken> next() {
        while (at_ < text_.size() && is_matcher_space(rune_at(text_, at_).code)) at_ += rune_at(text_, at_).bytes;
        const std::size_t begin = at_;
        if (at_ >= text_.size()) return token(TokenKind::End, begin);
        switch (text_[at_]) {
            case '{':
                return single(TokenKind::OpenBrace);
            case '}':
                return single(TokenKind::CloseBrace);
            case ',':
                return single(TokenKind::Comma);
            case '=':
                return equals();
            case '!':
                return exclamation();
            case '"':
                return quoted();
            default:
                break;
        }
        if (is_reserved(rune_at(text_, at_).code)) {
            return refuse(fmt::format("{}:{}: {}: invalid input", at_, at_ + 1, text_[at_]));
        }
        while (at_ < text_.size() && !is_reserved(rune_at(text_, at_).code)) at_ += rune_at(text_, at_).bytes;
        return token(TokenKind::Unquoted, begin);
    }

private:
    MatcherToken token(TokenKind kind, std::size_t begin) const {
        return {kind, text_.substr(begin, at_ - begin), begin, at_};
    }

    MatcherToken single(TokenKind kind) {
        ++at_;
        return token(kind, at_ - 1);
    }

    bool accept(char c) {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    MatcherToken equals() {
        const std::size_t begin = at_++;
        return accept('~') ? token(TokenKind::Match, begin) : token(TokenKind::Equal, begin);
    }

    Result<MatcherToken> exclamation() {
        const std::size_t begin = at_++;
        if (accept('=')) return token(TokenKind::NotEqual, begin);
        if (accept('~')) return token(TokenKind::NotMatch, begin);
        return refuse(fmt::format("{}:{}: !: expected one of '=~'", begin, at_));
    }

    Result<MatcherToken> quoted() {
        const std::size_t begin = at_++;
        for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
        }
        if (!accept('"')) return refuse(fmt::format("{}:{}: {}: missing end \"", begin, at_, text_.substr(begin)));
        return token(TokenKind::Quoted, begin);
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

class Utf8Parser {
public:
    explicit Utf8Parser(std::string_view text) : lexer_(text) {}

    Result<Matchers> parse() {
        if (auto moved = advance(); !moved) return tl::unexpected(std::move(moved).error());
        const bool braces = token_.kind == TokenKind::OpenBrace;
        if (braces) {
            if (auto moved = advance(); !moved) return tl::unexpected(std::move(moved).error());
        }
        while (token_.kind != TokenKind::End && token_.kind != TokenKind::CloseBrace) {
            if (auto read = parse_one(); !read) return tl::unexpected(std::move(read).error());
        }
        if (auto closed = close(braces); !closed) return tl::unexpected(std::move(closed).error());
        return std::move(matchers_);
    }

private:
    Status advance() {
        TOCSIN_TRY(token_, lexer_.next());
        return {};
    }

    tl::unexpected<Error> unexpected_token(std::string_view expected) const {
        if (token_.kind == TokenKind::End) return refuse(fmt::format("end of input: {}", expected));
        return refuse(fmt::format("{}:{}: unexpected {}: {}", token_.begin, token_.end, token_.text, expected));
    }

    Status close(bool braces) {
        if (braces && token_.kind != TokenKind::CloseBrace) return unexpected_token("expected close brace");
        if (!braces && token_.kind == TokenKind::CloseBrace) {
            return refuse(fmt::format("0:{}: }}: expected opening brace", token_.end));
        }
        if (braces) {
            if (auto moved = advance(); !moved) return moved;
        }
        if (token_.kind != TokenKind::End) {
            return refuse(fmt::format("{}:{}: {}: expected end of input", token_.begin, token_.end, token_.text));
        }
        return {};
    }

    Result<std::string> word(std::string_view expected) {
        const MatcherToken word = token_;
        if (word.kind != TokenKind::Quoted && word.kind != TokenKind::Unquoted) return unexpected_token(expected);
        if (auto moved = advance(); !moved) return tl::unexpected(std::move(moved).error());
        if (word.kind == TokenKind::Unquoted) return std::string(word.text);
        auto text = unquote_matcher(word.text.substr(1, word.text.size() - 2));
        if (!text) return refuse(fmt::format("{}:{}: {}: invalid input", word.begin, word.end, word.text));
        return *std::move(text);
    }

    Result<MatchOp> operation() {
        MatchOp op = MatchOp::Equal;
        switch (token_.kind) {
            case TokenKind::Equal:
                break;
            case TokenKind::NotEqual:
                op = MatchOp::NotEqual;
                break;
            case TokenKind::Match:
                op = MatchOp::Regex;
                break;
            case TokenKind::NotMatch:
                op = MatchOp::NotRegex;
                break;
            default:
                return unexpected_token("expected an operator such as '=', '!=', '=~' or '!~'");
        }
        if (auto moved = advance(); !moved) return tl::unexpected(std::move(moved).error());
        return op;
    }

    /// A matcher and the comma behind it.
    Status parse_one() {
        if (matchers_.size() >= kMatchersMax) return refuse(fmt::format("more than {} matchers", kMatchersMax));
        TOCSIN_TRY(std::string name, word("expected label name"));
        TOCSIN_TRY(const MatchOp op, operation());
        TOCSIN_TRY(std::string value, word("expected label value"));
        TOCSIN_TRY(Matcher matcher,
                   Matcher::create(std::move(name), op, std::move(value), Regex::Anchoring::FullNoDot));
        matchers_.push_back(std::move(matcher));
        if (token_.kind == TokenKind::End || token_.kind == TokenKind::CloseBrace) return {};
        if (token_.kind != TokenKind::Comma) return unexpected_token("expected a comma or close brace");
        if (auto moved = advance(); !moved) return moved;
        const bool goes_on = token_.kind == TokenKind::End || token_.kind == TokenKind::CloseBrace ||
                             token_.kind == TokenKind::Quoted || token_.kind == TokenKind::Unquoted;
        if (!goes_on) return unexpected_token("expected a matcher or close brace after comma");
        return {};
    }

    Lexer lexer_;
    MatcherToken token_;
    Matchers matchers_;
};

/// The parts of `name op value` by the classic grammar's regular expression; nothing when it does not match.
struct ClassicParts {
    std::string_view name;
    MatchOp op = MatchOp::Equal;
    std::string_view value;
};

std::optional<ClassicParts> split_classic(std::string_view text) {
    const auto skip_spaces = [&](std::size_t at) {
        while (at < text.size() && is_regexp_space(text[at])) ++at;
        return at;
    };
    ClassicParts parts;
    const std::size_t begin = skip_spaces(0);
    std::size_t at = begin;
    while (at < text.size() && is_legacy_metric_name(text.substr(begin, at + 1 - begin))) ++at;
    if (at == begin) return std::nullopt;
    parts.name = text.substr(begin, at - begin);

    at = skip_spaces(at);
    const std::string_view rest = text.substr(at);
    std::size_t op_bytes = 2;
    if (rest.substr(0, 2) == "=~") {
        parts.op = MatchOp::Regex;
    } else if (rest.substr(0, 1) == "=") {
        op_bytes = 1;
    } else if (rest.substr(0, 2) == "!=") {
        parts.op = MatchOp::NotEqual;
    } else if (rest.substr(0, 2) == "!~") {
        parts.op = MatchOp::NotRegex;
    } else {
        return std::nullopt;
    }

    const std::size_t value_begin = skip_spaces(at + op_bytes);
    std::size_t value_end = text.size();
    while (value_end > value_begin && is_regexp_space(text[value_end - 1])) --value_end;
    parts.value = text.substr(value_begin, value_end - value_begin);
    return parts;
}

/// Undoes `\n`, `\"` and `\\`; every other backslash is a backslash.
Result<std::string> unescape_classic(std::string_view value) {
    const auto stray_quote = [&] {
        return refuse(fmt::format("matcher value contains unescaped double quote: {}", value));
    };
    bool quoted = !value.empty() && value.front() == '"';
    const std::string_view raw = quoted ? value.substr(1) : value;
    std::string out;
    for (std::size_t at = 0; at < raw.size(); ++at) {
        const bool last = at + 1 == raw.size();
        if (raw[at] == '"') {
            if (!quoted || !last) return stray_quote();
            quoted = false;
        } else if (raw[at] == '\\' && !last) {
            const char next = raw[++at];
            if (next != 'n' && next != '"' && next != '\\') out += '\\';
            out += next == 'n' ? '\n' : next;
        } else {
            out += raw[at];
        }
    }
    if (quoted) return stray_quote();
    return out;
}

Result<Matcher> parse_classic_one(std::string_view text) {
    const auto parts = split_classic(text);
    if (!parts) return refuse(fmt::format("bad matcher format: {}", text));
    TOCSIN_TRY(std::string value, unescape_classic(parts->value));
    return Matcher::create(std::string(parts->name), parts->op, std::move(value), Regex::Anchoring::FullNoDot);
}

/// What stands between commas that are not in quotes; a blank last piece does not count.
std::vector<std::string_view> split_at_commas(std::string_view text) {
    std::vector<std::string_view> pieces;
    bool in_quotes = false;
    bool escaped = false;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == ',') {
            if (in_quotes) continue;
            pieces.push_back(text.substr(begin, at - begin));
            begin = at + 1;
        } else if (c == '\\') {
            escaped = !escaped;
        } else {
            if (c == '"' && !escaped) in_quotes = !in_quotes;
            escaped = false;
        }
    }
    const std::string_view last = trim(text.substr(begin));
    if (!last.empty()) pieces.push_back(last);
    return pieces;
}

Result<Matchers> parse_classic(std::string_view text) {
    if (!text.empty() && text.front() == '{') text.remove_prefix(1);
    if (!text.empty() && text.back() == '}') text.remove_suffix(1);
    const auto pieces = split_at_commas(text);
    if (pieces.size() > kMatchersMax) return refuse(fmt::format("more than {} matchers", kMatchersMax));
    Matchers matchers;
    for (const std::string_view piece : pieces) {
        TOCSIN_TRY(Matcher matcher, parse_classic_one(piece));
        matchers.push_back(std::move(matcher));
    }
    return matchers;
}

Status check_text(std::string_view text) {
    if (text.size() > kTextBytesMax) return refuse(fmt::format("matchers are longer than {} bytes", kTextBytesMax));
    if (!is_valid_utf8(text)) return refuse("matchers are not valid UTF-8");
    return {};
}

ParsedMatchers by_classic(Matchers matchers, std::string_view text, std::string_view why) {
    std::string warning = fmt::format("matchers {} {}; the classic parser's reading {} is used", go_quote(text), why,
                                      matchers_text(matchers));
    return {std::move(matchers), std::move(warning)};
}

Result<ParsedMatchers> parse_with_fallback(std::string_view text) {
    auto classic = parse_classic(text);
    auto utf8 = Utf8Parser(text).parse();
    if (!utf8 && !classic) return tl::unexpected(std::move(classic).error());
    if (!utf8) {
        const auto why = fmt::format("are not valid for the UTF-8 parser ({})", utf8.error().message);
        return by_classic(*std::move(classic), text, why);
    }
    if (classic && *classic != *utf8) {
        return by_classic(*std::move(classic), text, "mean different things to the UTF-8 and the classic parser");
    }
    return ParsedMatchers{*std::move(utf8), {}};
}

}  // namespace

bool is_label_name(std::string_view name, MatchersSyntax syntax) {
    if (syntax == MatchersSyntax::Classic) return is_legacy_label_name(name);
    return !name.empty() && is_valid_utf8(name);
}

Result<ParsedMatchers> parse_matchers(std::string_view text, MatchersSyntax syntax) {
    if (auto checked = check_text(text); !checked) return tl::unexpected(std::move(checked).error());
    if (syntax == MatchersSyntax::Fallback) return parse_with_fallback(text);
    TOCSIN_TRY(Matchers matchers, syntax == MatchersSyntax::Classic ? parse_classic(text) : Utf8Parser(text).parse());
    return ParsedMatchers{std::move(matchers), {}};
}

Result<Matcher> parse_matcher(std::string_view text, MatchersSyntax syntax) {
    if (auto checked = check_text(text); !checked) return tl::unexpected(std::move(checked).error());
    if (!text.empty() && (text.front() == '{' || text.back() == '}')) {
        return refuse(fmt::format("unexpected open or close brace: {}", text));
    }
    if (syntax == MatchersSyntax::Classic) return parse_classic_one(text);

    auto utf8 = Utf8Parser(text).parse();
    if (utf8 && utf8->size() != 1) {
        utf8 =
            utf8->empty() ? refuse("no matchers") : refuse(fmt::format("expected 1 matcher, found {}", utf8->size()));
    }
    if (syntax == MatchersSyntax::Fallback) {
        auto classic = parse_classic_one(text);
        if (classic || !utf8) return classic;
    }
    if (!utf8) return tl::unexpected(std::move(utf8).error());
    return std::move(utf8->front());
}

bool matcher_less(const Matcher& a, const Matcher& b) {
    if (a.name() != b.name()) return a.name() < b.name();
    if (a.value() != b.value()) return a.value() < b.value();
    return a.op() < b.op();
}

std::string matcher_text(const Matcher& matcher) {
    const std::string name = replace_invalid_utf8(matcher.name());
    bool reserved = name.empty();  // which only quotes can show
    for (std::size_t at = 0; at < name.size() && !reserved; at += rune_at(name, at).bytes) {
        reserved = is_reserved(rune_at(name, at).code);
    }
    if (reserved) {
        return fmt::format("{}{}{}", go_quote(matcher.name()), to_string(matcher.op()), go_quote(matcher.value()));
    }
    std::string value;
    for (const char c : matcher.value()) {
        if (c == '\\' || c == '"') value += '\\';
        value += c == '\n' ? "\\n" : std::string(1, c);
    }
    return fmt::format("{}{}\"{}\"", matcher.name(), to_string(matcher.op()), value);
}

std::string matchers_text(const Matchers& matchers) {
    std::string out = "{";
    for (const Matcher& matcher : matchers) {
        if (out.size() > 1) out += ',';
        out += matcher_text(matcher);
    }
    return out + '}';
}

}  // namespace tocsin
