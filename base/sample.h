#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "base/labels.h"
#include "base/time.h"

namespace tocsin {

/// One value of one series at one time.
struct Sample {
    LabelSet labels;
    Timestamp time;
    double value = 0;
};

/// The payloads of NaN. "Stale" is Prometheus' own bit pattern, so that it means the same in every file and on every wire;
/// "absent" is ours and never leaves the store: no sample of this series at this row.
inline constexpr std::uint64_t kStaleBits = 0x7ff0000000000002;
inline constexpr std::uint64_t kAbsentBits = 0x7ff00000000abe17;
inline constexpr std::uint64_t kNormalNanBits = 0x7ff8000000000001;

inline const double kStaleMarker = std::bit_cast<double>(kStaleBits);
inline const double kAbsentMarker = std::bit_cast<double>(kAbsentBits);
inline const double kNormalNan = std::bit_cast<double>(kNormalNanBits);

inline bool is_stale(double value) { return std::bit_cast<std::uint64_t>(value) == kStaleBits; }
inline bool is_absent(double value) { return std::bit_cast<std::uint64_t>(value) == kAbsentBits; }

/// Stale or absent: there is nothing to compute with.
inline bool is_missing(double value) { return is_stale(value) || is_absent(value); }

/// What a target exposes may carry any payload; only the stale one may mean something to us.
inline double normalise_nan(double value) { return std::isnan(value) && !is_stale(value) ? kNormalNan : value; }

}  // namespace tocsin
