#include "parser/template/regex_table.h"

namespace tocsin::templates {
namespace {

bool takes_pattern(const Operand& operand) {
    return operand.kind == Operand::Kind::Function && (operand.text == "match" || operand.text == "reReplaceAll");
}

}  // namespace

void RegexTable::add_constants(const NodeList& list) {
    for (const Node& node : list) {
        if (node.pipeline) add_constants(*node.pipeline);
        add_constants(node.list);
        add_constants(node.else_list);
    }
}

void RegexTable::add_constants(const Pipeline& pipeline) {
    for (const Command& command : pipeline.commands) {
        const bool has_pattern = takes_pattern(command.words[0]) && command.words.size() > 1;
        if (has_pattern && command.words[1].kind == Operand::Kind::String) add(command.words[1].unquoted);
        for (const Operand& word : command.words) add_constants(word);
    }
}

void RegexTable::add_constants(const Operand& operand) {
    if (operand.inner) add_constants(*operand.inner);
    if (operand.pipeline) add_constants(*operand.pipeline);
}

void RegexTable::add(const std::string& pattern) {
    if (compiled_.contains(pattern)) return;
    if (auto regex = Regex::compile(pattern, Regex::Anchoring::None)) compiled_.emplace(pattern, *std::move(regex));
}

const Regex* RegexTable::find(std::string_view pattern) const {
    const auto found = compiled_.find(pattern);
    return found == compiled_.end() ? nullptr : &found->second;
}

}  // namespace tocsin::templates
