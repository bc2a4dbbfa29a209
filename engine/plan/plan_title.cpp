#include "engine/plan/plan_title.h"

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"
#include "parser/printer_parts.h"

namespace tocsin {
namespace {

// Selectors have nothing to leave out.
std::string as_written(const PlanNode& node, std::string_view text) {
    return std::string(text.substr(node.span.begin, node.span.end - node.span.begin));
}

std::string title(const PlanNode& node, const PlanSelector&, std::string_view text) {
    return as_written(node, text);
}
std::string title(const PlanNode& node, const PlanWindow&, std::string_view text) {
    return as_written(node, text);
}

std::string title(const PlanNode&, const PlanNumber& number, std::string_view) {
    return format_go_float(number.value);
}
std::string title(const PlanNode&, const PlanString& string, std::string_view) {
    return go_quote(string.value);
}
std::string title(const PlanNode&, const PlanNegate&, std::string_view) {
    return "-";
}

std::string title(const PlanNode&, const PlanCall& call, std::string_view) {
    return fmt::format("{}()", call.function->name);
}

std::string title(const PlanNode&, const PlanSubquery& subquery, std::string_view) {
    return fmt::format("[{}:{}]", to_string(subquery.range), to_string(subquery.step));
}

std::string title(const PlanNode&, const PlanAggregate& aggregate, std::string_view) {
    Aggregate head;
    head.op = aggregate.op;
    head.without = aggregate.without;
    head.grouping = aggregate.grouping;
    return std::string(trim(head_text(head)));
}

std::string title(const PlanNode&, const PlanBinary& binary, std::string_view) {
    Binary head;
    head.op = binary.op;
    head.return_bool = binary.return_bool;
    const VectorMatching& matching = binary.matching;
    const bool is_plain = matching.labels.empty() && !matching.on && matching.include.empty() && !matching.fill_left &&
                          !matching.fill_right && matching.cardinality != VectorMatching::Cardinality::ManyToOne &&
                          matching.cardinality != VectorMatching::Cardinality::OneToMany;
    if (!is_plain) head.matching = matching;
    return head_text(head);
}

}  // namespace

std::string plan_title(const PlanNode& node, std::string_view text) {
    return std::visit([&](const auto& kind) { return title(node, kind, text); }, node.node);
}

std::vector<PlanPtr> operands_of(const PlanNode& node) {
    std::vector<PlanPtr> operands;
    if (const auto* aggregate = node.as<PlanAggregate>()) operands = {aggregate->parameter, aggregate->operand};
    if (const auto* binary = node.as<PlanBinary>()) operands = {binary->left, binary->right};
    if (const auto* call = node.as<PlanCall>()) operands = call->arguments;
    if (const auto* negate = node.as<PlanNegate>()) operands = {negate->operand};
    if (const auto* subquery = node.as<PlanSubquery>()) operands = {subquery->operand};
    std::erase(operands, nullptr);
    return operands;
}

}  // namespace tocsin
