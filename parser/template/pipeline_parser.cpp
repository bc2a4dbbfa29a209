#include "parser/template/pipeline_parser.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin::templates {
namespace {

using TokenKind = Token::Kind;

// Nobody reads more.
constexpr std::size_t kParseProblemsMax = 100;

bool begins_operand(TokenKind kind) {
    switch (kind) {
        case TokenKind::Bool:
        case TokenKind::CharConstant:
        case TokenKind::Complex:
        case TokenKind::Dot:
        case TokenKind::Field:
        case TokenKind::Identifier:
        case TokenKind::Number:
        case TokenKind::Nil:
        case TokenKind::RawString:
        case TokenKind::String:
        case TokenKind::Variable:
        case TokenKind::LeftParen:
            return true;
        default:
            return false;
    }
}

// Can be called, or at least be asked for something: what may follow a `|`.
bool is_executable(const Operand& operand) {
    switch (operand.kind) {
        case Operand::Kind::Bool:
        case Operand::Kind::Dot:
        case Operand::Kind::Nil:
        case Operand::Kind::Number:
        case Operand::Kind::String:
            return false;
        default:
            return true;
    }
}

}  // namespace

PipelineParser::PipelineParser(std::string_view name, std::string_view text, const TreeParserOptions& options)
    : TokenReader(name, text), options_(options), variables_({"$"}) {
    variables_.insert(variables_.end(), options.variables.begin(), options.variables.end());
}

bool PipelineParser::Nesting::allowed() const {
    const std::size_t max = parser_.options_.limits.nesting;
    return parser_.nesting_ <= max || parser_.error(fmt::format("nested deeper than {} levels", max));
}

bool PipelineParser::pipeline(std::string_view context, TokenKind end, Pipeline& into) {
    const Token first = peek_non_space();
    into.position = first.position;
    into.line = first.line;
    if (!declarations(context, into)) return false;
    while (true) {
        const Token token = next_non_space();
        if (token.kind == end) return check_pipeline(into, context);
        if (!begins_operand(token.kind)) return unexpected(token, context);
        backup();
        if (!command(into.commands.emplace_back())) return false;
    }
}

bool PipelineParser::declarations(std::string_view context, Pipeline& into) {
    while (peek_non_space().kind == TokenKind::Variable) {
        Token variable = next_non_space();
        // In `$x foo` the blank has to be put back, too.
        Token after = peek();
        const Token following = peek_non_space();
        const bool declares = following.kind == TokenKind::Assign || following.kind == TokenKind::Declare;
        const bool comma = following.kind == TokenKind::Char && following.text == ",";
        if (!declares && !comma) {
            if (after.kind == TokenKind::Space) {
                backup(std::move(variable), std::move(after));
            } else {
                backup(std::move(variable));
            }
            return true;
        }
        next_non_space();
        into.variables.emplace_back(variable.text);
        variables_.emplace_back(variable.text);
        if (declares) {
            into.assigns = following.kind == TokenKind::Assign;
            return true;
        }
        if (context != "range" || into.variables.size() >= 2) {
            return error(fmt::format("too many declarations in {}", context));
        }
        const TokenKind second = peek_non_space().kind;
        if (second != TokenKind::Variable && second != TokenKind::RightDelimiter && second != TokenKind::RightParen) {
            return error("range can only initialize variables");
        }
    }
    return true;
}

bool PipelineParser::check_pipeline(const Pipeline& pipeline, std::string_view context) {
    if (pipeline.commands.empty()) return error(fmt::format("missing value for {}", context));
    for (std::size_t i = 1; i < pipeline.commands.size(); ++i) {
        if (is_executable(pipeline.commands[i].words[0])) continue;
        return error(fmt::format("non executable command in pipeline stage {}", i + 1));
    }
    return true;
}

bool PipelineParser::command(Command& into) {
    into.position = peek_non_space().position;
    while (true) {
        peek_non_space();
        std::optional<Operand> word;
        if (!operand(word)) return false;
        if (word) into.words.push_back(std::move(*word));
        const Token token = next();
        if (token.kind == TokenKind::Space) continue;
        if (token.kind == TokenKind::RightDelimiter || token.kind == TokenKind::RightParen) {
            backup();
        } else if (token.kind != TokenKind::Pipe) {
            return unexpected(token, "operand");
        }
        return !into.words.empty() || error("empty command");
    }
}

