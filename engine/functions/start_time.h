#pragma once

#include <cstdint>

#include "engine/functions/function.h"

namespace tocsin {

/// Whether sample `i` of a window says by its start time that the counter began anew since the sample before
/// (upstream: isStartTimestampReset in promql/functions.go).
///
/// A start time at its own sample is how OpenTelemetry writes that the start is not known. One at the sample before means that of a
/// delta series, where each sample counts from the last; in a series whose start is not known it means nothing, and whether the
/// sample before had a start time of its own tells the two apart.
inline bool began_anew(const RangeWindow& window, std::size_t i) {
    if (window.start_times_ms.empty()) return false;
    const std::int64_t start_ms = window.start_times_ms[i];
    const std::int64_t before_ms = window.times_ms[i - 1];
    if (start_ms == 0 || start_ms >= window.times_ms[i] || start_ms < before_ms) return false;
    if (start_ms > before_ms) return true;
    const std::int64_t start_before_ms = window.start_times_ms[i - 1];
    return start_before_ms != 0 && start_before_ms < before_ms;
}

}  // namespace tocsin
