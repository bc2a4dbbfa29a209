#pragma once

#include <string>
#include <string_view>

#include "engine/plan/plan.h"

namespace tocsin {

/// What a node does, without its operands: `sum by (job)`, `/ on (host)`, `rate()`, `[5m:1m]`. `text` is that of the
/// expression.
std::string plan_title(const PlanNode& node, std::string_view text);

/// The operands of a node, in the order of the text; those of an info() that only select labels are among them.
std::vector<PlanPtr> operands_of(const PlanNode& node);

}  // namespace tocsin
