#include "parser/template/facts.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/diagnostic.h"
#include "base/text.h"
#include "parser/template/types.h"

namespace tocsin::templates {
namespace {

constexpr std::size_t kProblemsMax = 100;

/// What is known of a value without executing anything.
struct Known {
    const Type* type = nullptr;    // null: nothing
    const Field* field = nullptr;  // the one of the data that it is; null when it is none or part of one
};

const Type* or_nothing(const Type* type) {
    return type != nullptr && type->kind == Kind::Interface ? nullptr : type;
}

class FactFinder {
public:
    explicit FactFinder(const TreeMap& trees) : trees_(trees) {}
    TemplateFacts find(const Template& compiled, const Type& data, const std::vector<PresetType>& presets);

private:
    using Words = std::span<const Operand>;
    struct Variable {
        std::string_view name;
        Known known;
    };

    void visit(const Known& dot, const NodeList& list);
    void visit(const Known& dot, const Node& node);
    void visit_branch(const Known& dot, const Node& node);
    void visit_range(const Known& dot, const Node& node);
    void visit_template(const Known& dot, const Node& node);
    void visit_tree(const Known& dot, const Tree& tree, std::vector<Variable> variables);

    Known type_of(const Known& dot, const Pipeline& pipeline);
    Known type_of(const Known& dot, const Command& command, bool has_final);
    Known type_of(const Known& dot, const Operand& operand);
    Known type_of_function(const Known& dot, const Operand& operand, Words words, bool has_final);
    Known follow(Known receiver, const Operand& operand);
    Known member(const Known& receiver, const std::string& name, TextSpan where);
    void note_field(const Known& value);
    void note_key(const Known& map, const std::string& key, TextSpan where);
    void report(std::string reason, TextSpan where);

