#include "daemon/api/posted_time.h"

#include "base/duration.h"
#include "tests/catch.h"

using namespace tocsin;
using namespace tocsin::api;

// What Alertmanager 0.25 makes of it; the day alone is what newer ones take.
TEST_CASE("times are read in every notation that Alertmanager takes", "[daemon][alertmanager]") {
    struct Case {
        std::string text;
        std::string time;  // empty: refused
    };
    const auto [text, time] = GENERATE(values<Case>({
        {"2026-12-01T00:00:00Z", "2026-12-01T00:00:00.000Z"},
        {"2026-12-01T00:00:00.123456789Z", "2026-12-01T00:00:00.123Z"},
        {"2026-12-01T00:00:00+02:00", "2026-11-30T22:00:00.000Z"},
        {"2026-12-01T00:00:00", "2026-12-01T00:00:00.000Z"},
        {"2026-12-01T00:00:00.123456", "2026-12-01T00:00:00.123Z"},
        {"2026-12-01T00:00:00,5", "2026-12-01T00:00:00.500Z"},
        {"2026-12-01T00:00:00,5Z", "2026-12-01T00:00:00.500Z"},
        {"2026-12-01T00:00:00.123+0200", "2026-11-30T22:00:00.123Z"},
        {"2026-12-01T00:00:00.123456-0730", "2026-12-01T07:30:00.123Z"},
        {"2026-12-01T00:00Z", "2026-12-01T00:00:00.000Z"},
        {"2026-12-01T00:00", "2026-12-01T00:00:00.000Z"},
        {"2026-12-01T9:30:00Z", "2026-12-01T09:30:00.000Z"},
        {"2026-12-01T9:30", "2026-12-01T09:30:00.000Z"},
        {"2026-12-01 00:00:00", "2026-12-01T00:00:00.000Z"},
        {"2026-12-01 00:00:00.5", "2026-12-01T00:00:00.500Z"},
        {"2026-12-01", "2026-12-01T00:00:00.000Z"},
        {"2026-12-01T00:00:00+0200", ""},
        {"2026-12-01T00:00:00.5-0730", ""},
        {"2026-12-01T00:00-0730", ""},
        {"2026-12-01T00:00+02:00", ""},
        {"2026-12-01T00:00:00+02", ""},
        {"2026-12-01T00Z", ""},
        {"2026-12-01T00:00:00.Z", ""},
        {"2026-12-01t00:00:00z", ""},
        {"2026-12-01 00:00:00Z", ""},
        {"2026-12-01 00:00", ""},
        {"2026-12-01T24:00:00Z", ""},
        {"2026-12-01T00:00:60Z", ""},
        {"2026-12-01T00:00:00 Z", ""},
        {" 2026-12-01T00:00:00Z", ""},
        {"2026-12-01T00:00:00Zx", ""},
        {"2026-12-1T00:00:00Z", ""},
        {"26-12-01T00:00:00Z", ""},
        {"2026-02-30T00:00:00", ""},
        {"2026-02-30", ""},
        {"1600000000", ""},
        {"Tue Dec  1 00:00:00 2026", ""},
        {"x", ""},
    }));
    CAPTURE(text);
    const auto read = read_posted_time(text);
    CHECK((read ? to_rfc3339_ms(*read) : "") == time);
}

TEST_CASE("what clients leave out is no time", "[daemon][alertmanager]") {
    for (const char* text : {"", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00"}) {
        CHECK(read_posted_time(text) == Timestamp{});
    }
}

TEST_CASE("a time that cannot be read is told as it was written", "[daemon][alertmanager]") {
    CHECK(read_posted_time("2026-02-30").error().message ==
          R"(parsing time "2026-02-30": expected a time like 2006-01-02T15:04:05Z)");
}
