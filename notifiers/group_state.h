#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/time.h"

namespace tocsin {

/// What is kept of a group from one life of the program to the next. Which alerts it told of is in the log.
struct GroupState {
    std::string route_identity;  // Route::identity
    LabelSet labels;
    std::string key;  // what receivers know it by
    Timestamp next_flush{};
    Timestamp timer_began{};   // when the group or its last flush was due; none: it is not known
    bool has_flushed = false;  // the timer is one of group_interval, and not of group_wait
    // What its route said; the next life may have another configuration.
    std::string receiver{};
    Duration group_interval{};
    Duration repeat_interval{};
    std::vector<std::string> mute_time_intervals{};
    std::vector<std::string> active_time_intervals{};
    std::vector<std::pair<std::string, std::string>> route_labels{};  // templates
    bool retired = false;                                             // no route led to it any more

    bool operator==(const GroupState&) const = default;
};

}  // namespace tocsin