bool PipelineParser::operand(std::optional<Operand>& into) {
    if (!term(into)) return false;
    return !into || peek().kind != TokenKind::Field || chain(*into);
}

// Fields right behind a term.
bool PipelineParser::chain(Operand& operand) {
    const std::size_t position = peek().position;
    std::vector<std::string> names;
    while (peek().kind == TokenKind::Field) names.emplace_back(next().text.substr(1));
    switch (operand.kind) {
        case Operand::Kind::Field:
        case Operand::Kind::Variable:
            operand.position = position;
            operand.names.insert(operand.names.end(), names.begin(), names.end());
            return true;
        case Operand::Kind::Bool:
        case Operand::Kind::String:
        case Operand::Kind::Number:
        case Operand::Kind::Nil:
        case Operand::Kind::Dot:
            return error(fmt::format("unexpected . after term {}", go_quote(to_string(operand))));
        case Operand::Kind::Function:
        case Operand::Kind::Chain:
        case Operand::Kind::Pipeline:
            break;
    }
    Operand outer;
    outer.kind = Operand::Kind::Chain;
    outer.position = position;
    outer.names = std::move(names);
    outer.inner = std::make_unique<Operand>(std::move(operand));
    operand = std::move(outer);
    return true;
}

bool PipelineParser::term(std::optional<Operand>& into) {
    const Token token = next_non_space();
    Operand made;
    made.position = token.position;
    made.text = std::string(token.text);
    bool good = true;
    switch (token.kind) {
        case TokenKind::Identifier:
            good = function(token, made);
            break;
        case TokenKind::Dot:
            made.kind = Operand::Kind::Dot;
            break;
        case TokenKind::Nil:
            made.kind = Operand::Kind::Nil;
            break;
        case TokenKind::Variable:
            good = variable(token, made);
            break;
        case TokenKind::Field:
            made.kind = Operand::Kind::Field;
            made.names.emplace_back(token.text.substr(1));
            break;
        case TokenKind::Bool:
            made.kind = Operand::Kind::Bool;
            made.boolean = token.text == "true";
            break;
        case TokenKind::CharConstant:
        case TokenKind::Complex:
        case TokenKind::Number:
            good = number(token, made);
            break;
        case TokenKind::LeftParen: {
            const Nesting nesting(*this);
            made.kind = Operand::Kind::Pipeline;
            made.pipeline = std::make_unique<Pipeline>();
            good = nesting.allowed() && pipeline("parenthesized pipeline", TokenKind::RightParen, *made.pipeline);
            // A pipeline in parentheses is known by where it begins itself.
            made.position = made.pipeline->position;
            break;
        }
        case TokenKind::String:
        case TokenKind::RawString:
            good = string(token, made);
            break;
        default:
            backup();
            return true;
    }
    if (good) into = std::move(made);
    return good;
}

bool PipelineParser::function(const Token& token, Operand& into) {
    into.kind = Operand::Kind::Function;
    const auto found = options_.functions->find(token.text);
    if (found != options_.functions->end()) {
        into.function = found->second;
    } else {
        report(fmt::format("function {} not defined", go_quote(token.text)), line(),
               {token.position, token.position + token.text.size()});
    }
    return problems().size() < kParseProblemsMax;
}

bool PipelineParser::variable(const Token& token, Operand& into) {
    into.kind = Operand::Kind::Variable;
    if (std::ranges::find(variables_, token.text) != variables_.end()) return true;
    // More than this token may have been read to see that it declares nothing.
    report(fmt::format("undefined variable {}", go_quote(token.text)), line(),
           {token.position, token.position + token.text.size()});
    return false;
}

bool PipelineParser::number(const Token& token, Operand& into) {
    into.kind = Operand::Kind::Number;
    const auto parsed = token.kind == TokenKind::CharConstant ? parse_char_literal(token.text)
                        : token.kind == TokenKind::Complex    ? parse_complex_literal(token.text)
                                                              : parse_number_literal(token.text);
    if (!parsed) return error(parsed.error().message);
    into.number = *parsed;
    return true;
}

bool PipelineParser::string(const Token& token, Operand& into) {
    into.kind = Operand::Kind::String;
    auto text = unquote(token.text);
    if (!text) return error("invalid syntax");
    into.unquoted = std::move(*text);
    return true;
}

}  // namespace tocsin::templates
