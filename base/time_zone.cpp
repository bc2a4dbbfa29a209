#include "base/time_zone.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <date/tz.h>

#include "base/local_time_zone.h"
#include "base/text.h"

namespace tocsin {

namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

struct CivilDate {
    std::int64_t year;
    unsigned month;
    unsigned day;
};

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
}

/// What floor_divide leaves over, from 0 to b - 1.
std::int64_t floor_remainder(std::int64_t a, std::int64_t b) {
    return a % b + (a % b < 0 ? b : 0);
}

/// Days since 1970 to the Gregorian calendar, for all 64 bits: the calendars of libraries end with year 32767, and a
/// timestamp may be anything. Counts years from March, so that the day that comes and goes is the last of them.
CivilDate civil_date(std::int64_t days) {
    constexpr std::int64_t kCycleDays = 146'097;  // 400 years
    days += 719'468;                              // from 0000-03-01
    const std::int64_t cycle = floor_divide(days, kCycleDays);
    const std::int64_t day_of_cycle = floor_remainder(days, kCycleDays);
    const std::int64_t year_of_cycle =
        (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36'524 - day_of_cycle / 146'096) / 365;
    const std::int64_t day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
    const auto day = static_cast<unsigned>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    const auto month = static_cast<unsigned>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    return {cycle * 400 + year_of_cycle + (month <= 2 ? 1 : 0), month, day};
}

bool is_leap(std::int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

unsigned days_in_month(std::int64_t year, unsigned month) {
    static constexpr unsigned kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

unsigned day_of_year(const CivilDate& date) {
    unsigned day = date.day;
    for (unsigned month = 1; month < date.month; ++month) day += days_in_month(date.year, month);
    return day;
}

void set_date(CivilTime& civil, std::int64_t days) {
    const CivilDate date = civil_date(days);
    civil.year = static_cast<int>(date.year);
    civil.month = date.month;
    civil.day = date.day;
    civil.weekday = static_cast<unsigned>(floor_remainder(days + 4, 7));  // 1970-01-01 was a Thursday
    civil.days_in_month = days_in_month(date.year, date.month);
    civil.day_of_year = day_of_year(date);
}

void set_time_of_day(CivilTime& civil, std::int64_t ms) {
    civil.hour = static_cast<int>(ms / 3'600'000);
    civil.minute = static_cast<int>(ms / 60'000 % 60);
    civil.second = static_cast<int>(ms / 1000 % 60);
    civil.millisecond = static_cast<int>(ms % 1000);
}

struct Offset {
    std::int64_t seconds = 0;
    std::string abbreviation = "UTC";
};

Offset offset_at(const date::time_zone& zone, Timestamp t) {
    // Rules are not known for other years, and the library's calendar ends there.
    constexpr std::chrono::seconds kYearZero{-62'167'219'200}, kYear10000{253'402'300'800};
    const auto seconds = std::chrono::floor<std::chrono::seconds>(t.time_since_epoch());
    try {
        const date::sys_info info = zone.get_info(date::sys_seconds{std::clamp(seconds, kYearZero, kYear10000)});
        return {info.offset.count(), info.abbrev};
    } catch (const std::exception&) {
        return {};  // the file of the zone went away after find(); UTC is what is left
    }
}

std::optional<std::string>& local_tz() {
    static std::optional<std::string> tz;
    return tz;
}

// The name in the database of what $TZ says; a path stays one when no database is where it leads.
std::string zone_name_of(std::string_view tz) {
    constexpr std::string_view kDatabase = "/zoneinfo/";
    if (tz.starts_with(':')) tz.remove_prefix(1);
    const std::size_t database = tz.rfind(kDatabase);
    if (tz.starts_with('/') && database != tz.npos) tz.remove_prefix(database + kDatabase.size());
    return std::string(tz);
}

/// Null is UTC.
const date::time_zone* local_zone() {
    if (!local_tz() || *local_tz() == "/etc/localtime" || *local_tz() == ":/etc/localtime") return date::current_zone();
    const std::string name = zone_name_of(*local_tz());
    if (name.empty() || name == "UTC") return nullptr;
    if (name.starts_with('/')) return date::locate_zone(name);  // throws
    try {
        return date::locate_zone(name);
    } catch (const std::exception&) {
        return nullptr;
    }
}

}  // namespace

void set_local_time_zone(std::optional<std::string> tz) {
    local_tz() = std::move(tz);
}

Result<TimeZone> TimeZone::find(const std::string& name) {
    TimeZone found;
    if (name.empty() || name == "UTC") return found;
    try {
        found.zone_ = name == "Local" ? local_zone() : date::locate_zone(name);
    } catch (const std::exception&) {
        return fail(Error::Kind::NotFound, "unknown time zone " + escape_control_characters(name));
    }
    found.name_ = name;
    return found;
}

CivilTime TimeZone::civil(Timestamp t) const {
    const Offset offset = zone_ ? offset_at(*static_cast<const date::time_zone*>(zone_), t) : Offset{};
    // Split before the offset is added: the sum of the two may not fit.
    const std::int64_t ms = floor_remainder(to_unix_ms(t), kDayMs) + offset.seconds * 1000;
    CivilTime civil;
    set_date(civil, floor_divide(to_unix_ms(t), kDayMs) + floor_divide(ms, kDayMs));
    set_time_of_day(civil, floor_remainder(ms, kDayMs));
    civil.utc_offset_seconds = static_cast<int>(offset.seconds);
    civil.zone = offset.abbreviation;
    return civil;
}

}  // namespace tocsin
