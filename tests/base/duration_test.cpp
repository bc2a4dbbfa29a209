#include "base/duration.h"

#include "tests/catch.h"

namespace tocsin {

namespace {

using namespace std::chrono_literals;

}  // namespace

TEST_CASE("durations of Prometheus' files are read and written back", "[base][duration]") {
    struct Case {
        const char* text;
        Duration duration;
        const char* canonical;
    };
    const auto [text, duration, canonical] = GENERATE(values<Case>({
        {"0", 0ms, "0s"},
        {"0s", 0ms, "0s"},
        {"0w", 0ms, "0s"},
        {"324ms", 324ms, "324ms"},
        {"3s", 3s, "3s"},
        {"5m", 5min, "5m"},
        {"60m", 1h, "1h"},
        {"1h30m", 90min, "1h30m"},
        {"4d", 96h, "4d"},
        {"4d1h", 97h, "4d1h"},
        {"14d", 336h, "2w"},
        {"3w", 504h, "3w"},
        {"3w2d1h", 553h, "23d1h"},
        {"10y", 87600h, "10y"},
        {"1y2w3d4h5m6s7ms", 8760h + 336h + 72h + 4h + 5min + 6s + 7ms, "382d4h5m6s7ms"},
        {"1500ms", 1500ms, "1s500ms"},
        {"007s", 7s, "7s"},
    }));
    CAPTURE(text);
    CHECK(parse_duration(text).value() == duration);
    CHECK(to_string(duration) == canonical);
    CHECK(parse_duration(to_string(duration)).value() == duration);
}

TEST_CASE("what is no duration is refused in Prometheus' words", "[base][duration]") {
    struct Case {
        const char* text;
        const char* message;
    };
    const auto [text, message] = GENERATE(values<Case>({
        {"", "empty duration string"},
        {"1", "not a valid duration string: \"1\""},
        {"5 m", "unknown unit \" m\" in duration \"5 m\""},
        {"1m1h", "not a valid duration string: \"1m1h\""},
        {"1h1h", "not a valid duration string: \"1h1h\""},
        {"-1s", "not a valid duration string: \"-1s\""},
        {"1.5h", "unknown unit \".\" in duration \"1.5h\""},
        {"1h30", "not a valid duration string: \"1h30\""},
        {"1us", "unknown unit \"us\" in duration \"1us\""},
        {"s", "not a valid duration string: \"s\""},
        {"99999999999999999999s", "not a valid duration string: \"99999999999999999999s\""},
        {"294y", "duration out of range"},
        {"292y52w", "duration out of range"},
    }));
    const auto read = parse_duration(text);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().kind == Error::Kind::InvalidInput);
    CHECK(read.error().message == message);
}

TEST_CASE("a negative duration is written with a sign", "[base][duration]") {
    CHECK(to_string(Duration{-90min}) == "-1h30m");
}

TEST_CASE("durations of Go are read and written back", "[base][duration]") {
    struct Case {
        const char* text;
        std::chrono::nanoseconds duration;
        const char* canonical;
    };
    const auto [text, duration, canonical] = GENERATE(values<Case>({
        {"0", 0ns, "0s"},
        {"+0", 0ns, "0s"},
        {"1ns", 1ns, "1ns"},
        {"1100ns", 1100ns, "1.1µs"},
        {"2.2us", 2200ns, "2.2µs"},
        {"3µs", 3us, "3µs"},
        {"3μs", 3us, "3µs"},
        {"300ms", 300ms, "300ms"},
        {"3.3ms", 3300us, "3.3ms"},
        {"1.5h", 90min, "1h30m0s"},
        {"-2m", -2min, "-2m0s"},
        {".5s", 500ms, "500ms"},
        {"1.s", 1s, "1s"},
        {"4m5.001s", 4min + 5001ms, "4m5.001s"},
        {"5h6m7.001s", 5h + 6min + 7001ms, "5h6m7.001s"},
        {"39h9m14.425s", 39h + 9min + 14425ms, "39h9m14.425s"},
        {"1m1h", 61min, "1h1m0s"},
        {"9223372036854775807ns", std::chrono::nanoseconds::max(), "2562047h47m16.854775807s"},
        {"0.9223372036854775807h", 3320413933267ns, "55m20.413933267s"},
    }));
    CAPTURE(text);
    CHECK(parse_go_duration(text).value() == duration);
    CHECK(to_go_string(duration) == canonical);
}

TEST_CASE("the smallest duration of Go is written", "[base][duration]") {
    CHECK(to_go_string(std::chrono::nanoseconds::min()) == "-2562047h47m16.854775808s");
}

TEST_CASE("what is no duration is refused in Go's words", "[base][duration]") {
    struct Case {
        const char* text;
        const char* message;
    };
    const auto [text, message] = GENERATE(values<Case>({
        {"", "time: invalid duration \"\""},
        {"3", "time: missing unit in duration \"3\""},
        {"-", "time: invalid duration \"-\""},
        {"s", "time: invalid duration \"s\""},
        {".", "time: invalid duration \".\""},
        {"-.s", "time: invalid duration \"-.s\""},
        {"1d", "time: unknown unit \"d\" in duration \"1d\""},
        {"1m 1s", "time: unknown unit \"m \" in duration \"1m 1s\""},
        {"9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""},
        {"9223372036854775807ns1ns", "time: invalid duration \"9223372036854775807ns1ns\""},
        {"3000000h", "time: invalid duration \"3000000h\""},
    }));
    const auto read = parse_go_duration(text);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().message == message);
}

TEST_CASE("a timestamp is written as RFC 3339 with and without trailing zeros", "[base][duration]") {
    struct Case {
        std::int64_t ms;
        const char* text;
        const char* text_ms;
    };
    const auto [ms, text, text_ms] = GENERATE(values<Case>({
        {0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
        {1767323045678, "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z"},
        {1767323045600, "2026-01-02T03:04:05.6Z", "2026-01-02T03:04:05.600Z"},
        {-1, "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"},
        {-62135596800000, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
    }));
    CHECK(to_rfc3339(from_unix_ms(ms)) == text);
    CHECK(to_rfc3339_ms(from_unix_ms(ms)) == text_ms);
    CHECK(to_unix_ms(parse_rfc3339(text).value()) == ms);
    CHECK(to_unix_ms(parse_rfc3339(text_ms).value()) == ms);
}

TEST_CASE("offsets and long fractions of RFC 3339 are read", "[base][duration]") {
    struct Case {
        const char* text;
        std::int64_t ms;
    };
    const auto [text, ms] = GENERATE(values<Case>({
        {"2026-01-02T03:04:05.678+01:00", 1767319445678},
        {"2026-01-02T03:04:05.678-05:30", 1767342845678},
        {"2026-01-02T03:04:05.678999999Z", 1767323045678},
        {"2026-01-02T03:04:05.6Z", 1767323045600},
    }));
    CAPTURE(text);
    CHECK(to_unix_ms(parse_rfc3339(text).value()) == ms);
}

TEST_CASE("what is no time is refused", "[base][duration]") {
    const std::string text =
        GENERATE("", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02 03:04:05Z", "2026-02-30T00:00:00Z",
                 "2026-13-01T00:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T03:60:05Z", "2026-01-02T03:04:60Z",
                 "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05+0100", "2026-01-02T03:04:05Zx", "26-01-02T03:04:05Z",
                 "2026-01-02T03:04:05+25:00", "2026-01-02t03:04:05z", "+026-01-02T03:04:05Z");
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text).has_value());
}

}  // namespace tocsin
