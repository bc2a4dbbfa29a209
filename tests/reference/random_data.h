#pragma once

#include <cstdint>
#include <vector>

#include "tests/reference/chance.h"
#include "tests/reference/data.h"

namespace tocsin::reference {

/// Series that share timestamps, as those of one target do.
struct Target {
    std::vector<std::int64_t> times_ms;
    std::vector<Series> series;  // at some of these times
};

/// What a few targets of two jobs exposed during half an hour: counters with resets, gauges with NaN and infinities,
/// histograms, series that begin late, end with a stale marker or have holes; each target with an interval of its own,
/// some scrapes missed.
///
/// The metrics and labels are those that random_expression() knows.
std::vector<Target> random_targets(Chance& chance);

/// All series of all targets.
std::vector<Series> series_of(const std::vector<Target>& targets);

/// The time of the data: [0, kDataEnd).
inline constexpr std::int64_t kDataEndMs = 30 * 60 * 1000;

}  // namespace tocsin::reference
