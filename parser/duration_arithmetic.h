#pragma once

#include "base/result.h"
#include "base/time.h"
#include "parser/ast.h"

namespace tocsin {

/// What `step()` and `range()` stand for inside a duration; both are 0 for an instant query.
struct DurationInputs {
    Duration step{0};
    Duration range{0};
};

/// Whether `step()` or `range()` occurs in the arithmetic of a DurationExpr.
bool depends_on_query(const Expr& arithmetic);

/// The value of a DurationExpr's arithmetic. It is done in seconds, as Prometheus does it, and cut to milliseconds.
/// Fails for a division by zero and for what no duration can hold. May be zero or negative: where that is refused is
/// the caller's affair.
Result<Duration> evaluate_duration(const Expr& arithmetic, const DurationInputs& inputs = {});

/// A duration written as a bare number of seconds; fails for what no duration can hold.
Result<Duration> duration_from_seconds(double seconds);

}  // namespace tocsin
