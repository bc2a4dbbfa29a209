#include "engine/eval/explain.h"

#include <algorithm>

#include "base/sample.h"
#include "engine/eval/compiler.h"
#include "engine/eval/operator_pool.h"
#include "engine/eval/stopwatch.h"
#include "engine/plan/binder.h"
#include "engine/plan/plan_title.h"

namespace tocsin {
namespace {

// Evaluations after the first one; the quickest is told.
constexpr int kRepetitions = 9;

class StoredSeries final : public SeriesAccess {
public:
    explicit StoredSeries(const Store& store) : store_(store) {}
    Store::SelectionHandle select(const Matchers& matchers, Duration) override { return store_.select_once(matchers); }

private:
    const Store& store_;
};

/// An expression compiled over what is in a store.
struct ExplainedQuery {
    PlanPtr plan;
    OperatorPool pool;
    Compiled compiled;
};

Result<ExplainedQuery> prepare(const Expr& expr, std::string_view text, const Store& store,
                               const QueryOptions& options) {
    auto plan = make_plan(expr, text, options, QueryRange{});
    if (!plan) return fail(Error::Kind::InvalidInput, to_string(plan.error().front()));
    StoredSeries series(store);
    ExplainedQuery query{*std::move(plan), {}, {}};
    query.compiled = compile(query.plan, text, series, options, query.pool);
    return query;
}

void take_explained_vector(const Operator& root, QueryResult& result) {
    for (std::size_t row = 0; row < root.size(); ++row) {
        if (root.is_present(row)) result.vector.emplace_back(root.labels(row), root.values()[row]);
    }
    std::ranges::sort(result.vector, {}, &std::pair<LabelSet, double>::first);
}

std::size_t samples_in(const RangeSource::Block& block) {
    std::size_t samples = 0;
    for (const double* row : block.rows) {
        const double* cells = row + block.first_column;
        samples += static_cast<std::size_t>(
            std::count_if(cells, cells + block.columns, [](double cell) { return !is_missing(cell); }));
    }
    return samples;
}

// The query at one moment, again and again.
class Runs {
public:
    Runs(ExplainedQuery& query, const QueryOptions& options, Timestamp at, const Stopwatch::Clock& clock)
        : query_(query), evaluation_(options), at_ms_(to_unix_ms(at)), clock_(clock) {}

    Result<Stopwatch> run() {
        query_.pool.forget_values();
        Stopwatch stopwatch(clock_);
        evaluation_.begin(query_.pool.run(), at_ms_, at_ms_, 0);
        evaluation_.measure_with(&stopwatch);
        const Status status = query_.compiled.range ? query_.compiled.range->open(evaluation_, at_ms_)
                                                    : query_.compiled.root->evaluate(evaluation_, at_ms_);
        evaluation_.measure_with(nullptr);
        if (!status) return tl::unexpected(status.error());
        return stopwatch;
    }

    Result<Stopwatch> quickest_of(int runs) {
        TOCSIN_TRY(Stopwatch quickest, run());
        for (int i = 1; i < runs; ++i) {
            TOCSIN_TRY(Stopwatch next, run());
            if (next.total() < quickest.total()) quickest = std::move(next);
        }
        return quickest;
    }

    /// All samples of a range vector.
    std::size_t samples_of(RangeSource& range) {
        if (!range.open(evaluation_, at_ms_)) return 0;
        std::size_t samples = 0;
        RangeSource::Block block;
        while (range.next(block)) samples += samples_in(block);
        return samples;
    }

private:
    ExplainedQuery& query_;
    Evaluation evaluation_;
    std::int64_t at_ms_;
    const Stopwatch::Clock& clock_;
};

void look_at(const Operator& op, const Stopwatch& first, const Stopwatch& again, ExplainedNode& node) {
    node.first = first.own(&op);
    node.again = again.own(&op);
    node.kept = op.kept();
    node.rows = op.size();
    if (op.present() == nullptr) return;  // nobody asked for its value
    node.present = static_cast<std::size_t>(
        std::count_if(op.present(), op.present() + op.size(), [](auto cell) { return cell != 0; }));
}

ExplainedNode explain(const CompiledNode& compiled, std::string_view text, Runs& runs, const Stopwatch& first,
                      const Stopwatch& again) {
    ExplainedNode node;
    node.title = plan_title(*compiled.plan, text);
    node.depth = compiled.depth;
    node.type = compiled.plan->type;
    node.same_as = compiled.same_as;
    if (compiled.made) look_at(*compiled.made, first, again, node);
    if (compiled.range != nullptr) {
        node.present = runs.samples_of(*compiled.range);
        node.rows = compiled.range->size();
        node.kept = compiled.range->kept();
    }
    return node;
}

void take_result(const ExplainedQuery& query, QueryResult& result) {
    result.type = query.plan->type;
    if (result.type == ValueType::Scalar) result.scalar = query.compiled.root->scalar();
    if (result.type == ValueType::Vector) take_explained_vector(*query.compiled.root, result);
    if (const auto* string = query.plan->as<PlanString>()) result.string = string->value;
}

}  // namespace

Result<Explanation> explain_query(const Expr& expr, std::string_view text, const Store& store,
                                  const QueryOptions& options, Timestamp at,
                                  const std::function<MonotonicTime()>& clock) {
    const MonotonicTime begin = clock();
    TOCSIN_TRY(ExplainedQuery query, prepare(expr, text, store, options));
    Explanation explanation;
    explanation.compiling = clock() - begin;
    Runs runs(query, options, at, clock);
    TOCSIN_TRY(const Stopwatch first, runs.run());
    TOCSIN_TRY(const Stopwatch again, runs.quickest_of(kRepetitions));
    explanation.first = first.total();
    explanation.again = again.total();
    take_result(query, explanation.result);
    for (const CompiledNode& node : list_nodes(query.plan, query.compiled, options, query.pool)) {
        explanation.nodes.push_back(explain(node, text, runs, first, again));
    }
    return explanation;
}

}  // namespace tocsin
