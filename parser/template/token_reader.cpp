#include "parser/template/token_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/unicode.h"

namespace tocsin::templates {
namespace {

using TokenKind = Token::Kind;

std::string describe(const Token& token) {
    if (token.kind == TokenKind::End) return "EOF";
    if (token.kind == TokenKind::Error) return token.problem;
    if (token.kind > TokenKind::Keyword) return fmt::format("<{}>", token.text);
    const std::string_view start = token.text.substr(0, bytes_of_runes(token.text, 10));
    return go_quote(start) + (token.text.size() > 10 ? "..." : "");
}

}  // namespace

TokenReader::TokenReader(std::string_view name, std::string_view text)
    : name_(name), text_(std::make_shared<const std::string>(text)), lexer_(*text_) {}

Token TokenReader::next() {
    if (peeked_ > 0) {
        --peeked_;
    } else {
        tokens_[0] = lexer_.next();
    }
    return tokens_[peeked_];
}

Token TokenReader::peek() {
    if (peeked_ > 0) return tokens_[peeked_ - 1];
    peeked_ = 1;
    tokens_[0] = lexer_.next();
    return tokens_[0];
}

// The token that was read last is in tokens_[0] already.
void TokenReader::backup(Token first) {
    tokens_[1] = std::move(first);
    peeked_ = 2;
}

void TokenReader::backup(Token first, Token second) {
    tokens_[1] = std::move(second);
    tokens_[2] = std::move(first);
    peeked_ = 3;
}

Token TokenReader::next_non_space() {
    Token token = next();
    while (token.kind == TokenKind::Space) token = next();
    return token;
}

Token TokenReader::peek_non_space() {
    Token token = next_non_space();
    backup();
    return token;
}

void TokenReader::report(std::string reason, std::size_t line, TextSpan where) {
    std::string message = fmt::format("template: {}:{}: {}", name_, line, reason);
    problems_.push_back({name_, where, std::move(reason), std::move(message)});
}

bool TokenReader::error(std::string reason) {
    const Token& token = tokens_[0];
    const std::size_t end = std::min(token.position + std::max<std::size_t>(token.text.size(), 1), text_->size());
    report(std::move(reason), token.line, {token.position, end});
    return false;
}

bool TokenReader::unexpected(const Token& token, std::string_view context) {
    if (token.kind != TokenKind::Error) return error(fmt::format("unexpected {} in {}", describe(token), context));
    std::string extra;
    if (action_line_ != 0 && action_line_ != token.line) {
        const bool says_action = token.problem.ends_with(" action");
        extra = fmt::format("{} started at {}:{}", says_action ? "" : " in action", name_, action_line_);
    }
    return error(token.problem + extra);
}

bool TokenReader::expect(TokenKind kind, std::string_view context) {
    const Token token = next_non_space();
    return token.kind == kind || unexpected(token, context);
}

}  // namespace tocsin::templates
