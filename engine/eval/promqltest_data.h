#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "engine/eval/promqltest_script.h"
#include "engine/store/store.h"

namespace tocsin::promqltest {

/// What a script has loaded, as a store.
class Data {
public:
    void clear();
    /// `start_times`: whether start times of counters are taken too.
    void load(const Load& load, bool start_times);

    /// Built anew after each change: what is loaded may lie before what was there.
    Store& store();

private:
    using Samples = std::map<std::int64_t, double>;  // by milliseconds
    // Series that were loaded together share a timeline.
    using TimelineData = std::map<LabelSet, Samples>;

    static void load_start_times(const Load& load, TimelineData& fresh);
    static void fill(Store& store, const TimelineData& data);
    Samples& samples_of(const LabelSet& labels, TimelineData& fresh);

    std::vector<TimelineData> timelines_;
    std::unique_ptr<Store> store_;
};

}  // namespace tocsin::promqltest
