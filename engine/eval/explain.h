#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/eval/query.h"

namespace tocsin {

/// One node of a plan at work.
struct ExplainedNode {
    std::string title;  // what it does, without its operands
    std::size_t depth = 0;
    ValueType type = ValueType::Vector;
    /// Index of an earlier node that is the same: computed once, and told there.
    std::optional<std::size_t> same_as;
    std::size_t rows = 0;     // label sets of its frame; of a range vector series
    std::size_t present = 0;  // of them with a value; of a range vector all its samples
    std::string kept;         // what it knows about labels from one evaluation to the next
    /// What it costs by itself, without its operands; a range is part of the function that reads it.
    std::chrono::nanoseconds first{0}, again{0};
};

/// What an expression is made of and what that costs.
struct Explanation {
    std::vector<ExplainedNode> nodes;       // each before its operands
    std::chrono::nanoseconds compiling{0};  // and finding the series
    /// The first evaluation, which looks at labels, and the quickest of some more, which do not.
    std::chrono::nanoseconds first{0}, again{0};
    QueryResult result;
};

/// Evaluates an expression at `at` and tells how. `clock` only measures. The store must be frozen or untouched
/// meanwhile. Fails as run_instant_query() does.
Result<Explanation> explain_query(const Expr& expr, std::string_view text, const Store& store,
                                  const QueryOptions& options, Timestamp at,
                                  const std::function<MonotonicTime()>& clock);

}  // namespace tocsin
