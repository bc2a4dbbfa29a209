#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace tocsin {

/// A native histogram in the notation of series: what unit tests give and expect. tocsin computes with none.
struct NativeHistogram {
    enum class Reset : std::uint8_t { Unknown, Reset, NotReset, Gauge };

    /// Buckets that follow each other; the first one has the index `offset`.
    struct Buckets {
        std::int64_t offset = 0;
        std::vector<double> counts;
    };

    std::int64_t schema = 0;
    double count = 0, sum = 0;
    double zero_count = 0, zero_width = 0;
    std::vector<double> custom_values;
    Buckets positive, negative;
    Reset reset_hint = Reset::Unknown;
};

/// `{{count:2 sum:3 buckets:[2]}}`, in the one form that Prometheus gives it (FloatHistogram.TestExpression): fields that
/// are 0 are left out, and so are empty buckets at both ends.
std::string to_string(const NativeHistogram& histogram);

/// `base` and `times` `step`, as `base+stepxN` counts. A step of a higher schema is brought to that of the base. An error
/// where the step's schema is lower, where zero buckets or custom values differ, which Prometheus brings together, and
/// where buckets lie too far apart.
Result<NativeHistogram> added(const NativeHistogram& base, const NativeHistogram& step, double times);

/// Whether the counters behind `next` must have begun anew since `previous` (FloatHistogram.DetectReset).
bool is_reset(const NativeHistogram& previous, const NativeHistogram& next);

}  // namespace tocsin
