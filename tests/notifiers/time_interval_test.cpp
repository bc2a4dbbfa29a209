#include "notifiers/time_interval.h"

#include "base/duration.h"
#include "tests/catch.h"

namespace tocsin {
namespace {

/// The interval with one window written in YAML's flow style, or the first problem.
tl::expected<TimeInterval, std::string> parse(const std::string& window) {
    const auto root = parse_yaml("{name: t, time_intervals: [" + window + "]}", "t.yml");
    if (!root) return tl::unexpected(root.error().front().message);
    ConfigReading reading;
    auto interval = read_time_interval(*root, "time interval", reading);
    if (!reading.problems.empty()) return tl::unexpected(reading.problems.front().message);
    return interval;
}

struct Case {
    const char* window;
    const char* time;
    bool holds;
};

TEST_CASE("a window holds when all of its fields do", "[notifiers][time_interval]") {
    const std::vector<Case> cases = {
        {"{}", "2026-01-02T03:04:05Z", true},
        {"{times: [{start_time: '09:00', end_time: '17:00'}]}", "2026-01-02T09:00:00Z", true},
        {"{times: [{start_time: '09:00', end_time: '17:00'}]}", "2026-01-02T16:59:59.999Z", true},
        {"{times: [{start_time: '09:00', end_time: '17:00'}]}", "2026-01-02T17:00:00Z", false},
        {"{times: [{start_time: '09:00', end_time: '17:00'}]}", "2026-01-02T08:59:59Z", false},
        {"{times: [{start_time: '22:00', end_time: '24:00'}]}", "2026-01-02T23:59:59Z", true},
        {"{times: []}", "2026-01-02T23:59:59Z", false},
        {"{weekdays: [friday]}", "2026-01-02T03:04:05Z", true},
        {"{weekdays: ['monday:thursday', Sunday]}", "2026-01-02T03:04:05Z", false},
        {"{weekdays: ['Monday:Friday']}", "2026-01-02T03:04:05Z", true},
        {"{weekdays: [sunday]}", "2026-01-04T03:04:05Z", true},
        {"{days_of_month: ['1:5']}", "2026-01-05T00:00:00Z", true},
        {"{days_of_month: ['1:5']}", "2026-01-06T00:00:00Z", false},
        {"{days_of_month: ['-3:-1']}", "2026-02-26T00:00:00Z", true},
        {"{days_of_month: ['-3:-1']}", "2026-02-25T00:00:00Z", false},
        {"{days_of_month: ['-1']}", "2028-02-29T00:00:00Z", true},
        {"{days_of_month: ['31']}", "2026-02-28T00:00:00Z", false},
        {"{days_of_month: ['28:31']}", "2026-02-28T00:00:00Z", true},
        {"{days_of_month: ['1:-1']}", "2026-02-28T00:00:00Z", true},
        {"{months: ['1:3', december]}", "2026-03-31T00:00:00Z", true},
        {"{months: ['1:3', december]}", "2026-04-01T00:00:00Z", false},
        {"{months: ['may:August']}", "2026-06-01T00:00:00Z", true},
        {"{months: ['13']}", "2026-12-01T00:00:00Z", false},
        {"{years: ['2020:2022', '2030']}", "2030-06-01T00:00:00Z", true},
        {"{years: ['2020:2022', '2030']}", "2026-06-01T00:00:00Z", false},
        {"{weekdays: [saturday], months: [january]}", "2026-01-02T00:00:00Z", false},
        {"{times: [{start_time: '09:00', end_time: '10:00'}], location: Europe/Paris}", "2026-01-02T08:30:00Z", true},
        {"{times: [{start_time: '09:00', end_time: '10:00'}], location: Europe/Paris}", "2026-07-02T08:30:00Z", false},
        {"{times: [{start_time: '09:00', end_time: '10:00'}], location: Europe/Paris}", "2026-07-02T07:30:00Z", true},
        {"{weekdays: [saturday], location: Asia/Tokyo}", "2026-01-02T15:00:00Z", true},
        {"{weekdays: [friday]}, {months: [june]}", "2026-06-01T00:00:00Z", true},
    };
    for (const Case& c : cases) {
        CAPTURE(c.window, c.time);
        const auto interval = parse(c.window);
        REQUIRE(interval.has_value());
        CHECK(interval->contains(*parse_rfc3339(c.time)) == c.holds);
    }
}

TEST_CASE("an interval without windows never holds", "[notifiers][time_interval]") {
    CHECK_FALSE(parse("")->contains(from_unix_ms(0)));
}

TEST_CASE("mistakes in an interval are told as Alertmanager tells them", "[notifiers][time_interval]") {
    const std::vector<std::pair<const char*, const char*>> cases = {
        {"{times: [{start_time: '17:00', end_time: '09:00'}]}", "start time cannot be equal or greater than end time"},
        {"{times: [{start_time: '9:00', end_time: '17:00'}]}", "couldn't parse timestamp 9:00, invalid format"},
        {"{times: [{start_time: '09:60', end_time: '17:00'}]}", "couldn't parse timestamp 09:60, invalid format"},
        {"{times: [{start_time: '09:00', end_time: '24:01'}]}", "couldn't parse timestamp 24:01, invalid format"},
        {"{times: [{start_time: '09:00'}]}", "both start and end times must be provided"},
        {"{weekdays: ['friday:monday']}", "start day cannot be before end day"},
        {"{weekdays: [fri]}", "fri is not a valid weekday"},
        {"{days_of_month: ['0']}", "0 is not a valid day of the month: out of range"},
        {"{days_of_month: ['32']}", "32 is not a valid day of the month: out of range"},
        {"{days_of_month: ['5:1']}", "end day 1 is always before start day 5"},
        {"{days_of_month: ['-1:-5']}", "end day -5 is always before start day -1"},
        {"{days_of_month: ['-5:5']}", "end day must be negative if start day is negative"},
        {"{months: ['3:1']}", "end month january is before start month march"},
        {"{months: [foo]}", "foo is not a valid month"},
        {"{months: ['1:2:3']}", "couldn't parse range 1:2:3, invalid format"},
        {"{years: ['2022:2020']}", "end year 2020 is before start year 2022"},
        {"{years: [foo]}", "strconv.Atoi: parsing \"foo\": invalid syntax"},
        {"{location: X/Y}", "unknown time zone X/Y"},
    };
    for (const auto& [window, message] : cases) {
        CAPTURE(window);
        const auto interval = parse(window);
        REQUIRE_FALSE(interval.has_value());
        CHECK(interval.error() == message);
    }
}

}  // namespace
}  // namespace tocsin
