#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/diagnostic.h"
#include "base/matcher.h"
#include "base/time.h"
#include "engine/functions/function.h"
#include "parser/ast.h"

/// A PromQL expression whose names are resolved and whose types fit: what engine/eval makes operators of. Parentheses and unary plus
/// are gone, constants are folded, durations are numbers, defaults are filled in. Immutable.
namespace tocsin {

struct PlanNode;
using PlanPtr = std::shared_ptr<const PlanNode>;

/// Where in time a selector or subquery looks, seen from the evaluation's own time.
struct TimeShift {
    Duration offset{0};
    std::optional<AtModifier> at;
};

struct PlanNumber {
    double value = 0;
};

struct PlanString {
    std::string value;
};

struct PlanSelector {
    Matchers matchers;
    TimeShift shift;
    Extension extension = Extension::None;
};

struct PlanWindow {
    PlanSelector selector;
    Duration range{0};
};

struct PlanSubquery {
    PlanPtr operand;
    Duration range{0};
    Duration step{0};
    TimeShift shift;
};

struct PlanCall {
    const FunctionDef* function = nullptr;
    std::vector<PlanPtr> arguments;
};

struct PlanAggregate {
    AggregateOp op{};
    PlanPtr parameter;  // null where the operator has none
    PlanPtr operand;
    bool without = false;
    std::vector<std::string> grouping;  // sorted, each once
};

struct PlanBinary {
    BinaryOp op{};
    PlanPtr left, right;
    bool return_bool = false;
    VectorMatching matching;  // between two vectors only; `labels` sorted
};

struct PlanNegate {
    PlanPtr operand;
};

struct PlanNode {
    using Node = std::variant<PlanAggregate, PlanBinary, PlanCall, PlanNegate, PlanNumber, PlanSelector, PlanString, PlanSubquery,
                              PlanWindow>;
    Node node;
    ValueType type = ValueType::Vector;
    TextSpan span;  // in the text of the expression
    /// Says everything about the node: nodes of one plan with the same key have the same value at the same time.
    std::string key;

    template <class T>
    const T* as() const { return std::get_if<T>(&node); }
};

}  // namespace tocsin