    const TreeMap& trees_;
    const Type* data_ = nullptr;
    std::vector<Variable> variables_;
    const Tree* tree_ = nullptr;
    /// Where in the text itself a template of another text is called, while in one.
    const TextSpan* call_site_ = nullptr;
    std::set<std::tuple<const Tree*, const Type*>> visited_;
    TemplateFacts facts_;
};

TemplateFacts FactFinder::find(const Template& compiled, const Type& data, const std::vector<PresetType>& presets) {
    data_ = &data;
    std::vector<Variable> variables = {{"$", {&data, nullptr}}};
    for (const PresetType& preset : presets) {
        variables.push_back({preset.variable, {preset.field->type, preset.field}});
    }
    visit_tree({&data, nullptr}, compiled.root(), std::move(variables));
    if (facts_.problems.empty() && !compiled.escape_problem().empty()) {
        facts_.problems.push_back({compiled.root().name, {}, compiled.escape_problem(), compiled.escape_problem()});
    }
    return std::move(facts_);
}

void FactFinder::report(std::string reason, TextSpan where) {
    if (facts_.problems.size() >= kProblemsMax) return;
    std::string message =
        fmt::format("template: {}:{}: {}", tree_->parse_name, position_text(*tree_, where.begin), reason);
    if (call_site_ != nullptr) {
        // The place is that of the call; the text says where the mistake itself is.
        reason = message;
        where = *call_site_;
    }
    facts_.problems.push_back({tree_->name, where, std::move(reason), std::move(message)});
}

void FactFinder::visit_tree(const Known& dot, const Tree& tree, std::vector<Variable> variables) {
    if (!visited_.insert({&tree, dot.type}).second) return;
    const Tree* const caller = std::exchange(tree_, &tree);
    std::swap(variables_, variables);
    visit(dot, tree.root);
    std::swap(variables_, variables);
    tree_ = caller;
}

void FactFinder::visit(const Known& dot, const NodeList& list) {
    for (const Node& node : list) visit(dot, node);
}

void FactFinder::visit(const Known& dot, const Node& node) {
    switch (node.kind) {
        case Node::Kind::Text:
        case Node::Kind::Break:
        case Node::Kind::Continue:
            return;
        case Node::Kind::Action:
            type_of(dot, *node.pipeline);
            return;
        case Node::Kind::If:
        case Node::Kind::With:
            return visit_branch(dot, node);
        case Node::Kind::Range:
            return visit_range(dot, node);
        case Node::Kind::Template:
            return visit_template(dot, node);
    }
}

void FactFinder::visit_branch(const Known& dot, const Node& node) {
    const std::size_t outside = variables_.size();
    const Known value = type_of(dot, *node.pipeline);
    visit(node.kind == Node::Kind::With ? value : dot, node.list);
    visit(dot, node.else_list);
    variables_.resize(outside);
}

void FactFinder::visit_range(const Known& dot, const Node& node) {
    const std::size_t outside = variables_.size();
    const Known over = type_of(dot, *node.pipeline);
    Known element, index;
    if (over.type != nullptr) {
        const bool is_map = over.type->kind == Kind::Map;
        const bool counts = over.type->kind == Kind::Int || over.type->kind == Kind::Uint;
        element.type = counts ? over.type : or_nothing(over.type->element);
        index.type = is_map ? &types::string : &types::integer;
    }
    const auto& names = node.pipeline->variables;
    if (!node.pipeline->assigns && !names.empty()) variables_.back().known = element;
    if (!node.pipeline->assigns && names.size() > 1) variables_[variables_.size() - 2].known = index;
    visit(element, node.list);
    visit(dot, node.else_list);
    variables_.resize(outside);
}

void FactFinder::visit_template(const Known& dot, const Node& node) {
    const Known argument = node.pipeline ? type_of(dot, *node.pipeline) : Known();
    const TextSpan where{node.position, node.position + go_quote(node.text).size()};
    const auto found = trees_.find(node.text);
    if (found == trees_.end()) return report(fmt::format("template {} not defined", go_quote(node.text)), where);
    const bool leaves_text = call_site_ == nullptr && found->second->text != tree_->text;
    if (leaves_text) call_site_ = &where;
    visit_tree(argument, *found->second, {{"$", argument}});
    if (leaves_text) call_site_ = nullptr;
}

Known FactFinder::type_of(const Known& dot, const Pipeline& pipeline) {
    Known value;
    for (std::size_t i = 0; i < pipeline.commands.size(); ++i) value = type_of(dot, pipeline.commands[i], i > 0);
    for (const std::string& variable : pipeline.variables) {
        if (!pipeline.assigns) {
            variables_.push_back({variable, value});
            continue;
        }
        // Which assignment came last is not known here: different types are none.
        for (Variable& known : variables_) {
            if (known.name == variable && known.known.type != value.type) known.known = {};
        }
    }
    return value;
}

Known FactFinder::type_of(const Known& dot, const Command& command, bool has_final) {
    const Operand& first = command.words[0];
    if (first.kind == Operand::Kind::Function) return type_of_function(dot, first, command.words, has_final);
    for (const Operand& word : Words(command.words).subspan(1)) type_of(dot, word);
    return type_of(dot, first);
}

Known FactFinder::type_of(const Known& dot, const Operand& operand) {
    switch (operand.kind) {
        case Operand::Kind::Dot:
            return dot;
        case Operand::Kind::Nil:
            return {};
        case Operand::Kind::Bool:
            return {&types::boolean, nullptr};
        case Operand::Kind::Number:
            return {};
        case Operand::Kind::String:
            return {&types::string, nullptr};
        case Operand::Kind::Field:
            return follow(dot, operand);
        case Operand::Kind::Variable: {
            const auto found = std::find_if(variables_.rbegin(), variables_.rend(),
                                            [&](const Variable& v) { return v.name == operand.text; });
            const Known known = found == variables_.rend() ? Known() : found->known;
            note_field(known);
            return follow(known, operand);
        }
        case Operand::Kind::Function:
            return type_of_function(dot, operand, {&operand, 1}, false);
        case Operand::Kind::Chain:
            return follow(type_of(dot, *operand.inner), operand);
        case Operand::Kind::Pipeline:
            return type_of(dot, *operand.pipeline);
    }
    return {};
}

Known FactFinder::type_of_function(const Known& dot, const Operand& operand, Words words, bool has_final) {
    const Function& function = *operand.function;
    std::vector<Known> arguments;
    for (const Operand& word : words.subspan(1)) arguments.push_back(type_of(dot, word));
    const TextSpan where{operand.position, operand.position + operand.text.size()};

    const std::size_t given = arguments.size() + (has_final ? 1 : 0);
    const std::size_t fixed = function.parameter_count() - (function.variadic ? 1 : 0);
    if (given < fixed || (!function.variadic && given > fixed)) {
        report(fmt::format("wrong number of args for {}: want {}{} got {}", operand.text,
                           function.variadic ? "at least " : "", fixed, given),
               where);
    }
    const bool has_text = words.size() > 1 && words.back().kind == Operand::Kind::String;
    if (operand.text == "query") {
        facts_.uses_query = true;
        if (has_text && call_site_ == nullptr) {
            facts_.queries.push_back(
                {words[1].unquoted, {words[1].position, words[1].position + words[1].text.size()}});
        }
    }
    if (operand.text == "index" && words.size() == 3 && arguments[0].type != nullptr) {
        if (has_text)
            note_key(arguments[0], words[2].unquoted, {words[2].position, words[2].position + words[2].text.size()});
        return {or_nothing(arguments[0].type->element), nullptr};
    }
    return {or_nothing(function.result), nullptr};
}

// The names behind an operand one after the other; the position is that of the second name of a field, and of the first
// otherwise.
Known FactFinder::follow(Known receiver, const Operand& operand) {
    std::size_t at = operand.position;
    if (operand.kind == Operand::Kind::Field && operand.names.size() > 1) at -= operand.names[0].size() + 1;
    for (const std::string& name : operand.names) {
        const TextSpan where{at, at + 1 + name.size()};
        receiver = member(receiver, name, where);
        at = where.end;
    }
    return receiver;
}

Known FactFinder::member(const Known& receiver, const std::string& name, TextSpan where) {
    if (receiver.type == nullptr) return {};
    const Type& type = *receiver.type;
    if (const Function* method = type.find_method(name)) return {or_nothing(method->result), nullptr};
    if (const Field* field = type.find_field(name)) {
        const Known value{or_nothing(field->type), &type == data_ ? field : nullptr};
        note_field(value);
        return value;
    }
    if (type.kind == Kind::Map) {
        note_key(receiver, name, where);
        return {or_nothing(type.element), nullptr};
    }
    std::vector<std::string_view> candidates;
    for (const Field& field : type.fields) candidates.push_back(field.name);
    for (const Function& method : type.methods) candidates.push_back(method.name);
    const std::string_view meant = nearest(name, candidates);
    report(fmt::format("can't evaluate field {} in type {}{}{}", name, type.name,
                       meant.empty() ? "" : "; did you mean ", meant),
           where);
    return {};
}

void FactFinder::note_field(const Known& value) {
    if (value.field != nullptr && value.type == &types::float64 && value.field->name == "Value")
        facts_.uses_value = true;
}

void FactFinder::note_key(const Known& map, const std::string& key, TextSpan where) {
    if (map.field == nullptr || map.type == nullptr || map.type->kind != Kind::Map) return;
    facts_.keys.push_back({std::string(map.field->name), key, call_site_ != nullptr ? *call_site_ : where});
}

}  // namespace

TemplateFacts find_facts(const Template& compiled, const Type& data, const std::vector<PresetType>& variables) {
    return FactFinder(compiled.trees()).find(compiled, data, variables);
}

}  // namespace tocsin::templates
