#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tocsin::templates {

/// A piece of a template's text.
struct Token {
    enum class Kind {
        Error,  // `problem` says what is wrong
        End,
        Text,
        LeftDelimiter,
        RightDelimiter,
        Space,
        Assign,   // =
        Declare,  // :=
        Bool,
        Char,  // punctuation with no meaning of its own, such as the comma
        CharConstant,
        Complex,
        Number,
        String,
        RawString,
        Field,       // .Name
        Identifier,  // a function
        Variable,    // $name
        LeftParen,
        RightParen,
        Pipe,
        // Keywords; all after Keyword are one.
        Keyword,
        Block,
        Break,
        Continue,
        Define,
        Dot,
        Else,
        EndKeyword,
        If,
        Nil,
        Range,
        Template,
        With,
    };

    Kind kind = Kind::End;
    std::size_t position = 0;  // byte offset in the text
    std::size_t line = 1;      // where it begins
    std::string_view text;
    std::string problem;
};

/// Splits a text as Go's text/template/parse does: one token at a time, comments and trimmed space left out.
class Lexer {
public:
    /// `text` must outlive the lexer.
    explicit Lexer(std::string_view text) : text_(text) {}

    /// After End or Error the same comes again.
    Token next();

private:
    Token next_text();
    Token next_in_action();
    Token left_delimiter();
    Token right_delimiter();
    bool skip_comment(Token& problem);
    Token space();
    Token identifier();
    Token field_or_variable(Token::Kind kind);
    Token quoted(char quote, Token::Kind kind, std::string_view what);
    Token raw_string();
    Token number();

    Token emit(Token::Kind kind);
    Token fail(std::string problem);
    bool at(std::string_view expected) const { return text_.substr(position_).starts_with(expected); }
    bool at_right_delimiter(bool& trims) const;
    bool at_terminator() const;
    char32_t peek() const;
    char32_t take();
    bool accept(std::string_view set);
    void accept_run(std::string_view set);
    bool scan_number();
    void skip_space();

    std::string_view text_;
    std::size_t start_ = 0;     // of the token
    std::size_t position_ = 0;  // behind what was read of it
    std::size_t line_ = 1;      // of `start_`
    std::size_t paren_depth_ = 0;
    bool in_action_ = false;
};

}  // namespace tocsin::templates
