#include "rules/possible_labels.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/labels.h"
#include "engine/functions/function.h"

namespace tocsin {
namespace {

// Deeper expressions are not looked at: a chain of operators may be longer than the stack is deep.
constexpr std::size_t kDepthMax = 200;

PossibleLabels only(const std::vector<std::string>& names) {
    return PossibleLabels::only({names.begin(), names.end()});
}

PossibleLabels none() {
    return PossibleLabels::only({});
}

PossibleLabels all_but(const std::vector<std::string>& names) {
    return only(names).complement();
}

const Expr& without_parens(const Expr& expr) {
    const Expr* inner = &expr;
    while (const auto* paren = inner->as<Paren>()) inner = paren->inner.get();
    return *inner;
}

/// A constant text as the one name, nothing for anything else.
PossibleLabels named_by(const Expr& argument) {
    const auto* text = without_parens(argument).as<StringLiteral>();
    return text == nullptr ? none() : PossibleLabels::only({text->value});
}

/// What an operand gives. A scalar has no labels and takes none from the other side.
struct Operand {
    PossibleLabels labels = none();
    bool is_scalar = false;
};

class Walk {
public:
    Operand of(const Expr& expr) {
        if (depth_ >= kDepthMax) return {PossibleLabels::all()};
        ++depth_;
        Operand found = std::visit([this](const auto& node) { return of_node(node); }, expr.node);
        --depth_;
        return found;
    }

private:
    Operand of_node(const Aggregate& node);
    Operand of_node(const Binary& node);
    Operand of_node(const Call& node);
    Operand of_node(const MatrixSelector& node) { return of(*node.selector); }
    Operand of_node(const NumberLiteral&) { return {none(), true}; }
    Operand of_node(const Paren& node) { return of(*node.inner); }
    Operand of_node(const StringLiteral&) { return {none(), true}; }
    Operand of_node(const Subquery& node) { return of(*node.operand); }
    Operand of_node(const Unary& node) { return of(*node.operand); }
    Operand of_node(const VectorSelector& node);

    PossibleLabels of_arguments(const Call& node);
    PossibleLabels of_absent(const Expr& argument);
    PossibleLabels of_builtin(Builtin builtin, const Call& node);

