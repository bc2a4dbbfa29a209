#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "parser/template/lexer.h"
#include "parser/template/template_problem.h"

namespace tocsin::templates {

/// The tokens of a text with three of look-ahead, and the mistakes that were found in it.
class TokenReader {
public:
    TemplateProblems take_problems() { return std::move(problems_); }

protected:
    /// `name` is that of the text in messages.
    TokenReader(std::string_view name, std::string_view text);

    Token next();
    Token peek();
    Token next_non_space();
    Token peek_non_space();
    /// Puts back what was read last, and what was read before it.
    void backup() { ++peeked_; }
    void backup(Token first);
    void backup(Token first, Token second);

    /// Each reports a mistake at the token that was read last and returns false.
    bool error(std::string reason);
    bool unexpected(const Token& token, std::string_view context);
    bool expect(Token::Kind kind, std::string_view context);
    /// A mistake after which reading may go on.
    void report(std::string reason, std::size_t line, TextSpan where);

    /// Of the token that was read last.
    std::size_t line() const { return tokens_[0].line; }
    const std::string& name() const { return name_; }
    const std::shared_ptr<const std::string>& text() const { return text_; }
    const TemplateProblems& problems() const { return problems_; }

    std::size_t action_line_ = 0;  // of the action that is being read, 0 outside of one

private:
    std::string name_;
    std::shared_ptr<const std::string> text_;
    Lexer lexer_;
    std::array<Token, 3> tokens_;
    std::size_t peeked_ = 0;
    TemplateProblems problems_;
};

}  // namespace tocsin::templates
