#pragma once

#include "base/result.h"
#include "base/time.h"
#include "engine/plan/binder.h"
#include "parser/ast.h"

namespace tocsin {

enum class Sign { Positive, Any };

/// The duration an expression over constants, step() and range() stands for. Fails with Prometheus' words, for instance when it must
/// be positive and is not.
Result<Duration> evaluate_duration(const DurationExpr& duration, const QueryRange& range, Sign sign);

}  // namespace tocsin