    std::size_t depth_ = 0;
};

// A matcher for the empty text takes series without the label.
Operand Walk::of_node(const VectorSelector& node) {
    std::vector<std::string> absent;
    for (const Matcher& matcher : node.matchers) {
        if (matcher.op() == MatchOp::Equal && matcher.value().empty()) absent.push_back(matcher.name());
    }
    return {all_but(absent)};
}

Operand Walk::of_node(const Aggregate& node) {
    const PossibleLabels operand = of(*node.operand).labels;
    switch (node.op) {
        case AggregateOp::Bottomk:
        case AggregateOp::LimitRatio:
        case AggregateOp::Limitk:
        case AggregateOp::Topk:
            return {operand};  // these pick elements and leave them as they are
        default:
            break;
    }
    const PossibleLabels kept = operand & (node.without ? all_but(node.grouping) : only(node.grouping));
    return {node.op == AggregateOp::CountValues ? kept | named_by(*node.parameter) : kept};
}

// https://prometheus.io/docs/prometheus/latest/querying/operators/#vector-matching: what is matched on is the same on
// both sides, so an element that has such a label meets only elements that have it too.
Operand Walk::of_node(const Binary& node) {
    const Operand left = of(*node.left);
    const Operand right = of(*node.right);
    if (left.is_scalar) return right;
    if (right.is_scalar) return left;
    const VectorMatching matching = node.matching.value_or(VectorMatching{});
    // Elements without a partner come with what is filled in.
    if (matching.fill_left || matching.fill_right) return {PossibleLabels::all()};

    const PossibleLabels matched = matching.on ? only(matching.labels) : all_but(matching.labels);
    const auto meeting = [&](const PossibleLabels& many, const PossibleLabels& one) {
        return many & (one | matched.complement());
    };
    if (node.op == BinaryOp::Or) return {left.labels | right.labels};
    if (node.op == BinaryOp::Unless) return {left.labels};
    if (node.op == BinaryOp::And) return {meeting(left.labels, right.labels)};

    using Cardinality = VectorMatching::Cardinality;
    if (matching.cardinality == Cardinality::OneToOne) return {left.labels & right.labels & matched};
    const bool many_left = matching.cardinality == Cardinality::ManyToOne;
    const PossibleLabels& many = many_left ? left.labels : right.labels;
    const PossibleLabels& one = many_left ? right.labels : left.labels;
    return {(meeting(many, one) & all_but(matching.include)) | (one & only(matching.include))};
}

Operand Walk::of_node(const Call& node) {
    const FunctionDef* function = find_function(node.function);
    if (function == nullptr) return {PossibleLabels::all()};
    if (function->result == ValueType::Scalar) return {none(), true};
    if (const auto* builtin = std::get_if<Builtin>(&function->kernel)) return {of_builtin(*builtin, node)};
    const PossibleLabels labels = of_arguments(node);
    if (std::holds_alternative<OverLabels>(function->kernel)) return {labels | named_by(*node.arguments[1])};
    if (const auto* buckets = std::get_if<OverBuckets>(&function->kernel)) {
        const PossibleLabels rest = labels & all_but({"le"});
        return {buckets->for_each_argument ? rest | named_by(*node.arguments[1]) : rest};
    }
    return {labels};
}

PossibleLabels Walk::of_builtin(Builtin builtin, const Call& node) {
    switch (builtin) {
        case Builtin::Absent:
        case Builtin::AbsentOverTime:
            return of_absent(*node.arguments[0]);
        case Builtin::Info:
        case Builtin::NativeHistogram:
            return PossibleLabels::all();
        case Builtin::Scalar:
        case Builtin::Vector:
            return none();
        case Builtin::Sort:
        case Builtin::SortByLabel:
        case Builtin::SortByLabelDesc:
        case Builtin::SortDesc:
        case Builtin::StartTime:
        case Builtin::SampleTime:
            return of_arguments(node);
    }
    return PossibleLabels::all();
}

// Of what is not there only the selector tells anything: the labels for which it asks one value.
PossibleLabels Walk::of_absent(const Expr& argument) {
    const Expr* selector = &without_parens(argument);
    if (const auto* matrix = selector->as<MatrixSelector>()) selector = matrix->selector.get();
    const auto* vector = selector->as<VectorSelector>();
    std::set<std::string, std::less<>> names;
    if (vector == nullptr) return none();
    for (const Matcher& matcher : vector->matchers) {
        if (matcher.op() == MatchOp::Equal && !matcher.value().empty()) names.insert(matcher.name());
    }
    return PossibleLabels::only(std::move(names));
}

// A function about time that gets no vector has a result without labels.
PossibleLabels Walk::of_arguments(const Call& node) {
    PossibleLabels labels = none();
    for (const ExprPtr& argument : node.arguments) labels = labels | of(*argument).labels;
    return labels;
}

}  // namespace

PossibleLabels operator&(const PossibleLabels& a, const PossibleLabels& b) {
    if (!a.listed_ && b.listed_) return b & a;
    std::set<std::string, std::less<>> names;
    if (!a.listed_) {
        names = a.names_;
        names.insert(b.names_.begin(), b.names_.end());
        return PossibleLabels(false, std::move(names));
    }
    std::ranges::copy_if(a.names_, std::inserter(names, names.end()),
                         [&](const std::string& name) { return b.has(name); });
    return PossibleLabels(true, std::move(names));
}

PossibleLabels operator|(const PossibleLabels& a, const PossibleLabels& b) {
    return (a.complement() & b.complement()).complement();
}

PossibleLabels possible_labels(const Expr& expr) {
    return Walk().of(expr).labels | PossibleLabels::only({std::string(kMetricNameLabel)});
}

}  // namespace tocsin
