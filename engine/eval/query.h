#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/eval/frame.h"
#include "engine/store/store.h"
#include "parser/ast.h"

namespace tocsin {

/// Names as Prometheus' --enable-feature has them.
struct QueryFeatures {
    bool experimental_functions = false;
    bool duration_expressions = true;
    bool extended_range_selectors = false;
    bool delayed_name_removal = false;
    bool binop_fill_modifiers = false;
    bool type_and_unit_labels = false;
    bool start_timestamps = false;

    bool operator==(const QueryFeatures&) const = default;
};

struct QueryOptions {
    Duration lookback_delta{std::chrono::minutes(5)};
    /// Step of a subquery that names none.
    Duration default_subquery_step{std::chrono::minutes(1)};
    std::uint64_t samples_max = 50'000'000;
    QueryFeatures features;

    bool operator==(const QueryOptions&) const = default;
};

/// Finds names and types that make no sense: unknown functions (with the nearest known one), wrong arguments, operands that do not
/// go together, features that are off. Positions count within `text`, which `expr` was parsed from. Empty means the expression
/// can be compiled. The type it will have goes to `type` when given.
Diagnostics check_expression(const Expr& expr, std::string_view text, const QueryOptions& options, ValueType* type = nullptr);

/// What several standing queries over one store have in common, the rules of a group for instance: equal expressions in them are
/// computed once for all of them. Their evaluations then run one after the other, never at the same time.
class SharedQueries {
public:
    static std::shared_ptr<SharedQueries> create();
    virtual ~SharedQueries() = default;

    /// What was computed so far counts no more. Call before a round of evaluations, and within one whenever the store has changed.
    virtual void forget_values() = 0;
};

/// One expression, compiled once and evaluated again and again over one store. Keeps selections in the store and, between
/// evaluations, everything about labels; in the steady state an evaluation touches numbers only and allocates nothing.
///
/// evaluate() may run on any thread, one at a time, while the store is frozen. Everything else: scheduler's thread.
class StandingQuery {
public:
    /// `expr` must have passed check_expression().
    static Result<std::unique_ptr<StandingQuery>> create(const Expr& expr, std::string_view text, Store& store,
                                                         const QueryOptions& options);
    /// The same, sharing what can be shared with the others that were made with `shared`. Those all have the same store.
    static Result<std::unique_ptr<StandingQuery>> create(const Expr& expr, std::string_view text, Store& store,
                                                         const QueryOptions& options,
                                                         const std::shared_ptr<SharedQueries>& shared);
    virtual ~StandingQuery() = default;

    virtual ValueType type() const = 0;

    /// The value at `at`; valid until the next call. Fails for what PromQL calls an execution error.
    virtual Result<const InstantVector*> evaluate(Timestamp at) = 0;
    /// Beside the last value.
    virtual const Annotations& annotations() const = 0;

    struct SelectorUse {
        std::string text;
        std::size_t series;  // matched at the last evaluation
    };
    virtual std::vector<SelectorUse> selectors() const = 0;
    /// All of them together: about how much work an evaluation is.
    virtual std::size_t series_matched() const = 0;

    /// The metric names its selectors could match, and all their matchers: which targets must have answered before it makes sense
    /// to evaluate.
    virtual std::vector<Matchers> selector_matchers() const = 0;
};

/// Several evaluations at once, for the query API.
struct RangeSeries {
    LabelSet labels;
    std::vector<std::pair<Timestamp, double>> points;
};

struct QueryResult {
    ValueType type = ValueType::Vector;
    double scalar = 0;
    std::string string;
    std::vector<std::pair<LabelSet, double>> vector;  // in result order (sort() and topk count)
    std::vector<RangeSeries> matrix;                  // by label set
    Annotations annotations;
};

/// Compiles and runs once; the store must be frozen or untouched meanwhile.
Result<QueryResult> run_instant_query(const Expr& expr, std::string_view text, Store& store, const QueryOptions& options,
                                      Timestamp at);
Result<QueryResult> run_range_query(const Expr& expr, std::string_view text, Store& store, const QueryOptions& options,
                                    Timestamp start, Timestamp end, Duration step);

}  // namespace tocsin
