#pragma once

#include <optional>
#include <string>
#include <vector>

#include "parser/ast.h"
#include "tests/reference/data.h"

namespace tocsin::reference {

/// When an expression is evaluated, and which query the evaluation is a step of.
struct Moment {
    std::int64_t at_ms = 0;
    std::int64_t start_ms = 0;
    std::int64_t end_ms = 0;
    std::int64_t step_ms = 0;
};

struct Settings {
    std::int64_t lookback_ms = 300'000;
    std::int64_t subquery_step_ms = 60'000;
    /// Moves the last digits of whatever is computed with rounding, equal numbers equally. An answer that differs by
    /// more than that depends on how somebody rounds, and nobody can be held to it.
    bool nudged = false;
};

struct Answer {
    Rows rows;  // of a scalar: one without labels
    std::optional<std::string> failure;
    /// PromQL leaves open which rows these are: topk() and its like among equal values.
    bool is_open = false;
};

/// The value of an expression of type scalar or instant vector, whose types fit. Functions that are not known here are
/// a failure that says so.
Answer evaluate(const Expr& expr, const std::vector<Series>& data, const Moment& moment, const Settings& settings = {});

}  // namespace tocsin::reference
