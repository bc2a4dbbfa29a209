#include "parser/template/tree_parser.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/template/literal.h"
#include "parser/template/pipeline_parser.h"

namespace tocsin::templates {
namespace {

using TokenKind = Token::Kind;

// How a list of nodes ended.
enum class ListEnd { End, Else };

/// Reads the text between actions and what the actions hold together.
class TreeParser final : public PipelineParser {
public:
    TreeParser(std::string_view name, std::string_view text, const TreeParserOptions& options)
        : PipelineParser(name, text, options) {}

    bool parse();
    std::map<std::string, Tree> take_trees() { return std::move(trees_); }

private:
    bool add(Tree tree);
    Tree make_tree(std::string of, NodeList root) const;
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

    std::size_t range_depth_ = 0;
    std::map<std::string, Tree> trees_;
};

Tree TreeParser::make_tree(std::string of, NodeList root) const {
    return {std::move(of), name(), text(), options_.column_offset, std::move(root)};
}

bool TreeParser::add(Tree tree) {
    const auto found = trees_.find(tree.name);
    if (found == trees_.end() || found->second.is_empty()) {
        std::string key = tree.name;
        trees_.insert_or_assign(std::move(key), std::move(tree));
        return true;
    }
    return tree.is_empty() || error(fmt::format("template: multiple definition of template {}", go_quote(tree.name)));
}

bool TreeParser::parse() {
    if (text()->size() > options_.limits.text_bytes) {
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
    return add(make_tree(name(), std::move(root))) && problems().empty();
}

// `define` has been read.
bool TreeParser::definition() {
    constexpr std::string_view kContext = "define clause";
    const Token token = next_non_space();
    std::string defined;
    NodeList root;
    return template_name(token, kContext, defined) && expect(TokenKind::RightDelimiter, kContext) &&
           separate_list(root, kContext) && add(make_tree(std::move(defined), std::move(root)));
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
    const auto unquoted = unquote(token.text);
    if (!unquoted) return error("invalid syntax");
    into = *unquoted;
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

}  // namespace

TemplateParsed<std::map<std::string, Tree>> parse_trees(std::string_view name, std::string_view text,
                                                        const TreeParserOptions& options) {
    TreeParser parser(name, text, options);
    if (!parser.parse()) return tl::unexpected<TemplateProblems>(parser.take_problems());
    return parser.take_trees();
}

}  // namespace tocsin::templates
