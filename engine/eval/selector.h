#pragma once

#include "engine/eval/operator.h"
#include "engine/plan/plan.h"
#include "engine/store/store.h"

namespace tocsin {

/// What a selector shows of the newest sample within the lookback delta.
enum class Shows { Value, Time };

/// The newest sample of each series. A stale marker hides what was before it.
OperatorPtr make_selector(Store::SelectionHandle handle, const TimeShift& shift, Shows shows);

/// When the counter of the newest sample of each series began, in seconds since 1970; 0 where that is not known.
OperatorPtr make_start_time_selector(Store::SelectionHandle handle, Store::SelectionHandle start_times, const TimeShift& shift);

/// The value on the line between the samples around the moment.
OperatorPtr make_smoothed_selector(Store::SelectionHandle handle, const TimeShift& shift);

}  // namespace tocsin
