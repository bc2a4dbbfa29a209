#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace tocsin {

/// A date and time as a wall calendar shows it.
struct CivilTime {
    int year = 1970;
    unsigned month = 1;        // 1 to 12
    unsigned day = 1;          // 1 to 31
    unsigned weekday = 4;      // Sunday is 0
    int hour = 0, minute = 0, second = 0, millisecond = 0;
    unsigned days_in_month = 31;
    unsigned day_of_year = 1;  // 1 to 366
    int utc_offset_seconds = 0;
    std::string zone;          // abbreviation, "UTC"
};

/// An IANA time zone of the system's database. Immutable, cheap to copy.
class TimeZone {
public:
    /// UTC.
    TimeZone() = default;
    /// "Europe/Paris", "UTC", "Local"; the error is Go's: `unknown time zone X/Y`.
    static Result<TimeZone> find(const std::string& name);

    CivilTime civil(Timestamp t) const;
    const std::string& name() const { return name_; }

private:
    std::string name_ = "UTC";
    const void* zone_ = nullptr;  // date::time_zone of the database, which lives as long as the process
};

}  // namespace tocsin
