#include "engine/eval/compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/assert.h"
#include "engine/eval/absent.h"
#include "engine/eval/aggregate.h"
#include "engine/eval/arithmetic.h"
#include "engine/eval/histogram_call.h"
#include "engine/eval/info_call.h"
#include "engine/eval/map_call.h"
#include "engine/eval/pool_keys.h"
#include "engine/eval/range_call.h"
#include "engine/eval/relabel_call.h"
#include "engine/eval/scalar.h"
#include "engine/eval/selector.h"
#include "engine/eval/sort_call.h"
#include "engine/eval/start_times.h"
#include "engine/eval/vector_matching.h"
#include "engine/plan/plan_title.h"

namespace tocsin {
namespace {

class Compiler {
public:
    Compiler(std::string_view text, SeriesAccess& series, const QueryOptions& options, OperatorPool& pool)
        : text_(text), series_(series), options_(options), pool_(pool) {}

    OperatorPtr compile(const PlanPtr& plan) {
        return known_or_made(keys_.key_of(plan->key), [&] {
            return std::visit([&](const auto& node) { return compile_node(node, *plan); }, plan->node);
        });
    }

    enum class StartTimesAre { Wanted, Unwanted };

    RangeSourcePtr compile_range(const PlanPtr& plan, StartTimesAre start_times = StartTimesAre::Unwanted) {
        if (const auto* window = plan->as<PlanWindow>()) return compile_window(*window, start_times);
        const auto* subquery = plan->as<PlanSubquery>();
        TOCSIN_ASSERT(subquery != nullptr);
        keys_.enter(*subquery);
        OperatorPtr operand = compile(subquery->operand);
        keys_.leave(*subquery);
        return make_subquery(std::move(operand), *subquery);
    }

    /// Walks the whole plan, whether its operators were made for it or not.
    void describe(const PlanPtr& plan, Compiled& compiled) {
        if (!described_.insert(keys_.key_of(plan->key)).second) return;
        if (const auto* call = plan->as<PlanCall>(); call != nullptr && is_info(*call)) {
            compiled.selectors.push_back({call->arguments.back()->span, info_setup_of(*call).series_matchers});
            return describe(call->arguments[0], compiled);
        }
        if (const auto* selector = plan->as<PlanSelector>()) compiled.selectors.push_back({plan->span, selector->matchers});
        if (const auto* window = plan->as<PlanWindow>()) {
            compiled.selectors.push_back({plan->span, window->selector.matchers});
        }
        OperatorPtr made = pool_.find(keys_.key_of(plan->key));
        if (made && made->notes() != nullptr) compiled.speakers.push_back({std::move(made), positions_of(*plan)});
        const auto* subquery = plan->as<PlanSubquery>();
        if (subquery != nullptr) keys_.enter(*subquery);
        for (const PlanPtr& operand : operands_of(*plan)) describe(operand, compiled);
        if (subquery != nullptr) keys_.leave(*subquery);
    }

private:
    using Mode = NameDrop::Mode;

    Mode drop() const { return options_.features.delayed_name_removal ? Mode::Delay : Mode::Drop; }

    template <class Make>
    OperatorPtr known_or_made(const std::string& key, Make&& make) {
        OperatorPtr known = pool_.find(key);
        if (known) return known;
        OperatorPtr made = make();
        if (made) pool_.add(key, made);
        kept_.push_back(made);
        return made;
    }

    Store::SelectionHandle select(const Matchers& matchers, Duration reach) {
        return series_.select(options_.features.start_timestamps ? without_start_times(matchers) : matchers, reach);
    }

    Store::SelectionHandle select_start_times(const Matchers& matchers, Duration reach) {
        return series_.select(only_start_times(matchers), reach);
    }

    RangeSourcePtr compile_window(const PlanWindow& window, StartTimesAre start_times) {
        const Matchers& matchers = window.selector.matchers;
        const Duration reach = reach_of(window);
        if (start_times == StartTimesAre::Unwanted || !options_.features.start_timestamps) {
            return make_window(select(matchers, reach), window);
        }
        return make_window(select(matchers, reach), window, select_start_times(matchers, reach));
    }

    Duration reach_of(const PlanSelector& selector, Duration own) const {
        return std::max(Duration{0}, keys_.reach() + own + selector.shift.offset);
    }

    Duration reach_of(const PlanWindow& window) const {
        const bool looks_further = window.selector.extension != Extension::None;
        return reach_of(window.selector, window.range + (looks_further ? options_.lookback_delta : Duration{0}));
    }

    // ---- what is told to people

    std::string position(const PlanNode& node) const {
        const SourceRange range = range_at(text_, node.span);
        return fmt::format("{}:{}", range.line, range.column);
    }

