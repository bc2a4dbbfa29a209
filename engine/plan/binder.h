#pragma once

#include <optional>
#include <string_view>

#include "base/diagnostic.h"
#include "engine/eval/query.h"
#include "engine/plan/plan.h"
#include "parser/ast.h"

namespace tocsin {

/// When the plan will run. An instant query or a rule has no step, and start and end are not known when it is bound.
struct QueryRange {
    Duration step{0};
    Duration length{0};
};

/// Resolves names, checks types, features and arguments, and makes a plan of `expr`, which was parsed from `text`. All that is wrong
/// is reported, with positions within `text` and Prometheus' words. Without a range the plan is good for its type only, and durations
/// that depend on the range are not judged.
Parsed<PlanPtr> make_plan(const Expr& expr, std::string_view text, const QueryOptions& options, const std::optional<QueryRange>& range);

}  // namespace tocsin
