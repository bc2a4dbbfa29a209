#include "parser/ast.h"

#include <algorithm>
#include <array>
#include <type_traits>

namespace tocsin {

namespace {

/// Calls `visit` with each ExprPtr of `node` that holds an operand.
template <class Node, class Visit>
void visit_operands(Node& node, Visit visit) {
    std::visit(
        [&](auto& what) {
            using T = std::remove_cvref_t<decltype(what)>;
            if constexpr (std::is_same_v<T, Aggregate>) {
                visit(what.parameter);
                visit(what.operand);
            } else if constexpr (std::is_same_v<T, Binary>) {
                visit(what.left);
                visit(what.right);
            } else if constexpr (std::is_same_v<T, Call>) {
                for (auto& argument : what.arguments) visit(argument);
            } else if constexpr (std::is_same_v<T, MatrixSelector>) {
                visit(what.selector);
            } else if constexpr (std::is_same_v<T, Paren>) {
                visit(what.inner);
            } else if constexpr (std::is_same_v<T, Subquery> || std::is_same_v<T, Unary>) {
                visit(what.operand);
            } else {
                static_assert(std::is_same_v<T, NumberLiteral> || std::is_same_v<T, StringLiteral> ||
                              std::is_same_v<T, VectorSelector>);
            }
        },
        node);
}

void take(ExprPtr& expr, std::vector<ExprPtr>& out) {
    if (expr) out.push_back(std::move(expr));
}

void take_duration(DurationExpr& duration, std::vector<ExprPtr>& out) {
    take(duration.expr, out);
    take(duration.written, out);
}

/// Moves whatever the node owns to `out`.
void take_children(Expr::Node& node, std::vector<ExprPtr>& out) {
    visit_operands(node, [&](ExprPtr& operand) { take(operand, out); });
    if (auto* matrix = std::get_if<MatrixSelector>(&node)) take_duration(matrix->range, out);
    if (auto* selector = std::get_if<VectorSelector>(&node)) take_duration(selector->offset, out);
    if (auto* subquery = std::get_if<Subquery>(&node)) {
        take_duration(subquery->range, out);
        take_duration(subquery->offset, out);
        if (subquery->step) take_duration(*subquery->step, out);
    }
}

ExprPtr clone_if(const ExprPtr& expr) { return expr ? clone(*expr) : nullptr; }

DurationExpr clone_duration(const DurationExpr& duration) {
    return {duration.value, clone_if(duration.expr), clone_if(duration.written)};
}

std::vector<ExprPtr> clone_all(const std::vector<ExprPtr>& exprs) {
    std::vector<ExprPtr> out;
    out.reserve(exprs.size());
    for (const ExprPtr& expr : exprs) out.push_back(clone(*expr));
    return out;
}

struct CloneNode {
    Expr::Node operator()(const Aggregate& node) const {
        return Aggregate{node.op,      clone_if(node.parameter), clone_if(node.operand),
                         node.without, node.has_grouping,        node.grouping};
    }
    Expr::Node operator()(const Binary& node) const {
        return Binary{node.op, clone_if(node.left), clone_if(node.right), node.return_bool, node.matching};
    }
    Expr::Node operator()(const Call& node) const {
        return Call{node.function, node.function_span, clone_all(node.arguments)};
    }
    Expr::Node operator()(const MatrixSelector& node) const {
        return MatrixSelector{clone_if(node.selector), clone_duration(node.range)};
    }
    Expr::Node operator()(const NumberLiteral& node) const { return node; }
    Expr::Node operator()(const Paren& node) const { return Paren{clone_if(node.inner)}; }
    Expr::Node operator()(const StringLiteral& node) const { return node; }
    Expr::Node operator()(const Subquery& node) const {
        std::optional<DurationExpr> step;
        if (node.step) step = clone_duration(*node.step);
        return Subquery{clone_if(node.operand), clone_duration(node.range), std::move(step),
                        clone_duration(node.offset), node.at};
    }
    Expr::Node operator()(const Unary& node) const { return Unary{node.negative, clone_if(node.operand)}; }
    Expr::Node operator()(const VectorSelector& node) const {
        return VectorSelector{node.name, node.matchers, clone_duration(node.offset), node.at, node.extension};
    }
};

}  // namespace

std::string_view to_string(ValueType type) {
    switch (type) {
        case ValueType::Scalar: return "scalar";
        case ValueType::Vector: return "instant vector";
        case ValueType::Matrix: return "range vector";
        case ValueType::String: return "string";
    }
    return {};
}

std::string_view to_string(BinaryOp op) {
    switch (op) {
        case BinaryOp::Add: return "+";
        case BinaryOp::And: return "and";
        case BinaryOp::Atan2: return "atan2";
        case BinaryOp::Div: return "/";
        case BinaryOp::Equal: return "==";
        case BinaryOp::Greater: return ">";
        case BinaryOp::GreaterOrEqual: return ">=";
        case BinaryOp::Less: return "<";
        case BinaryOp::LessOrEqual: return "<=";
        case BinaryOp::Mod: return "%";
        case BinaryOp::Mul: return "*";
        case BinaryOp::NotEqual: return "!=";
        case BinaryOp::Or: return "or";
        case BinaryOp::Pow: return "^";
        case BinaryOp::Sub: return "-";
        case BinaryOp::TrimLower: return "</";
        case BinaryOp::TrimUpper: return ">/";
        case BinaryOp::Unless: return "unless";
    }
    return {};
}

bool is_comparison(BinaryOp op) {
    constexpr std::array kComparisons{BinaryOp::Equal, BinaryOp::NotEqual,    BinaryOp::Greater,
                                      BinaryOp::Less,  BinaryOp::LessOrEqual, BinaryOp::GreaterOrEqual};
    return std::find(kComparisons.begin(), kComparisons.end(), op) != kComparisons.end();
}

bool is_set_operator(BinaryOp op) { return op == BinaryOp::And || op == BinaryOp::Or || op == BinaryOp::Unless; }

std::string_view to_string(AggregateOp op) {
    switch (op) {
        case AggregateOp::Avg: return "avg";
        case AggregateOp::Bottomk: return "bottomk";
        case AggregateOp::Count: return "count";
        case AggregateOp::CountValues: return "count_values";
        case AggregateOp::Group: return "group";
        case AggregateOp::LimitRatio: return "limit_ratio";
        case AggregateOp::Limitk: return "limitk";
        case AggregateOp::Max: return "max";
        case AggregateOp::Min: return "min";
        case AggregateOp::Quantile: return "quantile";
        case AggregateOp::Stddev: return "stddev";
        case AggregateOp::Stdvar: return "stdvar";
        case AggregateOp::Sum: return "sum";
        case AggregateOp::Topk: return "topk";
    }
    return {};
}

Expr::~Expr() {
    std::vector<ExprPtr> waiting;
    take_children(node, waiting);
    while (!waiting.empty()) {
        const ExprPtr expr = std::move(waiting.back());
        waiting.pop_back();
        take_children(expr->node, waiting);
    }
}

void for_each_operand(const Expr& expr, const std::function<void(const Expr&)>& visit) {
    visit_operands(expr.node, [&](const ExprPtr& operand) {
        if (operand) visit(*operand);
    });
}

ExprPtr clone(const Expr& expr) {
    // Down the left side of a chain of operators, then up again, since that may be long.
    std::vector<const Expr*> chain{&expr};
    while (const auto* binary = chain.back()->as<Binary>()) chain.push_back(binary->left.get());
    auto copy = std::make_unique<Expr>(std::visit(CloneNode{}, chain.back()->node), chain.back()->span);
    chain.pop_back();
    for (; !chain.empty(); chain.pop_back()) {
        const Binary& node = *chain.back()->as<Binary>();
        Binary upper{node.op, std::move(copy), clone(*node.right), node.return_bool, node.matching};
        copy = std::make_unique<Expr>(std::move(upper), chain.back()->span);
    }
    return copy;
}

}  // namespace tocsin
