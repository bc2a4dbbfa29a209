#include "parser/template/tree.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin::templates {
namespace {

std::string fields(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += "." + name;
    return out;
}

std::string to_string(const NodeList& list) {
    std::string out;
    for (const Node& node : list) out += tocsin::templates::to_string(node);
    return out;
}

std::string branch(std::string_view keyword, const Node& node) {
    const std::string otherwise = node.has_else ? "{{else}}" + to_string(node.else_list) : "";
    return fmt::format("{{{{{} {}}}}}{}{}{{{{end}}}}", keyword, to_string(*node.pipeline), to_string(node.list),
                       otherwise);
}

Operand clone(const Operand& operand) {
    Operand copy;
    copy.kind = operand.kind;
    copy.position = operand.position;
    copy.text = operand.text;
    copy.names = operand.names;
    copy.number = operand.number;
    copy.boolean = operand.boolean;
    copy.unquoted = operand.unquoted;
    copy.function = operand.function;
    if (operand.inner) copy.inner = std::make_unique<Operand>(clone(*operand.inner));
    if (operand.pipeline) copy.pipeline = std::make_unique<Pipeline>(clone(*operand.pipeline));
    return copy;
}

Node clone(const Node& node) {
    Node copy;
    copy.kind = node.kind;
    copy.position = node.position;
    copy.line = node.line;
    copy.text = node.text;
    if (node.pipeline) copy.pipeline = std::make_unique<Pipeline>(clone(*node.pipeline));
    copy.list = clone(node.list);
    copy.else_list = clone(node.else_list);
    copy.has_else = node.has_else;
    return copy;
}

}  // namespace

bool Tree::is_empty() const {
    return std::ranges::all_of(root, [](const Node& node) {
        return node.kind == Node::Kind::Text && node.text.find_first_not_of(" \t\r\n\v\f") == std::string::npos;
    });
}

std::string to_string(const Operand& operand) {
    switch (operand.kind) {
        case Operand::Kind::Dot:
            return ".";
        case Operand::Kind::Nil:
            return "nil";
        case Operand::Kind::Bool:
            return operand.boolean ? "true" : "false";
        case Operand::Kind::Number:
        case Operand::Kind::String:
        case Operand::Kind::Function:
            return operand.text;
        case Operand::Kind::Field:
            return fields(operand.names);
        case Operand::Kind::Variable:
            return operand.text + fields(operand.names);
        case Operand::Kind::Chain:
            return to_string(*operand.inner) + fields(operand.names);
        case Operand::Kind::Pipeline:
            return "(" + to_string(*operand.pipeline) + ")";
    }
    return {};
}

std::string to_string(const Command& command) {
    std::string out;
    for (const Operand& word : command.words) out += (out.empty() ? "" : " ") + to_string(word);
    return out;
}

std::string to_string(const Pipeline& pipeline) {
    std::string out = join(pipeline.variables, ", ");
    if (!out.empty()) out += pipeline.assigns ? " = " : " := ";
    for (std::size_t i = 0; i < pipeline.commands.size(); ++i)
        out += (i > 0 ? " | " : "") + to_string(pipeline.commands[i]);
    return out;
}

std::string to_string(const Node& node) {
    switch (node.kind) {
        case Node::Kind::Text:
            return node.text;
        case Node::Kind::Action:
            return "{{" + to_string(*node.pipeline) + "}}";
        case Node::Kind::If:
            return branch("if", node);
        case Node::Kind::With:
            return branch("with", node);
        case Node::Kind::Range:
            return branch("range", node);
        case Node::Kind::Template:
            return fmt::format("{{{{template {}{}}}}}", go_quote(node.text),
                               node.pipeline ? " " + to_string(*node.pipeline) : "");
        case Node::Kind::Break:
            return "{{break}}";
        case Node::Kind::Continue:
            return "{{continue}}";
    }
    return {};
}

Pipeline clone(const Pipeline& pipeline) {
    Pipeline copy;
    copy.position = pipeline.position;
    copy.line = pipeline.line;
    copy.assigns = pipeline.assigns;
    copy.variables = pipeline.variables;
    copy.escapers = pipeline.escapers;
    for (const Command& command : pipeline.commands) {
        Command& made = copy.commands.emplace_back();
        made.position = command.position;
        for (const Operand& word : command.words) made.words.push_back(clone(word));
    }
    return copy;
}

NodeList clone(const NodeList& list) {
    NodeList copy;
    for (const Node& node : list) copy.push_back(clone(node));
    return copy;
}

std::string position_text(const Tree& tree, std::size_t position) {
    const std::string_view before = std::string_view(*tree.text).substr(0, position);
    const std::size_t line_break = before.rfind('\n');
    const std::size_t line = 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
    if (line_break == std::string_view::npos) return fmt::format("{}:{}", line, position + tree.column_offset);
    return fmt::format("{}:{}", line, position - line_break - 1);
}

}  // namespace tocsin::templates
