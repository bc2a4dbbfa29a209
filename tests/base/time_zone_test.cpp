#include "base/time_zone.h"

#include <cstdio>

#include "base/duration.h"
#include "base/local_time_zone.h"
#include "tests/catch.h"

namespace tocsin {

namespace {

std::string local(const char* zone, const char* time) {
    const CivilTime t = TimeZone::find(zone).value().civil(parse_rfc3339(time).value());
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d %s %d", t.year, t.month, t.day, t.hour, t.minute,
                  t.zone.c_str(), t.utc_offset_seconds);
    return text;
}

}  // namespace

TEST_CASE("a zone shows its own time, summer and winter", "[base][time_zone]") {
    struct Case {
        const char* zone;
        const char* time;
        const char* text;
    };
    const auto [zone, time, text] = GENERATE(values<Case>({
        {"UTC", "2026-01-02T03:04:05Z", "2026-01-02 03:04 UTC 0"},
        {"", "2026-01-02T03:04:05Z", "2026-01-02 03:04 UTC 0"},
        {"Europe/Paris", "2026-01-02T03:04:05Z", "2026-01-02 04:04 CET 3600"},
        {"Europe/Paris", "2026-03-29T00:59:59Z", "2026-03-29 01:59 CET 3600"},
        {"Europe/Paris", "2026-03-29T01:00:00Z", "2026-03-29 03:00 CEST 7200"},
        {"Europe/Paris", "2026-10-25T00:30:00Z", "2026-10-25 02:30 CEST 7200"},
        {"Europe/Paris", "2026-10-25T01:30:00Z", "2026-10-25 02:30 CET 3600"},
        {"America/New_York", "2026-01-01T00:00:00Z", "2025-12-31 19:00 EST -18000"},
        {"Asia/Kolkata", "2026-12-31T20:00:00Z", "2027-01-01 01:30 IST 19800"},
        {"Australia/Sydney", "2026-01-15T00:00:00Z", "2026-01-15 11:00 AEDT 39600"},
    }));
    CAPTURE(zone, time);
    CHECK(local(zone, time) == text);
}

TEST_CASE("the calendar knows weekdays, leap years and days of the year", "[base][time_zone]") {
    struct Case {
        const char* time;
        unsigned weekday, days_in_month, day_of_year;
    };
    const auto [time, weekday, days_in_month, day_of_year] = GENERATE(values<Case>({
        {"1970-01-01T00:00:00Z", 4, 31, 1},
        {"2026-10-17T12:00:00Z", 6, 31, 290},
        {"2024-02-29T00:00:00Z", 4, 29, 60},
        {"2024-12-31T23:59:59Z", 2, 31, 366},
        {"2023-02-28T00:00:00Z", 2, 28, 59},
        {"2000-02-01T00:00:00Z", 2, 29, 32},
        {"1900-02-01T00:00:00Z", 4, 28, 32},
        {"1969-12-31T23:59:59Z", 3, 31, 365},
        {"0001-01-01T00:00:00Z", 1, 31, 1},
    }));
    CAPTURE(time);
    const CivilTime t = TimeZone().civil(parse_rfc3339(time).value());
    CHECK(t.weekday == weekday);
    CHECK(t.days_in_month == days_in_month);
    CHECK(t.day_of_year == day_of_year);
}

TEST_CASE("every day of four centuries follows the one before", "[base][time_zone]") {
    constexpr Duration kDay = std::chrono::hours{24};
    CivilTime before = TimeZone().civil(Timestamp{-135'140 * kDay});  // 1600-01-01
    CHECK(before.year == 1600);
    CHECK(before.day_of_year == 1);
    for (int day = -135'139; day < 11'000; ++day) {
        const CivilTime t = TimeZone().civil(Timestamp{day * kDay});
        const bool same_month = before.day < before.days_in_month;
        REQUIRE(t.day == (same_month ? before.day + 1 : 1));
        REQUIRE(t.month == (same_month ? before.month : before.month % 12 + 1));
        REQUIRE(t.weekday == (before.weekday + 1) % 7);
        before = t;
    }
}

TEST_CASE("any timestamp has a date, in any zone", "[base][time_zone]") {
    const std::string zone = GENERATE("UTC", "Europe/Paris", "America/New_York");
    const TimeZone found = TimeZone::find(zone).value();
    CHECK(found.civil(Timestamp::max()).year == 292'278'994);
    CHECK(found.civil(Timestamp::min()).year < -292'000'000);
}

TEST_CASE("an unknown zone is refused in Go's words", "[base][time_zone]") {
    const std::string name = GENERATE("Mars/Olympus", "../etc/passwd", "/etc/passwd", "europe/paris", "Europe", " UTC");
    const auto zone = TimeZone::find(name);
    REQUIRE_FALSE(zone.has_value());
    CHECK(zone.error().message == "unknown time zone " + name);
}

TEST_CASE("the local zone of the machine is known", "[base][time_zone]") {
    const auto zone = TimeZone::find("Local");
    REQUIRE(zone.has_value());
    CHECK(zone->name() == "Local");
    CHECK(zone->civil(Timestamp{}).year >= 1969);
}

// As Go makes its Local of $TZ (time.initLocal).
TEST_CASE("Local is the zone that TZ names", "[base][time_zone]") {
    struct Reset {
        ~Reset() { set_local_time_zone(std::nullopt); }
    } reset;
    const auto [tz, hours] = GENERATE(table<std::string, int>({
        {"Asia/Tokyo", 9},
        {":Asia/Tokyo", 9},
        {"/usr/share/zoneinfo/Asia/Tokyo", 9},
        {":/usr/share/zoneinfo/Asia/Tokyo", 9},
        {"", 0},
        {":", 0},
        {"UTC", 0},
        {"No/Such", 0},
        {"JST-9", 0},
    }));
    CAPTURE(tz);
    set_local_time_zone(tz);
    const auto local = TimeZone::find("Local");
    REQUIRE(local);
    CHECK(local->civil(Timestamp{}).utc_offset_seconds == hours * 3600);
    CHECK(local->name() == "Local");
}

TEST_CASE("a zone's file that is none of the database makes no Local", "[base][time_zone]") {
    set_local_time_zone("/etc/somewhere/else");
    CHECK_FALSE(TimeZone::find("Local"));
    CHECK(TimeZone::find("Asia/Tokyo"));
    set_local_time_zone(std::nullopt);
}

}  // namespace tocsin
