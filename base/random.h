#pragma once

#include <cstdint>

namespace tocsin {

/// The only source of chance: jitter, UUIDs, salts. Scheduler's thread only.
class Random {
public:
    virtual ~Random() = default;
    virtual std::uint64_t next() = 0;

    /// Evenly in [0, 1).
    double fraction() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
};

}  // namespace tocsin
