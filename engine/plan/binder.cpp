#include "engine/plan/binder.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "engine/functions/signature.h"
#include "engine/plan/duration_expr.h"
#include "engine/plan/plan_key.h"
#include "engine/plan/simplify.h"

namespace tocsin {
namespace {

bool is_counting_aggregate(AggregateOp op) {
    switch (op) {
        case AggregateOp::Bottomk:
        case AggregateOp::LimitRatio:
        case AggregateOp::Limitk:
        case AggregateOp::Quantile:
        case AggregateOp::Topk: return true;
        default: return false;
    }
}

std::vector<std::string> sorted_names(std::vector<std::string> names) {
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

// Walks the tree once, which has passed the parser's own checks: matchers and matching keywords make sense by themselves. Every bind_… gives a node even where something is wrong, so that all findings of a text come together; the
// result is thrown away then.
class Binder {
public:
    Binder(std::string_view text, const QueryOptions& options, const std::optional<QueryRange>& range)
        : text_(text), options_(options), range_(range) {}

    PlanPtr bind(const Expr& expr) {
        return std::visit([&](const auto& node) { return bind_node(node, expr.span); }, expr.node);
    }

    Diagnostics take_findings() { return std::move(findings_); }

private:
    void report(TextSpan span, std::string message, std::string hint = {}) {
        findings_.push_back({.where = range_at(text_, span), .message = std::move(message), .hint = std::move(hint)});
    }

    void expect_type(const PlanPtr& node, ValueType want, std::string_view context, std::string hint = {}) {
        if (node->type == want) return;
        report(node->span, fmt::format("expected type {} in {}, got {}", to_string(want), context, to_string(node->type)),
               std::move(hint));
    }

    PlanPtr make(PlanNode::Node node, ValueType type, TextSpan span) {
        std::string key = plan_key(node);
        return std::make_shared<const PlanNode>(PlanNode{std::move(node), type, span, std::move(key)});
    }

    PlanPtr number(double value, TextSpan span) { return make(PlanNumber{value}, ValueType::Scalar, span); }

    Duration duration_of(const DurationExpr& duration, Sign sign, TextSpan span) {
        if (duration.expr && !options_.features.duration_expressions) {
            report(span, "experimental duration expression is not enabled");
        }
        if (duration.expr && !range_) return Duration{1};
        const auto value = evaluate_duration(duration, range_.value_or(QueryRange{}), sign);
        if (value) return *value;
        report(duration.expr ? duration.expr->span : span, value.error().message);
        return Duration{1};
    }

    TimeShift shift_of(const DurationExpr& offset, const std::optional<AtModifier>& at, TextSpan span) {
        return {duration_of(offset, Sign::Any, span), at};
    }

    // ---- one function a kind of node

    PlanPtr bind_node(const NumberLiteral& literal, TextSpan span) { return number(literal.value, span); }

    PlanPtr bind_node(const StringLiteral& literal, TextSpan span) {
        return make(PlanString{literal.value}, ValueType::String, span);
    }

    PlanPtr bind_node(const Paren& paren, TextSpan) { return bind(*paren.inner); }

    PlanPtr bind_node(const Unary& unary, TextSpan span) {
        PlanPtr operand = bind(*unary.operand);
        if (operand->type != ValueType::Scalar && operand->type != ValueType::Vector) {
            report(operand->span, fmt::format("unary expression only allowed on expressions of type scalar or instant vector, "
                                              "got \"{}\"",
                                              to_string(operand->type)));
        }
        if (!unary.negative) return operand;
        if (const auto* literal = operand->as<PlanNumber>()) return number(-literal->value, span);
        const ValueType type = operand->type;
        return make(PlanNegate{std::move(operand)}, type, span);
    }

    PlanSelector selector_of(const VectorSelector& selector, TextSpan span) {
        if (selector.extension != Extension::None && !options_.features.extended_range_selectors) {
            report(span, "anchored and smoothed modifiers are experimental and not enabled",
                   "enable them with --enable-feature=promql-extended-range-selectors");
        }
        return {selector.matchers, shift_of(selector.offset, selector.at, span), selector.extension};
    }

    PlanPtr bind_node(const VectorSelector& selector, TextSpan span) {
        if (selector.extension == Extension::Anchored) {
            report(span, "anchored modifier can only be used with range vectors");
        }
        return make(selector_of(selector, span), ValueType::Vector, span);
    }

    PlanPtr bind_node(const MatrixSelector& matrix, TextSpan span) {
        const auto* selector = matrix.selector->as<VectorSelector>();
        TOCSIN_ASSERT(selector != nullptr);
        PlanSelector bound = selector_of(*selector, matrix.selector->span);
        return make(PlanWindow{std::move(bound), duration_of(matrix.range, Sign::Positive, span)}, ValueType::Matrix, span);
    }

    PlanPtr bind_node(const Subquery& subquery, TextSpan span) {
        PlanPtr operand = bind(*subquery.operand);
        if (operand->type != ValueType::Vector) {
            report(operand->span,
                   fmt::format("subquery is only allowed on instant vector, got {} instead", to_string(operand->type)));
        }
        const Duration range = duration_of(subquery.range, Sign::Positive, span);
        const Duration step =
            subquery.step ? duration_of(*subquery.step, Sign::Positive, span) : options_.default_subquery_step;
        TimeShift shift = shift_of(subquery.offset, subquery.at, span);
        return make(PlanSubquery{std::move(operand), range, step, shift}, ValueType::Matrix, span);
    }

    PlanPtr bind_node(const Aggregate& aggregate, TextSpan span) {
        PlanPtr operand = bind(*aggregate.operand);
        expect_type(operand, ValueType::Vector, "aggregation expression");
        PlanPtr parameter = aggregate.parameter ? bind(*aggregate.parameter) : nullptr;
        if (is_counting_aggregate(aggregate.op) && parameter) {
            expect_type(parameter, ValueType::Scalar, "aggregation parameter");
        }
        if (aggregate.op == AggregateOp::CountValues && parameter) {
            expect_type(parameter, ValueType::String, "aggregation parameter");
        }
        if ((aggregate.op == AggregateOp::Limitk || aggregate.op == AggregateOp::LimitRatio) &&
            !options_.features.experimental_functions) {
            report(span, fmt::format("{}() is experimental and must be enabled with "
                                     "--enable-feature=promql-experimental-functions",
                                     to_string(aggregate.op)));
        }
        return make(PlanAggregate{aggregate.op, std::move(parameter), std::move(operand), aggregate.without,
                                  sorted_names(aggregate.grouping)},
                    ValueType::Vector, span);
    }

    PlanPtr bind_node(const Binary& binary, TextSpan span) {
        PlanPtr left = bind(*binary.left);
        PlanPtr right = bind(*binary.right);
        check_operands(binary, *left, *right, span);
        const bool scalars = left->type == ValueType::Scalar && right->type == ValueType::Scalar;
        if (scalars) {
            if (const auto value = fold(binary.op, *left, *right)) return number(*value, span);
        }
        VectorMatching matching = binary.matching.value_or(VectorMatching{});
        matching.labels = sorted_names(std::move(matching.labels));
        if (is_set_operator(binary.op)) matching.cardinality = VectorMatching::Cardinality::ManyToMany;
        return make(PlanBinary{binary.op, std::move(left), std::move(right), binary.return_bool, std::move(matching)},
                    scalars ? ValueType::Scalar : ValueType::Vector, span);
    }

    // From the end of the left operand to the beginning of the right one, without the blanks.
    TextSpan operator_span(const Binary& binary) const {
        const TextSpan span{binary.left->span.end, binary.right->span.begin};
        const std::size_t begin = text_.find_first_not_of(" \t\r\n", span.begin);
        return {std::min(begin, span.end), span.end};
    }

    void check_operands(const Binary& binary, const PlanNode& left, const PlanNode& right, TextSpan span) {
        const bool left_scalar = left.type == ValueType::Scalar;
        const bool right_scalar = right.type == ValueType::Scalar;
        if (is_comparison(binary.op) && !binary.return_bool && left_scalar && right_scalar) {
            report(operator_span(binary), "comparisons between scalars must use BOOL modifier");
        }
        for (const PlanNode* operand : {&left, &right}) {
            if (operand->type != ValueType::Scalar && operand->type != ValueType::Vector) {
                report(operand->span, "binary expression must contain only scalar and instant vector types");
            }
        }
        if (binary.matching) check_matching(binary, left, right, span);
        if ((left_scalar || right_scalar) && is_set_operator(binary.op)) {
            report(span, fmt::format("set operator \"{}\" not allowed in binary scalar expression", to_string(binary.op)));
        }
    }

    void check_matching(const Binary& binary, const PlanNode& left, const PlanNode& right, TextSpan span) {
        const VectorMatching& matching = *binary.matching;
        const bool fills = matching.fill_left || matching.fill_right;
        if (fills && !options_.features.binop_fill_modifiers) {
            report(span, "binop fill modifiers are experimental and not enabled",
                   "enable them with --enable-feature=promql-binop-fill-modifiers");
        }
        if (left.type != ValueType::Vector || right.type != ValueType::Vector) {
            if (!matching.labels.empty()) report(span, "vector matching only allowed between instant vectors");
            if (fills) report(span, "filling in missing series only allowed between instant vectors");
        }
    }

    // ---- calls

    PlanPtr bind_node(const Call& call, TextSpan span) {
        const FunctionDef* function = find_function(call.function);
        if (function == nullptr) {
            report_unknown(call);
            for (const ExprPtr& argument : call.arguments) bind(*argument);
            return make(PlanString{}, ValueType::Vector, span);
        }
        if (function->experimental && !options_.features.experimental_functions) {
            report(call.function_span, fmt::format("function \"{}\" is not enabled", function->name),
                   "enable it with --enable-feature=promql-experimental-functions");
        }
        std::vector<PlanPtr> arguments = bind_arguments(call, *function);
        check_count(*function, arguments.size(), span);
        check_extensions(*function, arguments);
        if (arguments.empty() && function->defaults_to_time) arguments.push_back(time_vector(span));
        return make(PlanCall{function, std::move(arguments)}, function->result, span);
    }

    void report_unknown(const Call& call) {
        std::vector<std::string_view> names{"avg",      "bottomk", "count",  "count_values", "group", "limit_ratio", "limitk", "max",
                                            "min",      "quantile", "stddev", "stdvar",       "sum",   "topk"};
        for (const FunctionDef* function : all_functions()) names.push_back(function->name);
        const std::string_view close = nearest(call.function, names);
        report(call.function_span, fmt::format("unknown function with name \"{}\"", call.function),
               close.empty() ? std::string() : fmt::format("did you mean {}?", close));
    }

    std::vector<PlanPtr> bind_arguments(const Call& call, const FunctionDef& function) {
        const std::string context = fmt::format("call to function \"{}\"", function.name);
        const bool is_info = function.name == "info";
        std::vector<PlanPtr> arguments;
        for (std::size_t i = 0; i < call.arguments.size(); ++i) {
            const Expr& expr = *call.arguments[i];
            arguments.push_back(is_info && i == 1 ? bind_label_selector(expr) : bind(expr));
            const bool expected = i < function.arguments.size() || (function.variadic != 0 && function.arguments.size() > 0);
            if (expected) expect_type(arguments.back(), function.arguments[i], context, signature(function));
        }
        return arguments;
    }

    // The second argument of info() selects labels, not series: it may match everything and has no metric name in front.
    PlanPtr bind_label_selector(const Expr& expr) {
        const auto* selector = expr.as<VectorSelector>();
        if (selector == nullptr || !selector->name.empty()) {
            report(expr.span, "expected label selectors only, got vector selector instead");
            return bind(expr);
        }
        return make(selector_of(*selector, expr.span), ValueType::Vector, expr.span);
    }

    void check_count(const FunctionDef& function, std::size_t count, TextSpan span) {
        const std::size_t least = function.arguments_min();
        const auto most = function.arguments_max();
        const bool exactly = function.variadic == 0;
        if (count >= least && (!most || count <= *most)) return;
        const std::string_view bound = exactly ? "" : count < least ? "at least " : "at most ";
        report(span,
               fmt::format("expected {}{} argument(s) in call to \"{}\", got {}", bound, count < least ? least : *most, function.name,
                           count),
               signature(function));
    }

    void check_extensions(const FunctionDef& function, const std::vector<PlanPtr>& arguments) {
        const auto* over_range = std::get_if<OverRange>(&function.kernel);
        for (const PlanPtr& argument : arguments) {
            const auto* window = argument->as<PlanWindow>();
            if (window == nullptr) continue;
            const Extension extension = window->selector.extension;
            if (extension == Extension::Anchored && !(over_range && over_range->anchored)) {
                report(argument->span, fmt::format("anchored modifier can only be used with: changes, delta, increase, rate, resets "
                                                   "- not with {}",
                                                   function.name));
            } else if (extension == Extension::Smoothed && !(over_range && over_range->smoothed)) {
                report(argument->span,
                       fmt::format("smoothed modifier can only be used with: delta, increase, rate - not with {}", function.name));
            }
        }
    }

    PlanPtr time_vector(TextSpan span) {
        PlanPtr time = make(PlanCall{find_function("time"), {}}, ValueType::Scalar, span);
        return make(PlanCall{find_function("vector"), {std::move(time)}}, ValueType::Vector, span);
    }

    std::string_view text_;
    const QueryOptions& options_;
    const std::optional<QueryRange>& range_;
    Diagnostics findings_;
};

}  // namespace

Parsed<PlanPtr> make_plan(const Expr& expr, std::string_view text, const QueryOptions& options, const std::optional<QueryRange>& range) {
    Binder binder(text, options, range);
    PlanPtr plan = binder.bind(expr);
    Diagnostics findings = binder.take_findings();
    if (!findings.empty()) return tl::unexpected<Diagnostics>(std::move(findings));
    return plan;
}

}  // namespace tocsin
