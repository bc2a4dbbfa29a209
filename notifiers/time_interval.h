#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/time_zone.h"
#include "notifiers/config_fields.h"

namespace tocsin {

/// One element of a time interval: all of its fields must hold, within a field any range. A field that is absent always
/// holds, one that is an empty list never does.
struct TimeWindow {
    struct Range {
        int begin = 0;
        int end = 0;  // inclusive, but for `times`
    };

    std::optional<std::vector<Range>> times;          // minutes of the day
    std::optional<std::vector<Range>> weekdays;       // Sunday is 0
    std::optional<std::vector<Range>> days_of_month;  // negative ones count from the end of the month
    std::optional<std::vector<Range>> months;
    std::optional<std::vector<Range>> years;
    TimeZone zone;

    bool contains(Timestamp t) const;
    /// The first moment after `t` at which contains() may answer otherwise; an hour later at most.
    Timestamp next_edge(Timestamp t) const;
};

/// `time_intervals[]` (and the older `mute_time_intervals[]`): holds when any of its windows does.
struct TimeInterval {
    std::string name;
    std::vector<TimeWindow> windows;
    SourceRange where;

    bool contains(Timestamp t) const;
    Timestamp next_edge(Timestamp t) const;
};

/// `what` is `time interval` or `mute time interval`, for messages.
TimeInterval read_time_interval(const YamlNode& node, std::string_view what, ConfigReading& reading);

}  // namespace tocsin
