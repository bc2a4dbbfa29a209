#include "parser/template/go_time.h"

#include "tests/catch.h"
#include "tests/parser/template/rendering.h"

namespace tocsin::templates {
namespace {

// 2024-03-05T14:07:09.0123Z, a Tuesday.
GoTime example() {
    return GoTime::from_unix(1'709'647'629, 12'300'000);
}

TEST_CASE("layouts show the parts that Go shows", "[parser][template]") {
    const std::initializer_list<std::pair<std::string_view, std::string_view>> cases = {
        {"2006-01-02T15:04:05Z07:00", "2024-03-05T14:07:09Z"},
        {"2006-01-02T15:04:05.999999999Z07:00", "2024-03-05T14:07:09.0123Z"},
        {"Mon Jan _2 15:04:05 2006", "Tue Mar  5 14:07:09 2024"},
        {"Monday, 02-Jan-06 15:04:05 MST", "Tuesday, 05-Mar-24 14:07:09 UTC"},
        {"3:04PM 03:04pm 3 4 5 1 2", "2:07PM 02:07pm 2 7 9 3 5"},
        {"January Jan Janet Monday Mon Month", "March Mar Janet Tuesday Tue Month"},
        {"002 __2 _2 _2006", "065  65  5 _2024"},
        {".000 .0000 ,000000000 .999 .99999", ".012 .0123 ,012300000 .012 .0123"},
        {"15.05.000000", "14.09.012300"},
        {"-0700 -07:00 -07 -070000 -07:00:00", "+0000 +00:00 +00 +000000 +00:00:00"},
        {"Z0700 Z07:00 Z07 Z070000 Z07:00:00", "Z Z Z Z Z"},
        {"Kitchen: hello 100% 7 8 9", "Kitchen: hello 300% 7 8 9"},
        {"", ""},
    };
    for (const auto& [layout, expected] : cases) {
        INFO(layout);
        CHECK(example().format(layout) == expected);
    }
}

TEST_CASE("a moment is shown in its zone", "[parser][template]") {
    GoTime time = example();
    time.zone.place = TimeZone::find("America/New_York").value();
    CHECK(time.to_string() == "2024-03-05 09:07:09.0123 -0500 EST");
    CHECK(time.format("Z07:00 MST") == "-05:00 EST");
    time.zone.fixed_offset_seconds = 19'800;
    CHECK(time.to_string() == "2024-03-05 19:37:09.0123 +0530 +0530");
    time.zone.fixed_offset_seconds = -5445;
    CHECK(time.format("-07:00:00 Z070000") == "-01:30:45 -013045");
    CHECK(GoTime().to_string() == "0001-01-01 00:00:00 +0000 UTC");
    CHECK(GoTime(Timestamp{}).is_zero());
    CHECK(GoTime(from_unix_ms(-1500)).to_string() == "1969-12-31 23:59:58.5 +0000 UTC");
    CHECK(GoTime::from_unix(253'402'300'800, 0).to_string() == "10000-01-01 00:00:00 +0000 UTC");
    CHECK(GoTime::from_unix(-62'167'219'201, 0).to_string() == "-0001-12-31 23:59:59 +0000 UTC");
}

TEST_CASE("texts are read by a layout", "[parser][template]") {
    const std::initializer_list<std::tuple<std::string_view, std::string_view, std::string_view>> cases = {
        {"2006-01-02", "2024-02-29", "2024-02-29 00:00:00 +0000 UTC"},
        {"2006-01-02T15:04:05Z07:00", "2024-03-10T02:30:00.123456789+01:00",
         "2024-03-10 02:30:00.123456789 +0100 +0100"},
        {"2006-01-02T15:04:05.000Z07:00", "2024-03-10T02:30:00.125Z", "2024-03-10 02:30:00.125 +0000 UTC"},
        {"Jan 2, 2006 at 3:04pm (MST)", "Feb 3, 2013 at 7:54pm (UTC)", "2013-02-03 19:54:00 +0000 UTC"},
        {"Monday, 2 January 06 03:04PM", "tuesday, 5 MARCH 24 12:01AM", "2024-03-05 00:01:00 +0000 UTC"},
        {"2006 002", "2024 366", "2024-12-31 00:00:00 +0000 UTC"},
        {"15:04:05.999", "01:02:03", "0000-01-01 01:02:03 +0000 UTC"},
        {"-0700 2006", "-0130 2000", "2000-01-01 00:00:00 -0130 -0130"},
    };
    for (const auto& [layout, text, expected] : cases) {
        INFO(text);
        const auto time = parse_go_time(layout, text);
        REQUIRE(time);
        CHECK(time->to_string() == expected);
    }
    CHECK(parse_go_time("2006-01-02", "2023-02-29").error().message == "parsing time \"2023-02-29\": day out of range");
    CHECK(parse_go_time("2006-01-02", "2023-13-01").error().message ==
          "parsing time \"2023-13-01\": month out of range");
    CHECK(parse_go_time("2006", "x").error().message ==
          "parsing time \"x\" as \"2006\": cannot parse \"x\" as \"2006\"");
    CHECK(parse_go_time("2006", "2024x").error().message == "parsing time \"2024x\": extra text: \"x\"");
    CHECK(parse_go_time("2006-", "2024/").error().message ==
          "parsing time \"2024/\" as \"2006-\": cannot parse \"/\" as \"-\"");
}

TEST_CASE("times and durations have Go's methods", "[parser][template]") {
    const std::initializer_list<RenderCase> cases = {
        {"{{with (index .Alerts 0).StartsAt}}{{.Unix}} {{.UnixMilli}} {{.UnixMicro}} {{.UnixNano}}{{end}}",
         "1710035970 1710035970500 1710035970500000 1710035970500000000"},
        {"{{with (index .Alerts 0).StartsAt}}{{.Year}} {{.Month}} {{.Day}} {{.Hour}} {{.Minute}} {{.Second}} "
         "{{.Nanosecond}}{{end}}",
         "2024 March 10 1 59 30 500000000"},
        {"{{with (index .Alerts 0).StartsAt}}{{.Weekday}} {{.YearDay}} {{.IsZero}} {{.Location}}{{end}}",
         "Sunday 70 false UTC"},
        {"{{with (index .Alerts 0).StartsAt}}{{.AddDate 0 1 30}} {{.AddDate -1 -14 0}}{{end}}",
         "2024-05-10 01:59:30.5 +0000 UTC 2022-01-10 01:59:30.5 +0000 UTC"},
        {"{{with (index .Alerts 0).StartsAt}}{{.Truncate 3600000000000}} {{.Round 3600000000000}}{{end}}",
         "2024-03-10 01:00:00 +0000 UTC 2024-03-10 02:00:00 +0000 UTC"},
        {"{{$a := index .Alerts 1}}{{$a.EndsAt.Sub $a.StartsAt}} {{$a.EndsAt.After $a.StartsAt}} {{$a.EndsAt.Equal "
         "$a.EndsAt}} {{$a.StartsAt.Compare $a.EndsAt}}",
         "1h0m29.5s true true -1"},
        {"{{with since (index .Alerts 0).StartsAt}}{{.}} {{.Hours}} {{.Minutes}} {{.Seconds}} {{.Milliseconds}} "
         "{{.Nanoseconds}}{{end}}",
         "1h0m0s 1 60 3600 3600000 3600000000000"},
        {"{{with since (index .Alerts 1).EndsAt}}{{.}} {{.Abs}} {{.Round 60000000000}} {{.Truncate 60000000000}} "
         "{{.String}}{{end}}",
         "-29.5s 29.5s 0s 0s -29.5s"},
        {"{{$z := (tz \"Asia/Tokyo\" now).Location}}{{$z}} {{(index .Alerts 0).StartsAt.In $z}} {{((index .Alerts "
         "0).StartsAt.In $z).UTC}}",
         "Asia/Tokyo 2024-03-10 10:59:30.5 +0900 JST 2024-03-10 01:59:30.5 +0000 UTC"},
        {"{{(toDate \"2006\" \"2024\").Sub (index .Alerts 0).EndsAt}}", "2562047h47m16.854775807s"},
        {"{{now.Format \"15:04\"}} {{date \"15:04\" now}} {{now.Local.Format \"MST\"}}", "02:59 02:59 UTC"},
        {"{{(index .Alerts 0).StartsAt.ISOWeek}}",
         "error: can't call method/function \"ISOWeek\" with several results"},
        {"{{(index .Alerts 0).StartsAt.String}}", "2024-03-10 01:59:30.5 +0000 UTC"},
        {"{{tz \"../etc/passwd\" now}}", "error: error calling tz: unknown time zone ../etc/passwd"},
        {"{{tz \"/etc/passwd\" now}}", "error: error calling tz: unknown time zone /etc/passwd"},
        {"{{tz \"Nope\" now}}", "error: error calling tz: unknown time zone Nope"},
        {"{{tz \"\" now}} {{tz \"Local\" now | date \"MST\"}}", "2024-03-10 02:59:30.5 +0000 UTC UTC"},
        {"{{toDate \"2006\" \"x\"}}", "0001-01-01 00:00:00 +0000 UTC"},
        {"{{mustToDate \"2006\" \"x\"}}",
         "error: error calling mustToDate: parsing time \"x\" as \"2006\": cannot parse \"x\" as \"2006\""},
    };
    for (const auto& [text, expected] : cases) {
        INFO(text);
        CHECK(render(text) == expected);
    }
}

}  // namespace
}  // namespace tocsin::templates
