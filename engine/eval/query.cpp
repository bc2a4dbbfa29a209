#include "engine/eval/query.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/assert.h"
#include "engine/eval/compiler.h"
#include "engine/eval/operator_pool.h"
#include "engine/plan/binder.h"

namespace tocsin {
namespace {

// Points of one range query: beyond this it is refused, as everywhere in the field.
constexpr std::int64_t kStepsMax = 10'000'000;

class StandingAccess final : public SeriesAccess {
public:
    explicit StandingAccess(Store& store) : store_(store) {}
    Store::SelectionHandle select(const Matchers& matchers, Duration reach) override { return store_.select(matchers, reach); }

private:
    Store& store_;
};

class PassingAccess final : public SeriesAccess {
public:
    explicit PassingAccess(const Store& store) : store_(store) {}
    Store::SelectionHandle select(const Matchers& matchers, Duration) override { return store_.select_once(matchers); }

private:
    const Store& store_;
};

tl::unexpected<Error> fail_with(const Diagnostics& findings) {
    return fail(Error::Kind::InvalidInput, to_string(findings.front()));
}

// What the speakers of a plan said in a run. Of several notes with one text the first is told.
class Told {
public:
    explicit Told(const std::vector<Compiled::Speaker>& speakers) : speakers_(speakers) {}

    /// True when it is something else than last time.
    bool update(std::uint64_t run) {
        now_.clear();
        for_each_raised(run, [&](const Note& note, const Compiled::Speaker&) { now_.push_back(note.id); });
        if (now_ == ids_) return false;
        std::swap(ids_, now_);
        return true;
    }

    Annotations annotations(std::uint64_t run) const {
        Annotations annotations;
        std::set<std::string_view> told;
        for_each_raised(run, [&](const Note& note, const Compiled::Speaker& speaker) {
            if (!told.insert(note.text).second) return;
            (note.is_warning ? annotations.warnings : annotations.infos).push_back(to_string(note, speaker.positions[note.place]));
        });
        return annotations;
    }

private:
    template <class Visit>
    void for_each_raised(std::uint64_t run, Visit&& visit) const {
        for (const Compiled::Speaker& speaker : speakers_) {
            speaker.speaker->notes()->for_each_raised_in(run, [&](const Note& note) { visit(note, speaker); });
        }
    }

    const std::vector<Compiled::Speaker>& speakers_;
    std::vector<std::uint64_t> ids_, now_;
};

class CompiledQuery final : public StandingQuery {
public:
    CompiledQuery(ValueType type, std::string_view text, const QueryOptions& options, std::shared_ptr<OperatorPool> shared)
        : type_(type),
          text_(text),
          options_(options),
          evaluation_(options_),
          is_shared_(shared != nullptr),
          pool_(is_shared_ ? std::move(shared) : std::make_shared<OperatorPool>()),
          told_(compiled_.speakers) {}

    void compile_with(const PlanPtr& plan, Store& store) {
        StandingAccess access(store);
        compiled_ = compile(plan, text_, access, options_, *pool_);
        for (const CompiledSelector& selector : compiled_.selectors) {
            handles_.push_back(store.select(selector.matchers, Duration{0}));
        }
    }

    ValueType type() const override { return type_; }

    Result<const InstantVector*> evaluate(Timestamp at) override {
        if (type_ != ValueType::Scalar && type_ != ValueType::Vector) {
            return fail(Error::Kind::InvalidInput, "rule result is not a vector or scalar");
        }
        if (!is_shared_) pool_->forget_values();
        const std::int64_t at_ms = to_unix_ms(at);
        evaluation_.begin(pool_->run(), at_ms, at_ms, 0);
        const Status status = compiled_.root->evaluate(evaluation_, at_ms);
        if (told_.update(pool_->run())) annotations_ = told_.annotations(pool_->run());
        if (!status) return tl::unexpected(status.error());
        publish();
        return &result_;
    }

    const Annotations& annotations() const override { return annotations_; }

    std::vector<SelectorUse> selectors() const override {
        std::vector<SelectorUse> uses;
        for (std::size_t i = 0; i < handles_.size(); ++i) {
            const TextSpan span = compiled_.selectors[i].span;
            uses.push_back({text_.substr(span.begin, span.end - span.begin), handles_[i].get().size()});
        }
        return uses;
    }

