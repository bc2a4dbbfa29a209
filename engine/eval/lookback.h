#pragma once

#include <vector>

#include "base/time.h"
#include "engine/eval/query.h"
#include "engine/plan/plan.h"
#include "engine/store/excerpt.h"

namespace tocsin {

/// The steps of a query, or of a part of it, within a query from `start` to `end`.
struct StepSpan {
    Timestamp first;
    Timestamp last;
    Timestamp start;  // what `@ start()` means
    Timestamp end;
};

/// Which samples the evaluation of `plan` at these steps may look at, of whatever selector; sorted and apart.
std::vector<TimeSpan> looks_at(const PlanNode& plan, const QueryOptions& options, const StepSpan& steps);

}  // namespace tocsin
