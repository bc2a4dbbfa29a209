#include "parser/template/tree_parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/lexer.h"
#include "parser/template/unicode.h"

namespace tocsin::templates {
namespace {

using TokenKind = Token::Kind;

// Nobody reads more.
constexpr std::size_t kProblemsMax = 100;

// How a list of nodes ended.
enum class ListEnd { End, Else };

std::string describe(const Token& token) {
    if (token.kind == TokenKind::End) return "EOF";
    if (token.kind == TokenKind::Error) return token.problem;
    if (token.kind > TokenKind::Keyword) return fmt::format("<{}>", token.text);
    const std::string_view start = token.text.substr(0, bytes_of_runes(token.text, 10));
    return go_quote(start) + (token.text.size() > 10 ? "..." : "");
}

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

/// Recursive descent with three tokens of look-ahead. Every function returns false once a mistake was found;
/// `problems_` has it then and nothing else may be done.
class TreeParser {
public:
    TreeParser(std::string_view name, std::string_view text, const TreeParserOptions& options);
    bool parse();

    TemplateProblems take_problems() { return std::move(problems_); }
    std::map<std::string, Tree> take_trees() { return std::move(trees_); }

private:
    struct Nesting;

    Token next();
    Token peek();
    Token next_non_space();
    Token peek_non_space();
    void backup() { ++peeked_; }
    void backup(Token first);
    void backup(Token first, Token second);
    bool expect(TokenKind kind, std::string_view context);

    bool error(std::string reason);
    void report(std::string reason, std::size_t line, TextSpan where);
    bool unexpected(const Token& token, std::string_view context);

    bool add(Tree tree);
    Tree make_tree(std::string name, NodeList root) const;
    bool definition();
    bool separate_list(NodeList& into, std::string_view context);
    bool item_list(NodeList& into, ListEnd& end);
    bool text_or_action(NodeList& into, std::optional<ListEnd>& end);
    bool action(NodeList& into, std::optional<ListEnd>& end);
    bool control(NodeList& into, Node::Kind kind, std::string_view context);
    bool else_branch(Node& node, std::string_view context);
    bool jump(NodeList& into, Node::Kind kind, std::string_view word, const Token& token);
    bool else_action(std::optional<ListEnd>& end);
    bool block(NodeList& into);
    bool template_call(NodeList& into);
    bool template_name(const Token& token, std::string_view context, std::string& into);

    bool pipeline(std::string_view context, TokenKind end, Pipeline& into);
    bool declarations(std::string_view context, Pipeline& into);
    bool check_pipeline(const Pipeline& pipeline, std::string_view context);
    bool command(Command& into);
    bool operand(std::optional<Operand>& into);
    bool chain(Operand& operand);
    bool term(std::optional<Operand>& into);
    bool number(const Token& token, Operand& into);
    bool function(const Token& token, Operand& into);
    bool variable(const Token& token, Operand& into);
    bool string(const Token& token, Operand& into);

