#include "engine/plan/plan_key.h"

#include <fmt/format.h>

#include <bit>

#include "base/text.h"

namespace tocsin {
namespace {

// Bits, since NaN and -0 count.
std::string key_of(double value) { return fmt::format("{:x}", std::bit_cast<std::uint64_t>(value)); }

std::string key_of(const std::optional<double>& value) { return value ? key_of(*value) : "-"; }

std::string key_of(const std::vector<std::string>& names) {
    std::string key;
    for (const std::string& name : names) key += go_quote(name) + ",";
    return key;
}

std::string key_of(const TimeShift& shift) {
    std::string key = fmt::format(" offset {}", shift.offset.count());
    if (shift.at) key += fmt::format(" @ {} {}", static_cast<int>(shift.at->kind), to_unix_ms(shift.at->time));
    return key;
}

std::string key_of(const PlanSelector& selector) {
    std::string key = "{";
    for (const Matcher& matcher : selector.matchers) {
        key += go_quote(matcher.name()) + std::string(to_string(matcher.op())) + go_quote(matcher.value()) + ",";
    }
    return key + "}" + key_of(selector.shift) + fmt::format(" ext {}", static_cast<int>(selector.extension));
}

std::string key_of(const PlanWindow& window) { return key_of(window.selector) + fmt::format("[{}]", window.range.count()); }

std::string key_of(const PlanNumber& number) { return key_of(number.value); }

std::string key_of(const PlanString& string) { return go_quote(string.value); }

std::string key_of(const PlanNegate& negate) { return "-(" + negate.operand->key + ")"; }

std::string key_of(const PlanSubquery& subquery) {
    return fmt::format("({})[{}:{}]", subquery.operand->key, subquery.range.count(), subquery.step.count()) +
           key_of(subquery.shift);
}

std::string key_of(const PlanCall& call) {
    std::string key = std::string(call.function->name) + "(";
    for (const PlanPtr& argument : call.arguments) key += argument->key + ";";
    return key + ")";
}

std::string key_of(const PlanAggregate& aggregate) {
    return fmt::format("{} {}({})({};{})", to_string(aggregate.op), aggregate.without ? "without" : "by",
                       key_of(aggregate.grouping), aggregate.parameter ? aggregate.parameter->key : "",
                       aggregate.operand->key);
}

std::string key_of(const PlanBinary& binary) {
    const VectorMatching& matching = binary.matching;
    return fmt::format("({}){} {} {} {}({}) group({}) fill {} {} ({})", binary.left->key, to_string(binary.op),
                       binary.return_bool, static_cast<int>(matching.cardinality), matching.on ? "on" : "ignoring",
                       key_of(matching.labels), key_of(matching.include), key_of(matching.fill_left),
                       key_of(matching.fill_right), binary.right->key);
}

}  // namespace

std::string plan_key(const PlanNode::Node& node) {
    return std::visit([](const auto& kind) { return key_of(kind); }, node);
}

}  // namespace tocsin