    std::vector<Matchers> selector_matchers() const override {
        std::vector<Matchers> matchers;
        for (const CompiledSelector& selector : compiled_.selectors) matchers.push_back(selector.matchers);
        return matchers;
    }

private:
    void publish() {
        const Operator& root = *compiled_.root;
        if (rows_ != root.rows()) {
            rows_ = root.rows();
            auto frame = std::make_shared<Frame>();
            frame->labels.reserve(root.size());
            for (std::size_t row = 0; row < root.size(); ++row) frame->labels.push_back(root.labels(row));
            result_.frame = std::move(frame);
        }
        result_.is_scalar = type_ == ValueType::Scalar;
        result_.values.assign(root.values(), root.values() + root.size());
        result_.present.assign(root.present(), root.present() + root.size());
    }

    ValueType type_;
    std::string text_;
    QueryOptions options_;
    Evaluation evaluation_;
    bool is_shared_;
    std::shared_ptr<OperatorPool> pool_;
    Compiled compiled_;
    std::vector<Store::SelectionHandle> handles_;
    RowsPtr rows_;
    InstantVector result_;
    Told told_;
    Annotations annotations_;
};

// ---- queries that come by

struct PassingQuery {
    PlanPtr plan;
    OperatorPool pool;
    Compiled compiled;
};

Result<PassingQuery> prepare(const Expr& expr, std::string_view text, const Store& store, const QueryOptions& options,
                             const QueryRange& range) {
    auto plan = make_plan(expr, text, options, range);
    if (!plan) return fail_with(plan.error());
    PassingAccess access(store);
    PassingQuery query{*plan, {}, {}};
    query.compiled = compile(query.plan, text, access, options, query.pool);
    return query;
}

void take_vector(const Operator& root, QueryResult& result) {
    std::vector<std::uint32_t> order;
    const bool ordered = root.result_order(order);
    if (!ordered) {
        for (std::uint32_t row = 0; row < root.size(); ++row) order.push_back(row);
    }
    for (const std::uint32_t row : order) {
        if (root.is_present(row)) result.vector.emplace_back(root.labels(row), root.values()[row]);
    }
}

void take_matrix(RangeSource& range, QueryResult& result) {
    std::vector<double> values;
    std::vector<std::int64_t> times_ms;
    RangeSource::Block block;
    while (range.next(block)) {
        for (std::size_t column = 0; column < block.columns; ++column) {
            gather(block, column, values, times_ms);
            if (values.empty()) continue;
            RangeSeries series{range.labels(block.first_row + column), {}};
            for (std::size_t i = 0; i < values.size(); ++i) series.points.emplace_back(from_unix_ms(times_ms[i]), values[i]);
            result.matrix.push_back(std::move(series));
        }
    }
    std::ranges::sort(result.matrix, {}, &RangeSeries::labels);
}

// Collects the series of a range query, step by step.
class RangeCollector {
public:
    void add(const Operator& root, std::int64_t at_ms) {
        if (rows_ != root.rows()) find_series(root);
        for (std::size_t row = 0; row < root.size(); ++row) {
            if (root.is_present(row)) series_[series_of_row_[row]].points.emplace_back(from_unix_ms(at_ms), root.values()[row]);
        }
    }

    std::vector<RangeSeries> take() {
        std::erase_if(series_, [](const RangeSeries& series) { return series.points.empty(); });
        std::ranges::sort(series_, {}, &RangeSeries::labels);
        return std::move(series_);
    }

private:
    void find_series(const Operator& root) {
        rows_ = root.rows();
        series_of_row_.clear();
        for (std::size_t row = 0; row < root.size(); ++row) {
            LabelSet labels = root.labels(row);
            const auto [place, is_new] = index_.try_emplace(labels, series_.size());
            if (is_new) series_.push_back({std::move(labels), {}});
            series_of_row_.push_back(place->second);
        }
    }

