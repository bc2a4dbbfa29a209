#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/eval/compiler.h"
#include "engine/eval/evaluation.h"
#include "engine/eval/operator_pool.h"
#include "engine/eval/query.h"
#include "engine/plan/binder.h"
#include "engine/store/excerpt.h"

namespace tocsin {

/// When a query that comes by is evaluated. A step of 0 means once, at `start`.
struct QueryTimes {
    Timestamp start;
    Timestamp end;
    Duration step{0};
};

/// One query that comes by: made, opened over a store, evaluated some steps at a time, taken from. One thread at a
/// time.
class SteppedQuery {
public:
    /// What it reads is not looked up yet. Fails with what check_expression() or the limits say.
    static Result<std::unique_ptr<SteppedQuery>> create(const Expr& expr, std::string_view text,
                                                        const QueryOptions& options, const QueryTimes& times);

    /// What it looks for in a store.
    const std::vector<Matchers>& selectors() const { return selectors_; }
    /// Which samples it looks at for the steps from `first` to `last`.
    std::vector<TimeSpan> looks_at(Timestamp first, Timestamp last) const;

    /// Compiles it over a store, which has all series that it will ever see, and outlives it.
    void open(Store& store);
    /// The steps from `first` to `last`, which follow those of the call before. Stops with Error::Kind::Timeout soon
    /// after `cancelled` was set.
    Status evaluate(Timestamp first, Timestamp last);
    void cancel_when(const std::atomic<bool>& cancelled) { evaluation_.cancel_when(cancelled); }

    /// The result of all steps. Once.
    QueryResult take();
    /// The most samples that it held at a time.
    std::size_t peak_samples() const { return evaluation_.peak_samples(); }

private:
    /// Series of a range query, step by step.
    class RangeCollector {
    public:
        explicit RangeCollector(std::size_t steps) : steps_(steps) {}

        void add(const Operator& root, std::int64_t at_ms);
        std::vector<RangeSeries> take();

    private:
        void find_series(const Operator& root);
        std::size_t series_of(LabelSet labels);

        std::size_t steps_;
        RowsPtr rows_;
        std::unordered_multimap<std::uint64_t, std::size_t> index_;  // by the hash of the labels
        std::vector<std::size_t> series_of_row_;
        std::vector<RangeSeries> series_;
    };

    SteppedQuery(PlanPtr plan, std::string_view text, const QueryOptions& options, const QueryTimes& times);

    Status evaluate_once();
    Status evaluate_step(Timestamp at);

    PlanPtr plan_;
    std::string text_;
    QueryOptions options_;
    QueryTimes times_;
    std::vector<Matchers> selectors_;
    OperatorPool pool_;
    Compiled compiled_;
    Evaluation evaluation_;
    RangeCollector collector_;
    QueryResult result_;
};

}  // namespace tocsin
