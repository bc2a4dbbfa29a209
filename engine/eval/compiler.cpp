#include "engine/eval/compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/assert.h"
#include "engine/eval/absent.h"
#include "engine/eval/aggregate.h"
#include "engine/eval/arithmetic.h"
#include "engine/eval/histogram_call.h"
#include "engine/eval/info_call.h"
#include "engine/eval/map_call.h"
#include "engine/eval/range_call.h"
#include "engine/eval/relabel_call.h"
#include "engine/eval/scalar.h"
#include "engine/eval/selector.h"
#include "engine/eval/sort_call.h"
#include "engine/eval/vector_matching.h"

namespace tocsin {
namespace {

class Compiler {
public:
    Compiler(std::string_view text, SeriesAccess& series, const QueryOptions& options)
        : text_(text), series_(series), options_(options) {}

    OperatorPtr compile(const PlanPtr& plan) {
        OperatorPtr& known = known_[{scope_, plan->key}];
        if (!known) known = std::visit([&](const auto& node) { return compile_node(node, *plan); }, plan->node);
        return known;
    }

    RangeSourcePtr compile_range(const PlanPtr& plan) {
        if (const auto* window = plan->as<PlanWindow>()) {
            const Duration reach = window->range + (window->selector.extension == Extension::None ? Duration{0}
                                                                                                  : options_.lookback_delta);
            return make_window(select(window->selector, reach, plan->span), *window);
        }
        const auto* subquery = plan->as<PlanSubquery>();
        TOCSIN_ASSERT(subquery != nullptr);
        const std::string outer_scope = scope_;
        const Duration outer_reach = reach_;
        // Every subquery is a scope of its own: it evaluates its operand at its own times.
        scope_ = fmt::format("{}/{}", scope_, ++subqueries_);
        reach_ += subquery->range + subquery->shift.offset;
        OperatorPtr operand = compile(subquery->operand);
        scope_ = outer_scope;
        reach_ = outer_reach;
        return make_subquery(std::move(operand), *subquery);
    }

    std::vector<CompiledSelector> take_selectors() { return std::move(selectors_); }

private:
    using Mode = NameDrop::Mode;

    Mode drop() const { return options_.features.delayed_name_removal ? Mode::Delay : Mode::Drop; }

    std::string position(const PlanNode& node) const {
        const SourceRange range = range_at(text_, node.span);
        return fmt::format("{}:{}", range.line, range.column);
    }

    Store::SelectionHandle select(const PlanSelector& selector, Duration reach, TextSpan span) {
        selectors_.push_back({span, selector.matchers});
        return series_.select(selector.matchers, std::max(Duration{0}, reach_ + reach + selector.shift.offset));
    }

    // ---- one function a kind of node

    OperatorPtr compile_node(const PlanNumber& number, const PlanNode&) { return make_number(number.value); }

    OperatorPtr compile_node(const PlanString&, const PlanNode&) { return make_number(0); }  // read by whoever has it as argument

    OperatorPtr compile_node(const PlanSelector& selector, const PlanNode& node) {
        return compile_selector(selector, node, Shows::Value);
    }

    OperatorPtr compile_selector(const PlanSelector& selector, const PlanNode& node, Shows shows) {
        auto handle = select(selector, options_.lookback_delta, node.span);
        if (selector.extension == Extension::Smoothed) return make_smoothed_selector(std::move(handle), selector.shift);
        return make_selector(std::move(handle), selector.shift, shows);
    }

    OperatorPtr compile_node(const PlanWindow&, const PlanNode&) { return nullptr; }
    OperatorPtr compile_node(const PlanSubquery&, const PlanNode&) { return nullptr; }

    OperatorPtr compile_node(const PlanNegate& negate, const PlanNode& node) {
        OperatorPtr operand = compile(negate.operand);
        if (node.type == ValueType::Scalar) return make_scalar_binary(BinaryOp::Mul, make_number(-1), std::move(operand));
        return make_negation(std::move(operand), drop());
    }

    OperatorPtr compile_node(const PlanAggregate& aggregate, const PlanNode& node) {
        AggregateSetup setup{.op = aggregate.op,
                             .grouping = {aggregate.grouping, aggregate.without},
                             .operand = compile(aggregate.operand),
                             .parameter = nullptr,
                             .position = position(aggregate.parameter ? *aggregate.parameter : node)};
        if (aggregate.op == AggregateOp::CountValues) {
            return make_count_values(std::move(setup), aggregate.parameter->as<PlanString>()->value);
        }
        if (aggregate.parameter) setup.parameter = compile(aggregate.parameter);
        switch (aggregate.op) {
            case AggregateOp::Bottomk:
            case AggregateOp::LimitRatio:
            case AggregateOp::Limitk:
            case AggregateOp::Topk: return make_pick(std::move(setup));
            default: return make_aggregate(std::move(setup));
        }
    }