    RowsPtr rows_;
    std::map<LabelSet, std::size_t> index_;
    std::vector<std::size_t> series_of_row_;
    std::vector<RangeSeries> series_;
};

std::size_t present_count(const Operator& root) {
    return static_cast<std::size_t>(std::count_if(root.present(), root.present() + root.size(),
                                                  [](std::uint8_t present) { return present != 0; }));
}

}  // namespace

Diagnostics check_expression(const Expr& expr, std::string_view text, const QueryOptions& options, ValueType* type) {
    const auto plan = make_plan(expr, text, options, std::nullopt);
    if (!plan) return plan.error();
    if (type != nullptr) *type = (*plan)->type;
    return {};
}

Result<std::unique_ptr<StandingQuery>> StandingQuery::create(const Expr& expr, std::string_view text, Store& store,
                                                             const QueryOptions& options) {
    return create(expr, text, store, options, nullptr);
}

Result<std::unique_ptr<StandingQuery>> StandingQuery::create(const Expr& expr, std::string_view text, Store& store,
                                                             const QueryOptions& options,
                                                             const std::shared_ptr<SharedQueries>& shared) {
    const auto plan = make_plan(expr, text, options, QueryRange{});
    if (!plan) return fail_with(plan.error());
    auto query = std::make_unique<CompiledQuery>((*plan)->type, text, options, std::static_pointer_cast<OperatorPool>(shared));
    query->compile_with(*plan, store);
    return query;
}

Result<QueryResult> run_instant_query(const Expr& expr, std::string_view text, Store& store, const QueryOptions& options,
                                      Timestamp at) {
    TOCSIN_TRY(PassingQuery query, prepare(expr, text, store, options, {}));
    QueryResult result;
    result.type = query.plan->type;
    if (const auto* string = query.plan->as<PlanString>()) {
        result.string = string->value;
        return result;
    }
    Evaluation evaluation(options);
    const std::int64_t at_ms = to_unix_ms(at);
    evaluation.begin(query.pool.run(), at_ms, at_ms, 0);
    const Status status = query.compiled.range ? query.compiled.range->open(evaluation, at_ms)
                                               : query.compiled.root->evaluate(evaluation, at_ms);
    if (!status) return tl::unexpected(status.error());
    if (query.compiled.range) {
        take_matrix(*query.compiled.range, result);
    } else if (result.type == ValueType::Scalar) {
        result.scalar = query.compiled.root->scalar();
    } else {
        take_vector(*query.compiled.root, result);
    }
    result.annotations = Told(query.compiled.speakers).annotations(query.pool.run());
    return result;
}

Result<QueryResult> run_range_query(const Expr& expr, std::string_view text, Store& store, const QueryOptions& options,
                                    Timestamp start, Timestamp end, Duration step) {
    if (step <= Duration{0}) return fail(Error::Kind::InvalidInput, "zero or negative query resolution step widths are not accepted");
    if ((end - start) / step > kStepsMax) return fail(Error::Kind::LimitExceeded, "the query has too many steps");
    TOCSIN_TRY(PassingQuery query, prepare(expr, text, store, options, {step, end - start}));
    if (query.plan->type != ValueType::Scalar && query.plan->type != ValueType::Vector) {
        return fail(Error::Kind::InvalidInput, "invalid expression type \"" + std::string(to_string(query.plan->type)) +
                                                   "\" for range query, must be Scalar or instant Vector");
    }
    Evaluation evaluation(options);
    evaluation.begin(query.pool.run(), to_unix_ms(start), to_unix_ms(end), step.count());
    RangeCollector collector;
    Operator& root = *query.compiled.root;
    for (Timestamp at = start; at <= end; at += step) {
        const std::size_t held = evaluation.samples();
        if (Status status = root.evaluate(evaluation, to_unix_ms(at)); !status) return tl::unexpected(status.error());
        collector.add(root, to_unix_ms(at));
        // What the step needed is gone; its result stays.
        evaluation.release_to(held);
        if (Status status = evaluation.hold_samples(present_count(root)); !status) return tl::unexpected(status.error());
    }
    QueryResult result;
    result.type = ValueType::Matrix;
    result.matrix = collector.take();
    result.annotations = Told(query.compiled.speakers).annotations(query.pool.run());
    return result;
}

}  // namespace tocsin
