#include "parser/exposition_lexer.h"

#include <algorithm>

#include "base/text.h"

namespace tocsin {
namespace {

bool is_blank_in_line(char c) {
    return c == ' ' || c == '\t';
}
bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

using Token = ExpositionLexer::Token;

std::string_view to_string(Token token) {
    switch (token) {
        case Token::Invalid:
            return "INVALID";
        case Token::Eof:
            return "EOF";
        case Token::Linebreak:
            return "LINEBREAK";
        case Token::Whitespace:
            return "WHITESPACE";
        case Token::Help:
            return "HELP";
        case Token::Type:
            return "TYPE";
        case Token::Unit:
            return "UNIT";
        case Token::EofWord:
            return "EOFWORD";
        case Token::Text:
            return "TEXT";
        case Token::Comment:
            return "COMMENT";
        case Token::MetricName:
            return "MNAME";
        case Token::QuotedString:
            return "QSTRING";
        case Token::BraceOpen:
            return "BOPEN";
        case Token::BraceClose:
            return "BCLOSE";
        case Token::LabelName:
            return "LNAME";
        case Token::LabelValue:
            return "LVALUE";
        case Token::Comma:
            return "COMMA";
        case Token::Equal:
            return "EQUAL";
        case Token::Time:
            return "TIMESTAMP";
        case Token::Value:
            return "VALUE";
    }
    return "";
}

Token ExpositionLexer::next() {
    if (format_ == ExpositionFormat::OpenMetrics) {
        begin_ = at_;
        return at_ < size() ? open_metrics_token() : Token::Eof;
    }
    Token token = Token::Whitespace;
    while (token == Token::Whitespace) {
        begin_ = at_;
        token = at_ < size() ? text_token() : Token::Eof;
    }
    return token;
}

std::string ExpositionLexer::text(std::size_t from, std::size_t to) const {
    std::string text(
        body_.substr(std::min(from, body_.size()), std::min(to, body_.size()) - std::min(from, body_.size())));
    if (to > body_.size()) text += '\n';
    return text;
}

std::string ExpositionLexer::text_from(std::size_t from) const {
    return text(from, std::min(size(), at_ + 1));
}

// ---- what both formats share

bool ExpositionLexer::word(std::string_view text) {
    for (const char c : text) {
        if (here() != c) return false;
        ++at_;
    }
    return true;
}

Token ExpositionLexer::name(Token token, State next, bool colons) {
    while (is_name_start(here()) || (colons && here() == ':') || (at_ > begin_ && is_digit(here()))) ++at_;
    return at_ == begin_ ? Token::Invalid : become(next, token);
}

// A string in quotes. NUL bytes are text in the value of a label only.
Token ExpositionLexer::quoted(Token token, State next, bool line_feeds) {
    const bool nul = state_ == State::LabelValue;
    for (++at_; at_ < size(); ++at_) {
        if (here() == '"') {
            ++at_;
            return become(next, token);
        }
        if (here() == '\\') {
            ++at_;
            if (here() == '\n') return Token::Invalid;
        } else if ((here() == '\n' && !line_feeds) || (here() == '\0' && !nul)) {
            return Token::Invalid;
        }
    }
    at_ = size();
    return Token::Invalid;
}

Token ExpositionLexer::label_token(State after_brace) {
    switch (here()) {
        case '}':
            ++at_;
            return become(after_brace, Token::BraceClose);
        case '=':
            ++at_;
            return become(state_ == State::Labels ? State::LabelValue : State::ExemplarValue, Token::Equal);
        case ',':
            ++at_;
            return Token::Comma;
        case '"':
            return quoted(Token::QuotedString, state_, state_ == State::Labels);
        default:
            return name(Token::LabelName, state_, false);
    }
}

// ---- text format

Token ExpositionLexer::text_token() {
    if (is_blank_in_line(here()) && state_ != State::MetaText) {
        while (is_blank_in_line(here())) ++at_;
        return Token::Whitespace;
    }
    switch (state_) {
        case State::Init:
            return text_init();
        case State::Comment:
            return text_comment();
        case State::MetaName:
            return here() == '"' ? quoted(Token::MetricName, State::MetaText, true)
                                 : name(Token::MetricName, State::MetaText, true);
        case State::MetaText:
            return text_meta();
        case State::Labels:
            return label_token(State::Value);
        case State::LabelValue:
            return here() == '"' ? quoted(Token::LabelValue, State::Labels, true) : Token::Invalid;
        case State::Value:
            return text_value();
        default:
            return text_timestamp();
    }
}

Token ExpositionLexer::text_init() {
    switch (here()) {
        case '\0':
            at_ = size();
            return Token::Eof;
        case '\n':
            ++at_;
            return Token::Linebreak;
        case '{':
            ++at_;
            return become(State::Labels, Token::BraceOpen);
        case '#':
            ++at_;
            if (!is_blank_in_line(here())) return rest_of_comment();
            while (is_blank_in_line(here())) ++at_;
            state_ = State::Comment;
            return text_comment();
        default:
            return name(Token::MetricName, State::Value, true);
    }
}

// HELP and TYPE are keywords only with a blank behind them.
Token ExpositionLexer::text_comment() {
    const bool help = here() == 'H';
    if (word(help ? "HELP" : "TYPE") && is_blank_in_line(here())) {
        while (is_blank_in_line(here())) ++at_;
        return become(State::MetaName, help ? Token::Help : Token::Type);
    }
    return rest_of_comment();
}

Token ExpositionLexer::rest_of_comment() {
    if (here() == '\0') {
        at_ = size();
        return Token::Eof;
    }
    at_ = std::min(body_.find('\n', at_), body_.size());
    return become(State::Init, Token::Comment);
}

// Blanks alone are no text, but what separates; then comes an empty text.
Token ExpositionLexer::text_meta() {
    at_ = std::min(body_.find('\n', at_), body_.size());
    if (at_ > begin_ && std::ranges::all_of(token(), is_blank_in_line)) return Token::Whitespace;
    return become(State::Init, Token::Text);
}

Token ExpositionLexer::text_value() {
    if (here() == '{') {
        ++at_;
        return become(State::Labels, Token::BraceOpen);
    }
    while (here() != '{' && here() != '\n' && here() != '\0' && !is_blank_in_line(here())) ++at_;
    return at_ == begin_ ? Token::Invalid : become(State::Suffix, Token::Value);
}

Token ExpositionLexer::text_timestamp() {
    if (here() == '\n') {
        ++at_;
        return become(State::Init, Token::Linebreak);
    }
    while (is_digit(here())) ++at_;
    return at_ == begin_ ? Token::Invalid : Token::Time;
}

// ---- OpenMetrics

Token ExpositionLexer::open_metrics_token() {
    switch (state_) {
        case State::Init:
            return open_metrics_init();
        case State::Comment:
            return open_metrics_comment();
        case State::MetaName:
            return here() == '"' ? quoted(Token::MetricName, State::MetaText, true)
                                 : name(Token::MetricName, State::MetaText, true);
        case State::MetaText:
            return open_metrics_text();
        case State::Labels:
            return label_token(State::Value);
        case State::LabelValue:
            return here() == '"' ? quoted(Token::LabelValue, State::Labels, false) : Token::Invalid;
        case State::Value:
            if (here() == '{') {
                ++at_;
                return become(State::Labels, Token::BraceOpen);
            }
            return after_space(Token::Value, State::Suffix);
        case State::Suffix:
            return open_metrics_timestamp();
        case State::ExemplarLabels:
            return label_token(State::ExemplarValue);
        case State::ExemplarValue:
            return open_metrics_exemplar_value();
        case State::ExemplarSuffix:
            return open_metrics_exemplar_timestamp();
    }
    return Token::Invalid;
}

Token ExpositionLexer::open_metrics_init() {
    switch (here()) {
        case '{':
            ++at_;
            return become(State::Labels, Token::BraceOpen);
        case '#':
            ++at_;
            if (here() != ' ') return Token::Invalid;
            ++at_;
            state_ = State::Comment;
            return open_metrics_comment();
        default:
            return name(Token::MetricName, State::Value, true);
    }
}

Token ExpositionLexer::open_metrics_comment() {
    switch (here()) {
        case 'H':
            return word("HELP ") ? become(State::MetaName, Token::Help) : Token::Invalid;
        case 'T':
            return word("TYPE ") ? become(State::MetaName, Token::Type) : Token::Invalid;
        case 'U':
            return word("UNIT ") ? become(State::MetaName, Token::Unit) : Token::Invalid;
        default:
            if (!word("EOF")) return Token::Invalid;
            if (here() == '\n') ++at_;
            return become(State::Init, Token::EofWord);
    }
}

Token ExpositionLexer::open_metrics_text() {
    if (here() != ' ') return Token::Invalid;
    const std::size_t end = body_.find('\n', at_);
    at_ = end == std::string_view::npos ? body_.size() : end + 1;
    return end == std::string_view::npos ? Token::Invalid : become(State::Init, Token::Text);
}

// One space, then at least one byte that is neither space nor line feed.
Token ExpositionLexer::after_space(Token token, State next) {
    if (here() != ' ') return Token::Invalid;
    ++at_;
    const std::size_t begin = at_;
    while (here() != ' ' && here() != '\n' && here() != '\0') ++at_;
    return at_ == begin ? Token::Invalid : become(next, token);
}

Token ExpositionLexer::open_metrics_timestamp() {
    if (here() == '\n') {
        ++at_;
        return become(State::Init, Token::Linebreak);
    }
    const Token found = after_space(Token::Time, State::Suffix);
    if (found == Token::Invalid || token() != " #" || here() != ' ') return found;
    // Once the space is read it must become an exemplar; the lexer of the original does not go back.
    ++at_;
    if (here() != '{') return Token::Invalid;
    ++at_;
    return become(State::ExemplarLabels, Token::Comment);
}

Token ExpositionLexer::open_metrics_exemplar_value() {
    if (here() == '"') return quoted(Token::LabelValue, State::ExemplarLabels, false);
    return after_space(Token::Value, State::ExemplarSuffix);
}

Token ExpositionLexer::open_metrics_exemplar_timestamp() {
    if (here() == '\n') {
        ++at_;
        return become(State::Init, Token::Linebreak);
    }
    return after_space(Token::Time, State::ExemplarSuffix);
}

}  // namespace tocsin