    OperatorPtr compile_node(const PlanBinary& binary, const PlanNode& node) {
        OperatorPtr left = compile(binary.left);
        OperatorPtr right = compile(binary.right);
        const bool left_scalar = binary.left->type == ValueType::Scalar;
        const bool right_scalar = binary.right->type == ValueType::Scalar;
        if (left_scalar && right_scalar) return make_scalar_binary(binary.op, std::move(left), std::move(right));
        if (left_scalar || right_scalar) {
            ScalarSide sides{left_scalar ? right : left, left_scalar ? left : right, left_scalar};
            if (is_comparison(binary.op) && !binary.return_bool) return make_vector_scalar_filter(binary.op, std::move(sides));
            return make_vector_scalar(binary.op, std::move(sides), drop());
        }
        VectorBinarySetup setup{.op = binary.op,
                                .left = std::move(left),
                                .right = std::move(right),
                                .return_bool = binary.return_bool,
                                .matching = binary.matching,
                                .position = position(node),
                                .delays_names = options_.features.delayed_name_removal};
        return is_set_operator(binary.op) ? make_set_operation(std::move(setup)) : make_vector_binary(std::move(setup));
    }

    OperatorPtr compile_node(const PlanCall& call, const PlanNode& node) {
        return std::visit([&](const auto& kernel) { return compile_call(kernel, call, node); }, call.function->kernel);
    }

    // ---- calls, by kind of function

    std::vector<OperatorPtr> compile_all(const PlanCall& call, ValueType type) {
        std::vector<OperatorPtr> made;
        for (const PlanPtr& argument : call.arguments) {
            if (argument->type == type) made.push_back(compile(argument));
        }
        return made;
    }

    static std::vector<std::string> strings_of(const PlanCall& call) {
        std::vector<std::string> strings;
        for (const PlanPtr& argument : call.arguments) {
            if (const auto* string = argument->as<PlanString>()) strings.push_back(string->value);
        }
        return strings;
    }

    static const PlanPtr& argument_of_type(const PlanCall& call, ValueType type) {
        const auto found = std::ranges::find(call.arguments, type, [](const PlanPtr& argument) { return argument->type; });
        TOCSIN_ASSERT(found != call.arguments.end());
        return *found;
    }

    OperatorPtr vector_of(const PlanCall& call) { return compile(argument_of_type(call, ValueType::Vector)); }

    OperatorPtr compile_call(const OverRange&, const PlanCall& call, const PlanNode&) {
        return make_range_call({.function = call.function,
                                .range = compile_range(argument_of_type(call, ValueType::Matrix)),
                                .arguments = compile_all(call, ValueType::Scalar),
                                .position = position(*call.arguments.front()),
                                .names = drop(),
                                .type_labels = options_.features.type_and_unit_labels});
    }

    OperatorPtr compile_call(const OverValues&, const PlanCall& call, const PlanNode&) {
        return make_map_call(*call.function, vector_of(call), compile_all(call, ValueType::Scalar), drop());
    }

    OperatorPtr compile_call(const OverScalars&, const PlanCall& call, const PlanNode&) {
        return make_scalar_call(*call.function, compile_all(call, ValueType::Scalar));
    }

    OperatorPtr compile_call(const OverLabels&, const PlanCall& call, const PlanNode&) {
        return make_relabel_call(*call.function, vector_of(call), strings_of(call));
    }

    OperatorPtr compile_call(const OverBuckets& over, const PlanCall& call, const PlanNode&) {
        HistogramCallSetup setup{.function = call.function,
                                 .buckets = vector_of(call),
                                 .arguments = compile_all(call, ValueType::Scalar),
                                 .argument_positions = {},
                                 .buckets_position = position(*argument_of_type(call, ValueType::Vector)),
                                 .label = over.for_each_argument ? strings_of(call).front() : std::string(),
                                 .names = drop()};
        for (const PlanPtr& argument : call.arguments) {
            if (argument->type == ValueType::Scalar) setup.argument_positions.push_back(position(*argument));
        }
        return make_histogram_call(std::move(setup));
    }

