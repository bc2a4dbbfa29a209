#pragma once

#include <chrono>
#include <functional>
#include <utility>

#include "base/time.h"

namespace tocsin {

/// Tells somebody how long each piece of work took, in seconds; as long as nobody wants to know, it only lets it be
/// done.
class LookupMeter {
public:
    using Told = std::function<void(double seconds)>;

    LookupMeter() = default;
    /// `clock` outlives it.
    LookupMeter(const Scheduler& clock, Told told) : clock_(&clock), told_(std::move(told)) {}

    template <class Work>
    void measure(const Work& work) const {
        if (clock_ == nullptr) return work();
        const MonotonicTime begin = clock_->monotonic();
        work();
        told_(std::chrono::duration<double>(clock_->monotonic() - begin).count());
    }

private:
    const Scheduler* clock_ = nullptr;
    Told told_;
};

}  // namespace tocsin
