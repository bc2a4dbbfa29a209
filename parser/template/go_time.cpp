#include "parser/template/go_time.h"

#include <algorithm>
#include <limits>

#include "parser/template/go_calendar.h"

namespace tocsin::templates {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

}  // namespace

GoTime::GoTime(Timestamp t) {
    if (t != Timestamp{}) *this = from_timestamp(t);
}

GoTime GoTime::from_timestamp(Timestamp t) {
    const std::int64_t ms = to_unix_ms(t);
    return from_unix(floor_div(ms, 1000), (ms - floor_div(ms, 1000) * 1000) * 1'000'000);
}

GoTime GoTime::from_unix(std::int64_t seconds, std::int64_t nanoseconds) {
    GoTime time;
    time.seconds = seconds + floor_div(nanoseconds, kNanosPerSecond);
    time.nanoseconds =
        static_cast<std::int32_t>(nanoseconds - floor_div(nanoseconds, kNanosPerSecond) * kNanosPerSecond);
    return time;
}

GoCivil GoTime::civil() const {
    GoCivil civil;
    if (zone.fixed_offset_seconds) {
        civil.offset_seconds = *zone.fixed_offset_seconds;
        civil.zone = zone.fixed_name;
    } else if (zone.place.name() != "UTC") {
        // The database counts years in 16 bits; beyond them the rules of the last one it knows go on.
        constexpr std::int64_t kSecondsMax = 900'000'000'000;
        const CivilTime there = zone.place.civil(from_unix_ms(std::clamp(seconds, -kSecondsMax, kSecondsMax) * 1000));
        civil.offset_seconds = there.utc_offset_seconds;
        civil.zone = there.zone;
    }
    const std::int64_t local = seconds + civil.offset_seconds;
    const std::int64_t days = floor_div(local, kSecondsPerDay);
    set_date(civil, days);
    const int in_day = static_cast<int>(local - days * kSecondsPerDay);
    civil.hour = in_day / 3600;
    civil.minute = in_day / 60 % 60;
    civil.second = in_day % 60;
    return civil;
}

std::int64_t GoTime::minus(const GoTime& other) const {
    constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
    constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(seconds, other.seconds, &difference) ||
        __builtin_mul_overflow(difference, kNanosPerSecond, &difference) ||
        __builtin_add_overflow(difference, nanoseconds - other.nanoseconds, &difference)) {
        return compare(other) > 0 ? kMax : kMin;
    }
    return difference;
}

GoTime GoTime::plus(std::int64_t duration_nanoseconds) const {
    const std::int64_t whole = floor_div(duration_nanoseconds, kNanosPerSecond);
    std::int64_t sum = 0;
    // Past the end of time Go wraps around, too.
    if (__builtin_add_overflow(seconds, whole, &sum)) sum = kZeroSeconds;
    GoTime later = from_unix(sum, nanoseconds + (duration_nanoseconds - whole * kNanosPerSecond));
    later.zone = zone;
    return later;
}

int GoTime::compare(const GoTime& other) const {
    if (seconds != other.seconds) return seconds < other.seconds ? -1 : 1;
    if (nanoseconds != other.nanoseconds) return nanoseconds < other.nanoseconds ? -1 : 1;
    return 0;
}

GoTime go_date(std::int64_t year, std::int64_t month, std::int64_t day, const GoTime& clock) {
    const std::int64_t months = month - 1;
    year += floor_div(months, 12);
    const auto month_of_year = static_cast<unsigned>(months - floor_div(months, 12) * 12) + 1;
    const std::int64_t days = days_from_civil(year, month_of_year, 1) + day - 1;
    const GoCivil civil = clock.civil();
    const std::int64_t local = days * kSecondsPerDay + civil.hour * 3600 + civil.minute * 60 + civil.second;
    GoTime time = clock;
    time.seconds = local - civil.offset_seconds;
    // Between the two days the clocks may have changed.
    time.seconds = local - time.civil().offset_seconds;
    return time;
}

}  // namespace tocsin::templates