    std::string name_;
    std::shared_ptr<const std::string> text_;
    const TreeParserOptions& options_;
    Lexer lexer_;
    std::array<Token, 3> tokens_;
    std::size_t peeked_ = 0;
    std::vector<std::string> variables_;
    std::size_t range_depth_ = 0;
    std::size_t nesting_ = 0;
    std::size_t action_line_ = 0;  // of the action that is being read, 0 outside of one
    std::map<std::string, Tree> trees_;
    TemplateProblems problems_;
};

struct TreeParser::Nesting {
    explicit Nesting(TreeParser& parser) : parser_(parser) { ++parser_.nesting_; }
    ~Nesting() { --parser_.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

    bool allowed() const {
        const std::size_t max = parser_.options_.limits.nesting;
        return parser_.nesting_ <= max || parser_.error(fmt::format("nested deeper than {} levels", max));
    }

private:
    TreeParser& parser_;
};

TreeParser::TreeParser(std::string_view name, std::string_view text, const TreeParserOptions& options)
    : name_(name),
      text_(std::make_shared<const std::string>(text)),
      options_(options),
      lexer_(*text_),
      variables_({"$"}) {
    variables_.insert(variables_.end(), options.variables.begin(), options.variables.end());
}

Token TreeParser::next() {
    if (peeked_ > 0) {
        --peeked_;
    } else {
        tokens_[0] = lexer_.next();
    }
    return tokens_[peeked_];
}

Token TreeParser::peek() {
    if (peeked_ > 0) return tokens_[peeked_ - 1];
    peeked_ = 1;
    tokens_[0] = lexer_.next();
    return tokens_[0];
}

// The token that was read last is in tokens_[0] already.
void TreeParser::backup(Token first) {
    tokens_[1] = std::move(first);
    peeked_ = 2;
}

void TreeParser::backup(Token first, Token second) {
    tokens_[1] = std::move(second);
    tokens_[2] = std::move(first);
    peeked_ = 3;
}

Token TreeParser::next_non_space() {
    Token token = next();
    while (token.kind == TokenKind::Space) token = next();
    return token;
}

Token TreeParser::peek_non_space() {
    Token token = next_non_space();
    backup();
    return token;
}

void TreeParser::report(std::string reason, std::size_t line, TextSpan where) {
    std::string message = fmt::format("template: {}:{}: {}", name_, line, reason);
    problems_.push_back({name_, where, std::move(reason), std::move(message)});
}

bool TreeParser::error(std::string reason) {
    const Token& token = tokens_[0];
    const std::size_t end = std::min(token.position + std::max<std::size_t>(token.text.size(), 1), text_->size());
    report(std::move(reason), token.line, {token.position, end});
    return false;
}

bool TreeParser::unexpected(const Token& token, std::string_view context) {
    if (token.kind != TokenKind::Error) return error(fmt::format("unexpected {} in {}", describe(token), context));
    std::string extra;
    if (action_line_ != 0 && action_line_ != token.line) {
        const bool says_action = token.problem.ends_with(" action");
        extra = fmt::format("{} started at {}:{}", says_action ? "" : " in action", name_, action_line_);
    }
    return error(token.problem + extra);
}

bool TreeParser::expect(TokenKind kind, std::string_view context) {
    const Token token = next_non_space();
    return token.kind == kind || unexpected(token, context);
}

Tree TreeParser::make_tree(std::string name, NodeList root) const {
    return {std::move(name), name_, text_, options_.column_offset, std::move(root)};
}

bool TreeParser::add(Tree tree) {
    const auto found = trees_.find(tree.name);
    if (found == trees_.end() || found->second.is_empty()) {
        std::string name = tree.name;
        trees_.insert_or_assign(std::move(name), std::move(tree));
        return true;
    }
    return tree.is_empty() || error(fmt::format("template: multiple definition of template {}", go_quote(tree.name)));
}

bool TreeParser::parse() {
    if (text_->size() > options_.limits.text_bytes) {
        return error(fmt::format("text is larger than {} bytes", options_.limits.text_bytes));
    }
    NodeList root;
    while (peek().kind != TokenKind::End) {
        if (peek().kind == TokenKind::LeftDelimiter) {
            Token delimiter = next();
            if (next_non_space().kind == TokenKind::Define) {
                if (!definition()) return false;
                continue;
            }
            backup(std::move(delimiter));
        }
        std::optional<ListEnd> end;
        if (!text_or_action(root, end)) return false;
        if (end) return error(*end == ListEnd::End ? "unexpected {{end}}" : "unexpected {{else}}");
    }
    return add(make_tree(name_, std::move(root))) && problems_.empty();
}

// `define` has been read.
bool TreeParser::definition() {
    constexpr std::string_view kContext = "define clause";
    const Token token = next_non_space();
    std::string name;
    NodeList root;
    return template_name(token, kContext, name) && expect(TokenKind::RightDelimiter, kContext) &&
           separate_list(root, kContext) && add(make_tree(std::move(name), std::move(root)));
}

// A list that belongs to a template of its own: it does not see the variables around it.
bool TreeParser::separate_list(NodeList& into, std::string_view context) {
    const auto outer_variables = std::exchange(variables_, {"$"});
    const std::size_t outer_range_depth = std::exchange(range_depth_, 0);
    ListEnd end = ListEnd::End;
    if (!item_list(into, end)) return false;
    variables_ = outer_variables;
    range_depth_ = outer_range_depth;
    return end == ListEnd::End || error(fmt::format("unexpected {{{{else}}}} in {}", context));
}

bool TreeParser::item_list(NodeList& into, ListEnd& end) {
    const Nesting nesting(*this);
    if (!nesting.allowed()) return false;
    while (peek_non_space().kind != TokenKind::End) {
        std::optional<ListEnd> ended;
        if (!text_or_action(into, ended)) return false;
        if (ended) {
            end = *ended;
            return true;
        }
    }
    return error("unexpected EOF");
}

bool TreeParser::text_or_action(NodeList& into, std::optional<ListEnd>& end) {
    const Token token = next_non_space();
    if (token.kind == TokenKind::Text) {
        Node& node = into.emplace_back();
        node.position = token.position;
        node.line = token.line;
        node.text = std::string(token.text);
        return true;
    }
    if (token.kind != TokenKind::LeftDelimiter) return unexpected(token, "input");
    action_line_ = token.line;
    const bool good = action(into, end);
    action_line_ = 0;
    return good;
}

bool TreeParser::action(NodeList& into, std::optional<ListEnd>& end) {
    const Token token = next_non_space();
    switch (token.kind) {
        case TokenKind::Block:
            return block(into);
        case TokenKind::Break:
            return jump(into, Node::Kind::Break, "{{break}}", token);
        case TokenKind::Continue:
            return jump(into, Node::Kind::Continue, "{{continue}}", token);
        case TokenKind::Else:
            return else_action(end);
        case TokenKind::EndKeyword:
            end = ListEnd::End;
            return expect(TokenKind::RightDelimiter, "end");
        case TokenKind::If:
            return control(into, Node::Kind::If, "if");
        case TokenKind::Range:
            return control(into, Node::Kind::Range, "range");
        case TokenKind::Template:
            return template_call(into);
        case TokenKind::With:
            return control(into, Node::Kind::With, "with");
        default:
            break;
    }
    backup();
    Node node;
    node.kind = Node::Kind::Action;
    node.position = token.position;
    node.line = token.line;
    node.pipeline = std::make_unique<Pipeline>();
    if (!pipeline("command", TokenKind::RightDelimiter, *node.pipeline)) return false;
    into.push_back(std::move(node));
    return true;
}

bool TreeParser::jump(NodeList& into, Node::Kind kind, std::string_view word, const Token& token) {
    const Token closing = next_non_space();
    if (closing.kind != TokenKind::RightDelimiter) return unexpected(closing, word);
    if (range_depth_ == 0) return error(fmt::format("{} outside {{{{range}}}}", word));
    Node& node = into.emplace_back();
    node.kind = kind;
    node.position = token.position;
    node.line = token.line;
    return true;
}

bool TreeParser::else_action(std::optional<ListEnd>& end) {
    end = ListEnd::Else;
    const TokenKind following = peek_non_space().kind;
    // `{{else if …}}` is read as `{{else}}{{if …}}` by else_branch().
    if (following == TokenKind::If || following == TokenKind::With) return true;
    return expect(TokenKind::RightDelimiter, "else");
}

bool TreeParser::control(NodeList& into, Node::Kind kind, std::string_view context) {
    const std::size_t variables_outside = variables_.size();
    Node node;
    node.kind = kind;
    node.pipeline = std::make_unique<Pipeline>();
    if (!pipeline(context, TokenKind::RightDelimiter, *node.pipeline)) return false;
    node.position = node.pipeline->position;
    node.line = node.pipeline->line;
    if (kind == Node::Kind::Range) ++range_depth_;
    ListEnd end = ListEnd::End;
    if (!item_list(node.list, end)) return false;
    if (kind == Node::Kind::Range) --range_depth_;
    if (end == ListEnd::Else && !else_branch(node, context)) return false;
    variables_.resize(variables_outside);
    into.push_back(std::move(node));
    return true;
}

bool TreeParser::else_branch(Node& node, std::string_view context) {
    node.has_else = true;
    const TokenKind following = peek().kind;
    const bool goes_on = (node.kind == Node::Kind::If && following == TokenKind::If) ||
                         (node.kind == Node::Kind::With && following == TokenKind::With);
    if (goes_on) {
        const Nesting nesting(*this);
        next();
        // One `{{end}}` closes both.
        return nesting.allowed() && control(node.else_list, node.kind, context);
    }
    ListEnd end = ListEnd::End;
    if (!item_list(node.else_list, end)) return false;
    return end == ListEnd::End || error("expected end; found {{else}}");
}

bool TreeParser::template_name(const Token& token, std::string_view context, std::string& into) {
    if (token.kind != TokenKind::String && token.kind != TokenKind::RawString) return unexpected(token, context);
    const auto name = unquote(token.text);
    if (!name) return error("invalid syntax");
    into = *name;
    return true;
}

bool TreeParser::template_call(NodeList& into) {
    constexpr std::string_view kContext = "template clause";
    const Token token = next_non_space();
    Node node;
    node.kind = Node::Kind::Template;
    node.position = token.position;
    node.line = token.line;
    if (!template_name(token, kContext, node.text)) return false;
    if (next_non_space().kind != TokenKind::RightDelimiter) {
        backup();
        node.pipeline = std::make_unique<Pipeline>();
        if (!pipeline(kContext, TokenKind::RightDelimiter, *node.pipeline)) return false;
    }
    into.push_back(std::move(node));
    return true;
}

bool TreeParser::block(NodeList& into) {
    constexpr std::string_view kContext = "block clause";
    const Token token = next_non_space();
    Node node;
    node.kind = Node::Kind::Template;
    node.position = token.position;
    node.line = token.line;
    node.pipeline = std::make_unique<Pipeline>();
    NodeList list;
    if (!template_name(token, kContext, node.text) || !pipeline(kContext, TokenKind::RightDelimiter, *node.pipeline) ||
        !separate_list(list, kContext) || !add(make_tree(node.text, std::move(list)))) {
        return false;
    }
    into.push_back(std::move(node));
    return true;
}

bool TreeParser::pipeline(std::string_view context, TokenKind end, Pipeline& into) {
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

bool TreeParser::declarations(std::string_view context, Pipeline& into) {
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

bool TreeParser::check_pipeline(const Pipeline& pipeline, std::string_view context) {
    if (pipeline.commands.empty()) return error(fmt::format("missing value for {}", context));
    for (std::size_t i = 1; i < pipeline.commands.size(); ++i) {
        if (is_executable(pipeline.commands[i].words[0])) continue;
        return error(fmt::format("non executable command in pipeline stage {}", i + 1));
    }
    return true;
}

bool TreeParser::command(Command& into) {
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

bool TreeParser::operand(std::optional<Operand>& into) {
    if (!term(into)) return false;
    return !into || peek().kind != TokenKind::Field || chain(*into);
}

// Fields right behind a term.
bool TreeParser::chain(Operand& operand) {
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

bool TreeParser::term(std::optional<Operand>& into) {
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

bool TreeParser::function(const Token& token, Operand& into) {
    into.kind = Operand::Kind::Function;
    const auto found = options_.functions->find(token.text);
    if (found != options_.functions->end()) {
        into.function = found->second;
    } else {
        report(fmt::format("function {} not defined", go_quote(token.text)), tokens_[0].line,
               {token.position, token.position + token.text.size()});
    }
    return problems_.size() < kProblemsMax;
}

bool TreeParser::variable(const Token& token, Operand& into) {
    into.kind = Operand::Kind::Variable;
    if (std::ranges::find(variables_, token.text) != variables_.end()) return true;
    // More than this token may have been read to see that it declares nothing.
    report(fmt::format("undefined variable {}", go_quote(token.text)), tokens_[0].line,
           {token.position, token.position + token.text.size()});
    return false;
}

bool TreeParser::number(const Token& token, Operand& into) {
    into.kind = Operand::Kind::Number;
    const auto parsed = token.kind == TokenKind::CharConstant ? parse_char_literal(token.text)
                        : token.kind == TokenKind::Complex    ? parse_complex_literal(token.text)
                                                              : parse_number_literal(token.text);
    if (!parsed) return error(parsed.error().message);
    into.number = *parsed;
    return true;
}

bool TreeParser::string(const Token& token, Operand& into) {
    into.kind = Operand::Kind::String;
    auto text = unquote(token.text);
    if (!text) return error("invalid syntax");
    into.unquoted = std::move(*text);
    return true;
}

}  // namespace

TemplateParsed<std::map<std::string, Tree>> parse_trees(std::string_view name, std::string_view text,
                                                        const TreeParserOptions& options) {
    TreeParser parser(name, text, options);
    if (!parser.parse()) return tl::unexpected<TemplateProblems>(parser.take_problems());
    return parser.take_trees();
}

}  // namespace tocsin::templates