    // By the places that operators name in their notes.
    std::vector<std::string> positions_of(const PlanNode& node) const {
        if (const auto* aggregate = node.as<PlanAggregate>()) {
            return {position(aggregate->parameter ? *aggregate->parameter : node)};
        }
        const auto* call = node.as<PlanCall>();
        if (call == nullptr) return {position(node)};
        if (std::holds_alternative<OverRange>(call->function->kernel)) return {position(*call->arguments.front())};
        if (!std::holds_alternative<OverBuckets>(call->function->kernel)) return {position(node)};
        std::vector<std::string> positions{position(*argument_of_type(*call, ValueType::Vector))};
        for (const PlanPtr& argument : call->arguments) {
            if (argument->type == ValueType::Scalar) positions.push_back(position(*argument));
        }
        return positions;
    }

    // ---- one function a kind of node

    OperatorPtr compile_node(const PlanNumber& number, const PlanNode&) { return make_number(number.value); }

    OperatorPtr compile_node(const PlanString&, const PlanNode&) { return make_number(0); }  // read by whoever has it as argument

    OperatorPtr compile_node(const PlanSelector& selector, const PlanNode&) {
        return compile_selector(selector, Shows::Value);
    }

    OperatorPtr compile_selector(const PlanSelector& selector, Shows shows) {
        auto handle = select(selector.matchers, reach_of(selector, options_.lookback_delta));
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

    OperatorPtr compile_node(const PlanAggregate& aggregate, const PlanNode&) {
        AggregateSetup setup{.op = aggregate.op,
                             .grouping = {aggregate.grouping, aggregate.without},
                             .operand = compile(aggregate.operand),
                             .parameter = nullptr};
        if (aggregate.op == AggregateOp::CountValues) {
            return make_count_values(std::move(setup), aggregate.parameter->as<PlanString>()->value, keys_.in_subquery());
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

    OperatorPtr compile_node(const PlanBinary& binary, const PlanNode&) {
        OperatorPtr left = compile(binary.left);
        OperatorPtr right = compile(binary.right);
        const bool left_scalar = binary.left->type == ValueType::Scalar;
        const bool right_scalar = binary.right->type == ValueType::Scalar;
        if (left_scalar && right_scalar) return make_scalar_binary(binary.op, std::move(left), std::move(right));
        if (left_scalar || right_scalar) {
            if (needs_histograms(binary.op)) {
                return make_nothing(left_scalar ? right : left, Remark::Info, remark_on_floats(binary.op));
            }
            ScalarSide sides{left_scalar ? right : left, left_scalar ? left : right, left_scalar};
            if (is_comparison(binary.op) && !binary.return_bool) return make_vector_scalar_filter(binary.op, std::move(sides));
            return make_vector_scalar(binary.op, std::move(sides), drop());
        }
        VectorBinarySetup setup{.op = binary.op,
                                .left = std::move(left),
                                .right = std::move(right),
                                .return_bool = binary.return_bool,
                                .matching = binary.matching,
                                .delays_names = options_.features.delayed_name_removal};
        return is_set_operator(binary.op) ? make_set_operation(std::move(setup)) : make_vector_binary(std::move(setup));
    }

    OperatorPtr compile_node(const PlanCall& call, const PlanNode&) {
        return std::visit([&](const auto& kernel) { return compile_call(kernel, call); }, call.function->kernel);
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

    OperatorPtr compile_call(const OverRange& over, const PlanCall& call) {
        const auto start_times = over.start_times ? StartTimesAre::Wanted : StartTimesAre::Unwanted;
        return make_range_call({.function = call.function,
                                .range = compile_range(argument_of_type(call, ValueType::Matrix), start_times),
                                .arguments = compile_all(call, ValueType::Scalar),
                                .names = drop(),
                                .type_labels = options_.features.type_and_unit_labels});
    }

    OperatorPtr compile_call(const OverValues&, const PlanCall& call) {
        return make_map_call(*call.function, vector_of(call), compile_all(call, ValueType::Scalar), drop());
    }

    OperatorPtr compile_call(const OverScalars&, const PlanCall& call) {
        return make_scalar_call(*call.function, compile_all(call, ValueType::Scalar));
    }

    OperatorPtr compile_call(const OverLabels&, const PlanCall& call) {
        return make_relabel_call(*call.function, vector_of(call), strings_of(call));
    }

    OperatorPtr compile_call(const OverBuckets& over, const PlanCall& call) {
        HistogramCallSetup setup{.function = call.function,
                                 .buckets = vector_of(call),
                                 .arguments = compile_all(call, ValueType::Scalar),
                                 .label = over.for_each_argument ? strings_of(call).front() : std::string(),
                                 .names = drop()};
        return make_histogram_call(std::move(setup));
    }

    OperatorPtr compile_call(Builtin builtin, const PlanCall& call) {
        switch (builtin) {
            case Builtin::Absent: return make_absent(vector_of(call), demanded_by(*call.arguments[0]), delays());
            case Builtin::AbsentOverTime:
                return make_absent_over_time(compile_range(call.arguments[0]), demanded_by(*call.arguments[0]), delays());
            case Builtin::Info: return compile_info(call);
            case Builtin::NativeHistogram:
                return make_nothing(vector_of(call), Remark::Warning,
                                    fmt::format("{} works on native histograms only, and there are none: the result is empty",
                                                call.function->name));
            case Builtin::SampleTime: return compile_sample_time(call);
            case Builtin::Scalar: return make_scalar_of(vector_of(call));
            case Builtin::Sort:
            case Builtin::SortByLabel:
            case Builtin::SortByLabelDesc:
            case Builtin::SortDesc: return make_sort(builtin, vector_of(call), strings_of(call));
            case Builtin::StartTime: return compile_start_time(call);
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
        OperatorPtr times = known_or_made(keys_.key_of_times(argument.key), [&] { return compile_selector(*selector, Shows::Time); });
        return make_renamed(times, drop());
    }

    // Only samples have start times: what was computed has none, and gives nothing.
    OperatorPtr compile_start_time(const PlanCall& call) {
        const auto* selector = call.arguments[0]->as<PlanSelector>();
        if (selector == nullptr) return make_nothing(vector_of(call), Remark::Info, {});
        const Duration reach = reach_of(*selector, options_.lookback_delta);
        return make_renamed(make_start_time_selector(select(selector->matchers, reach),
                                                     select_start_times(selector->matchers, reach), selector->shift),
                            drop());
    }

    static bool is_info(const PlanCall& call) {
        const auto* builtin = std::get_if<Builtin>(&call.function->kernel);
        return builtin != nullptr && *builtin == Builtin::Info;
    }

    static InfoSetup info_setup_of(const PlanCall& call) {
        const PlanSelector* labels = call.arguments.size() > 1 ? call.arguments[1]->as<PlanSelector>() : nullptr;
        return info_setup(labels != nullptr ? &labels->matchers : nullptr);
    }

    OperatorPtr compile_info(const PlanCall& call) {
        InfoSetup setup = info_setup_of(call);
        setup.shift = first_shift(*call.arguments[0]);
        setup.base = compile(call.arguments[0]);
        const PlanSelector series{setup.series_matchers, setup.shift, Extension::None};
        setup.infos = make_selector(select(series.matchers, reach_of(series, options_.lookback_delta)), setup.shift, Shows::Time);
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
    OperatorPool& pool_;
    PoolKeys keys_{options_};
    std::vector<OperatorPtr> kept_;  // alive until their users hold them
    std::set<std::string> described_;
};

class NodeList {
public:
    NodeList(const QueryOptions& options, const OperatorPool& pool) : keys_(options), pool_(pool) {}

    /// `range`: what the node became when it is a range vector.
    void add(const PlanPtr& plan, RangeSource* range, std::size_t depth) {
        const std::string key = keys_.key_of(plan->key);
        const auto [first, is_new] = first_with_key_.try_emplace(key, nodes_.size());
        CompiledNode node{plan, depth, pool_.find(key), range, std::nullopt};
        if (!node.made && plan->as<PlanSelector>() != nullptr) node.made = pool_.find(keys_.key_of_times(plan->key));
        // Only operators are shared: each function reads its range by itself.
        const bool is_shared = !is_new && node.made;
        if (is_shared) node.same_as = first->second;
        RangeSource* read = node.made ? node.made->range_read() : nullptr;
        nodes_.push_back(std::move(node));
        if (!is_shared) add_operands(*plan, read, depth + 1);
    }

    std::vector<CompiledNode> take() { return std::move(nodes_); }

private:
    void add_operands(const PlanNode& plan, RangeSource* range, std::size_t depth) {
        const auto* subquery = plan.as<PlanSubquery>();
        if (subquery != nullptr) keys_.enter(*subquery);
        for (const PlanPtr& operand : operands_of(plan)) {
            add(operand, operand->type == ValueType::Matrix ? range : nullptr, depth);
        }
        if (subquery != nullptr) keys_.leave(*subquery);
    }

    PoolKeys keys_;
    const OperatorPool& pool_;
    std::map<std::string, std::size_t> first_with_key_;
    std::vector<CompiledNode> nodes_;
};

}  // namespace

Compiled compile(const PlanPtr& plan, std::string_view text, SeriesAccess& series, const QueryOptions& options, OperatorPool& pool) {
    Compiler compiler(text, series, options, pool);
    Compiled compiled;
    pool.sweep();
    if (plan->type == ValueType::Matrix) {
        compiled.range = compiler.compile_range(plan);
    } else {
        compiled.root = compiler.compile(plan);
        if (options.features.delayed_name_removal && plan->type == ValueType::Vector) {
            compiled.root = make_delayed_name_removal(std::move(compiled.root));
        }
    }
    compiler.describe(plan, compiled);
    return compiled;
}

std::vector<CompiledNode> list_nodes(const PlanPtr& plan, const Compiled& compiled, const QueryOptions& options,
                                     const OperatorPool& pool) {
    NodeList list(options, pool);
    list.add(plan, compiled.range.get(), 0);
    return list.take();
}

}  // namespace tocsin
