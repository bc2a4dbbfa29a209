#pragma once

#include <cstdint>

#include "engine/functions/function.h"

namespace tocsin {

/// Whether sample `i` of a window says by its start time that the counter began anew since the sample before.
///
/// A start time at the sample before means that for delta series, where each sample counts from the last, and nothing for a series
/// whose start is not known; whether the sample before has a start time tells them apart.
inline bool began_anew(const RangeWindow& window, std::size_t i) {
    if (window.start_times_ms.empty()) return false;
    const std::int64_t start_ms = window.start_times_ms[i];
    const std::int64_t before_ms = window.times_ms[i - 1];
    if (start_ms == 0 || start_ms > window.times_ms[i] || start_ms < before_ms) return false;
    return start_ms > before_ms || window.start_times_ms[i - 1] != 0;
}

}  // namespace tocsin