    OperatorPtr compile_call(Builtin builtin, const PlanCall& call, const PlanNode& node) {
        switch (builtin) {
            case Builtin::Absent: return make_absent(vector_of(call), demanded_by(*call.arguments[0]), delays());
            case Builtin::AbsentOverTime:
                return make_absent_over_time(compile_range(call.arguments[0]), demanded_by(*call.arguments[0]), delays());
            case Builtin::Info: return compile_info(call);
            case Builtin::NativeHistogram:
                return make_nothing(vector_of(call),
                                    fmt::format("{} works on native histograms only, and there are none: the result is empty",
                                                call.function->name),
                                    position(node));
            case Builtin::SampleTime: return compile_sample_time(call);
            case Builtin::Scalar: return make_scalar_of(vector_of(call));
            case Builtin::Sort:
            case Builtin::SortByLabel:
            case Builtin::SortByLabelDesc:
            case Builtin::SortDesc: return make_sort(builtin, vector_of(call), strings_of(call), position(node));
            case Builtin::Vector: return make_vector_of(compile(call.arguments[0]));
        }
        return nullptr;
    }

    bool delays() const { return options_.features.delayed_name_removal; }

    static LabelSet demanded_by(const PlanNode& node) {
        if (const auto* selector = node.as<PlanSelector>()) return labels_demanded(selector->matchers);
        if (const auto* window = node.as<PlanWindow>()) return labels_demanded(window->selector.matchers);
        return {};
    }

    OperatorPtr compile_sample_time(const PlanCall& call) {
        const PlanNode& argument = *call.arguments[0];
        const auto* selector = argument.as<PlanSelector>();
        if (selector == nullptr || selector->extension != Extension::None) {
            return make_evaluation_times(vector_of(call), drop());
        }
        OperatorPtr& times = known_[{scope_, "times of " + argument.key}];
        if (!times) times = compile_selector(*selector, argument, Shows::Time);
        return make_renamed(times, drop());
    }

    OperatorPtr compile_info(const PlanCall& call) {
        const PlanSelector* labels = call.arguments.size() > 1 ? call.arguments[1]->as<PlanSelector>() : nullptr;
        InfoSetup setup = info_setup(labels != nullptr ? &labels->matchers : nullptr);
        setup.shift = first_shift(*call.arguments[0]);
        setup.base = compile(call.arguments[0]);
        const PlanSelector series{setup.series_matchers, setup.shift, Extension::None};
        const TextSpan span = labels != nullptr ? call.arguments[1]->span : call.arguments[0]->span;
        setup.infos = make_selector(select(series, options_.lookback_delta, span), setup.shift, Shows::Time);
        return make_info_call(std::move(setup));
    }

    // Info series are looked up where the first selector of the other argument looks.
    static TimeShift first_shift(const PlanNode& node) {
        if (const auto* selector = node.as<PlanSelector>()) return selector->shift;
        if (const auto* window = node.as<PlanWindow>()) return window->selector.shift;
        if (const auto* negate = node.as<PlanNegate>()) return first_shift(*negate->operand);
        if (const auto* aggregate = node.as<PlanAggregate>()) return first_shift(*aggregate->operand);
        if (const auto* binary = node.as<PlanBinary>()) return first_shift(*binary->left);
        if (const auto* subquery = node.as<PlanSubquery>()) return first_shift(*subquery->operand);
        if (const auto* call = node.as<PlanCall>()) {
            for (const PlanPtr& argument : call->arguments) {
                if (argument->type == ValueType::Vector || argument->type == ValueType::Matrix) return first_shift(*argument);
            }
        }
        return {};
    }

    std::string_view text_;
    SeriesAccess& series_;
    const QueryOptions& options_;
    std::map<std::pair<std::string, std::string>, OperatorPtr> known_;  // by scope and key
    std::string scope_;
    Duration reach_{0};  // of the subqueries around
    int subqueries_ = 0;
    std::vector<CompiledSelector> selectors_;
};

}  // namespace

Compiled compile(const PlanPtr& plan, std::string_view text, SeriesAccess& series, const QueryOptions& options) {
    Compiler compiler(text, series, options);
    Compiled compiled;
    if (plan->type == ValueType::Matrix) {
        compiled.range = compiler.compile_range(plan);
    } else {
        compiled.root = compiler.compile(plan);
        if (options.features.delayed_name_removal && plan->type == ValueType::Vector) {
            compiled.root = make_delayed_name_removal(std::move(compiled.root));
        }
    }
    compiled.selectors = compiler.take_selectors();
    return compiled;
}

}  // namespace tocsin
