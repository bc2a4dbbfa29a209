#pragma once

#include <cstdint>

#include "engine/eval/evaluation.h"
#include "engine/plan/plan.h"

namespace tocsin {

/// The moment a selector or subquery looks at when it is evaluated at `at_ms`.
std::int64_t shifted(const TimeShift& shift, const Evaluation& evaluation, std::int64_t at_ms);

}  // namespace tocsin
