#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "base/time_zone.h"

namespace tocsin::templates {

/// Where a GoTime is read: UTC, a place of the time zone database, or a fixed distance from UTC.
struct GoZone {
    TimeZone place;  // counts unless `fixed_offset_seconds` is given
    std::optional<int> fixed_offset_seconds;
    std::string fixed_name;  // of a fixed distance; empty prints as `+0100`
};

/// The calendar of a moment in its zone.
struct GoCivil {
    std::int64_t year = 1;
    unsigned month = 1, day = 1, weekday = 1, year_day = 1;
    int hour = 0, minute = 0, second = 0;
    int offset_seconds = 0;
    std::string zone = "UTC";
};

/// A moment as Go's time.Time is one: nanoseconds, any year, with the zone it is shown in. The default is Go's zero
/// time, the first second of the year 1.
struct GoTime {
    static constexpr std::int64_t kZeroSeconds = -62'135'596'800;

    std::int64_t seconds = kZeroSeconds;  // since 1970-01-01 UTC
    std::int32_t nanoseconds = 0;         // 0 to 999'999'999
    GoZone zone;

    GoTime() = default;
    /// `Timestamp{}` is tocsin's "no time" and becomes Go's.
    GoTime(Timestamp t);
    static GoTime from_unix(std::int64_t seconds, std::int64_t nanoseconds);
    /// The moment itself, also at 1970-01-01.
    static GoTime from_timestamp(Timestamp t);

    bool is_zero() const { return seconds == kZeroSeconds && nanoseconds == 0; }
    GoCivil civil() const;
    /// As Go's Format with a layout written for the reference time `Mon Jan 2 15:04:05 MST 2006`.
    std::string format(std::string_view layout) const;
    /// `2006-01-02 15:04:05.999999999 -0700 MST`.
    std::string to_string() const { return format("2006-01-02 15:04:05.999999999 -0700 MST"); }
    /// Stops at the largest and the smallest duration.
    std::int64_t minus(const GoTime& other) const;
    GoTime plus(std::int64_t duration_nanoseconds) const;

    int compare(const GoTime& other) const;
};

/// The day that is `month - 1` months after January of `year` and `day - 1` days later, at the time of day which
/// `clock` shows in its zone: Go's time.Date, which takes any numbers.
GoTime go_date(std::int64_t year, std::int64_t month, std::int64_t day, const GoTime& clock);

/// Reads `text` by a layout, as Go's time.Parse; the message of a failure is Go's.
Result<GoTime> parse_go_time(std::string_view layout, std::string_view text);

}  // namespace tocsin::templates
