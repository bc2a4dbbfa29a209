#include "parser/template/lexer.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/unicode.h"

namespace tocsin::templates {
namespace {

constexpr std::string_view kLeft = "{{";
constexpr std::string_view kRight = "}}";
constexpr std::string_view kLeftComment = "/*";
constexpr std::string_view kRightComment = "*/";
constexpr std::size_t kTrimMarkerSize = 2;  // the dash and the blank beside it
constexpr char32_t kEnd = 0xFFFFFFFF;

constexpr std::array<std::pair<std::string_view, Token::Kind>, 12> kKeywords = {{{".", Token::Kind::Dot},
                                                                                 {"block", Token::Kind::Block},
                                                                                 {"break", Token::Kind::Break},
                                                                                 {"continue", Token::Kind::Continue},
                                                                                 {"define", Token::Kind::Define},
                                                                                 {"else", Token::Kind::Else},
                                                                                 {"end", Token::Kind::EndKeyword},
                                                                                 {"if", Token::Kind::If},
                                                                                 {"nil", Token::Kind::Nil},
                                                                                 {"range", Token::Kind::Range},
                                                                                 {"template", Token::Kind::Template},
                                                                                 {"with", Token::Kind::With}}};

bool is_blank(char32_t r) {
    return r == ' ' || r == '\t' || r == '\r' || r == '\n';
}

bool is_space_char(char c) {
    return is_blank(static_cast<unsigned char>(c));
}

bool is_word(char32_t r) {
    return r == '_' || is_letter(r) || is_digit(r);
}

bool begins_left_trim(std::string_view text) {
    return text.size() >= 2 && text[0] == '-' && is_space_char(text[1]);
}

bool begins_right_trim(std::string_view text) {
    return text.size() >= 2 && is_space_char(text[0]) && text[1] == '-';
}

std::string described_rune(char32_t rune) {
    std::string out = fmt::format("U+{:04X}", static_cast<std::uint32_t>(rune));
    if (rune <= kRuneMax && is_print(rune)) {
        out += " '";
        append_rune(out, rune);
        out += "'";
    }
    return out;
}

}  // namespace

Token Lexer::next() {
    start_ = position_;
    return in_action_ ? next_in_action() : next_text();
}

Token Lexer::emit(Token::Kind kind) {
    Token token{kind, start_, line_, text_.substr(start_, position_ - start_), {}};
    line_ += static_cast<std::size_t>(std::ranges::count(token.text, '\n'));
    start_ = position_;
    return token;
}

Token Lexer::fail(std::string problem) {
    Token token{Token::Kind::Error, start_, line_, {}, std::move(problem)};
    position_ = start_;
    return token;
}

void Lexer::skip_space() {
    while (position_ < text_.size() && is_space_char(text_[position_])) ++position_;
}

bool Lexer::at_right_delimiter(bool& trims) const {
    const std::string_view rest = text_.substr(position_);
    trims = begins_right_trim(rest) && rest.substr(kTrimMarkerSize).starts_with(kRight);
    return trims || rest.starts_with(kRight);
}

char32_t Lexer::peek() const {
    return position_ < text_.size() ? first_rune(text_.substr(position_)).value : kEnd;
}

char32_t Lexer::take() {
    if (position_ >= text_.size()) return kEnd;
    const Rune rune = first_rune(text_.substr(position_));
    position_ += rune.bytes;
    return rune.value;
}

bool Lexer::accept(std::string_view set) {
    if (position_ >= text_.size() || set.find(text_[position_]) == std::string_view::npos) return false;
    ++position_;
    return true;
}

void Lexer::accept_run(std::string_view set) {
    while (accept(set)) {
    }
}

Token Lexer::next_text() {
    while (true) {
        const std::size_t found = text_.find(kLeft, position_);
        if (found == std::string_view::npos) {
            position_ = text_.size();
            return emit(start_ == position_ ? Token::Kind::End : Token::Kind::Text);
        }
        if (found > position_) {
            position_ = found;
            // A dash behind the delimiter takes the space in front of it away.
            std::size_t keep = found;
            if (begins_left_trim(text_.substr(found + kLeft.size()))) {
                while (keep > start_ && is_space_char(text_[keep - 1])) --keep;
            }
            position_ = keep;
            if (keep > start_) {
                Token token = emit(Token::Kind::Text);
                line_ += static_cast<std::size_t>(std::ranges::count(text_.substr(keep, found - keep), '\n'));
                position_ = start_ = found;
                return token;
            }
            position_ = found;
            line_ += static_cast<std::size_t>(std::ranges::count(text_.substr(start_, found - start_), '\n'));
            start_ = found;
        }
        Token problem;
        const std::size_t before = position_;
        if (!skip_comment(problem)) return problem;
        if (position_ == before) return left_delimiter();
    }
}

// Goes on behind the comment if there is one here.
bool Lexer::skip_comment(Token& problem) {
    std::size_t begin = position_ + kLeft.size();
    if (begins_left_trim(text_.substr(begin))) begin += kTrimMarkerSize;
    if (!text_.substr(begin).starts_with(kLeftComment)) return true;
    const std::size_t end = text_.find(kRightComment, begin + kLeftComment.size());
    start_ = begin;
    if (end == std::string_view::npos) {
        problem = fail("unclosed comment");
        return false;
    }
    position_ = end + kRightComment.size();
    bool trims = false;
    if (!at_right_delimiter(trims)) {
        problem = fail("comment ends before closing delimiter");
        return false;
    }
    position_ += kRight.size() + (trims ? kTrimMarkerSize : 0);
    if (trims) skip_space();
    emit(Token::Kind::Text);
    return true;
}

Token Lexer::left_delimiter() {
    position_ += kLeft.size();
    Token token = emit(Token::Kind::LeftDelimiter);
    if (begins_left_trim(text_.substr(position_))) {
        position_ += kTrimMarkerSize;
        emit(Token::Kind::Space);
    }
    in_action_ = true;
    paren_depth_ = 0;
    return token;
}

Token Lexer::right_delimiter() {
    bool trims = false;
    at_right_delimiter(trims);
    if (trims) {
        position_ += kTrimMarkerSize;
        emit(Token::Kind::Space);
    }
    position_ += kRight.size();
    Token token = emit(Token::Kind::RightDelimiter);
    if (trims) {
        skip_space();
        emit(Token::Kind::Space);
    }
    in_action_ = false;
    return token;
}

Token Lexer::next_in_action() {
    bool trims = false;
    if (at_right_delimiter(trims)) return paren_depth_ == 0 ? right_delimiter() : fail("unclosed left paren");
    const char32_t r = take();
    switch (r) {
        case kEnd:
            return fail("unclosed action");
        case ' ':
        case '\t':
        case '\r':
        case '\n':
            return space();
        case '=':
            return emit(Token::Kind::Assign);
        case ':':
            return take() == '=' ? emit(Token::Kind::Declare) : fail("expected :=");
        case '|':
            return emit(Token::Kind::Pipe);
        case '"':
            return quoted('"', Token::Kind::String, "unterminated quoted string");
        case '\'':
            return quoted('\'', Token::Kind::CharConstant, "unterminated character constant");
        case '`':
            return raw_string();
        case '$':
            return field_or_variable(Token::Kind::Variable);
        case '(':
            ++paren_depth_;
            return emit(Token::Kind::LeftParen);
        case ')':
            if (paren_depth_ == 0) return fail("unexpected right paren");
            --paren_depth_;
            return emit(Token::Kind::RightParen);
        case '.':
            // A dot before a digit begins a number.
            if (position_ < text_.size() && !is_digit(static_cast<unsigned char>(text_[position_]))) {
                return field_or_variable(Token::Kind::Field);
            }
            return number();
        default:
            break;
    }
    if (r == '+' || r == '-' || (r >= '0' && r <= '9')) return number();
    if (is_word(r)) return identifier();
    if (r < 0x80 && is_print(r)) return emit(Token::Kind::Char);
    return fail("unrecognized character in action: " + described_rune(r));
}

Token Lexer::space() {
    skip_space();
    // The last blank may belong to a trim marker.
    const std::string_view last = text_.substr(position_ - 1);
    if (begins_right_trim(last) && last.substr(kTrimMarkerSize).starts_with(kRight)) {
        --position_;
        if (position_ == start_) return paren_depth_ == 0 ? right_delimiter() : fail("unclosed left paren");
    }
    return emit(Token::Kind::Space);
}

bool Lexer::at_terminator() const {
    const char32_t r = peek();
    if (r == kEnd || is_blank(r)) return true;
    if (r < 0x80 && std::string_view(".,|:)(").find(static_cast<char>(r)) != std::string_view::npos) return true;
    return at(kRight);
}

Token Lexer::identifier() {
    while (is_word(peek())) take();
    if (!at_terminator()) return fail("bad character " + described_rune(peek()));
    const std::string_view word = text_.substr(start_, position_ - start_);
    const auto keyword = std::ranges::find(kKeywords, word, [](const auto& entry) { return entry.first; });
    if (keyword != kKeywords.end()) return emit(keyword->second);
    return emit(word == "true" || word == "false" ? Token::Kind::Bool : Token::Kind::Identifier);
}

Token Lexer::field_or_variable(Token::Kind kind) {
    // Nothing behind it: the dot itself, or `$`.
    if (at_terminator()) return emit(kind == Token::Kind::Variable ? kind : Token::Kind::Dot);
    while (is_word(peek())) take();
    if (!at_terminator()) return fail("bad character " + described_rune(peek()));
    return emit(kind);
}

Token Lexer::quoted(char quote, Token::Kind kind, std::string_view what) {
    while (true) {
        char32_t r = take();
        if (r == '\\') {
            r = take();
            if (r != kEnd && r != '\n') continue;
        }
        if (r == kEnd || r == '\n') return fail(std::string(what));
        if (r == static_cast<unsigned char>(quote)) return emit(kind);
    }
}

Token Lexer::raw_string() {
    const std::size_t end = text_.find('`', position_);
    if (end == std::string_view::npos) return fail("unterminated raw quoted string");
    position_ = end + 1;
    return emit(Token::Kind::RawString);
}

Token Lexer::number() {
    position_ = start_;
    const auto bad = [&] { return fail("bad number syntax: " + go_quote(text_.substr(start_, position_ - start_))); };
    if (!scan_number()) return bad();
    if (peek() != '+' && peek() != '-') return emit(Token::Kind::Number);
    if (!scan_number() || text_[position_ - 1] != 'i') return bad();
    return emit(Token::Kind::Complex);
}

bool Lexer::scan_number() {
    accept("+-");
    std::string_view digits = "0123456789_";
    if (accept("0")) {
        if (accept("xX")) {
            digits = "0123456789abcdefABCDEF_";
        } else if (accept("oO")) {
            digits = "01234567_";
        } else if (accept("bB")) {
            digits = "01_";
        }
    }
    accept_run(digits);
    if (accept(".")) accept_run(digits);
    const bool decimal = digits.size() == 11;
    const bool hexadecimal = digits.size() == 23;
    if ((decimal && accept("eE")) || (hexadecimal && accept("pP"))) {
        accept("+-");
        accept_run("0123456789_");
    }
    accept("i");
    if (is_word(peek())) {
        take();
        return false;
    }
    return true;
}

}  // namespace tocsin::templates
