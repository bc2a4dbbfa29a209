#include <cmath>
#include <string>
#include <vector>

#include "base/sample.h"
#include "base/text.h"
#include "parser/promql_parser.h"
#include "tests/catch.h"

using namespace tocsin;

namespace {

/// The values with a blank between them: `_` a gap, `s` a stale marker, `h` a histogram.
std::string shown(const std::vector<SequenceValue>& values) {
    std::string out;
    for (const SequenceValue& value : values) {
        if (!out.empty()) out += ' ';
        if (value.omitted) {
            out += '_';
        } else if (value.histogram) {
            out += 'h';
        } else {
            out += is_stale(value.value) ? "s" : format_value(value.value);
        }
    }
    return out;
}

}  // namespace

TEST_CASE("values of a series are expanded", "[parser][series]") {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"", ""},
        {"   ", ""},
        {"1", "1"},
        {" 1  2\t3\n4 ", "1 2 3 4"},
        {"-1 +2 .5 5. 1e3 1_000", "-1 2 0.5 5 1000 1000"},
        {"inf -Inf +INF NaN nan", "+Inf -Inf +Inf NaN NaN"},
        {"_", "_"},
        {"_x3", "_ _ _"},
        {"_x0", ""},
        {"stale", "s"},
        {"1 stale _ 2", "1 s _ 2"},
        {"1x3", "1 1 1 1"},  // the value and three more
        {"1x0", "1"},
        {"-1x2", "-1 -1 -1"},
        {"0x10", "0 0 0 0 0 0 0 0 0 0 0"},  // no hexadecimal number
        {"1+2x3", "1 3 5 7"},
        {"1-2x3", "1 -1 -3 -5"},
        {"-1-2x2", "-1 -3 -5"},
        {"-1+2x2", "-1 1 3"},
        {"1+1x0", "1"},
        {"0+10x3 40x2", "0 10 20 30 40 40 40"},
        {"0.1+0.1x2", "0.1 0.2 0.30000000000000004"},  // added up, not multiplied
        {"1e2+1e1x2", "100 110 120"},
        {"010", "8"},  // octal
        {"{{}}", "h"},
        {"{{ }}", "h"},
        {"{{schema:1 sum:-0.3 count:3.1 z_bucket:7.1 z_bucket_w:0.05 buckets:[5.1 10 7] offset:-3 n_buckets:[4 5] "
         "n_offset:5}}",
         "h"},
        {"{{schema:-53 custom_values:[5 10] buckets:[1 2 3 ] counter_reset_hint:gauge }}", "h"},
        {"{{sum:NaN count:inf}}x2", "h h h"},
        {"{{count:1}}+{{count:2}}x3", "h h h h"},
        {"{{count:1}}-{{count:2}}x1 5", "h h 5"},
    }));
    CAPTURE(text);
    const auto values = parse_series_values(text);
    if (!values) FAIL(to_string(values.error().front()));
    CHECK(shown(*values) == want);
}

TEST_CASE("a stale marker keeps its bits", "[parser][series]") {
    const auto values = parse_series_values("stale");
    REQUIRE(values);
    CHECK(is_stale(values->front().value));
}

TEST_CASE("a series is described by its labels and its values", "[parser][series]") {
    struct Case {
        std::string_view text;
        std::string_view labels;
        std::string_view want;
    };
    const auto [text, labels, want] = GENERATE(values<Case>({
        {"up 1 2", "up", "1 2"},
        {"up", "up", ""},
        {"up{} 1", "up", "1"},
        {R"(up{b="1", a='2',} 0+1x2)", R"(up{a="2", b="1"})", "0 1 2"},
        {R"({a="b"} 1)", R"({a="b"})", "1"},
        {R"({__name__="up", a="b"} 1)", R"(up{a="b"})", "1"},
        {R"({"a.b", c="d"} 1)", R"({"a.b", c="d"})", "1"},
        {R"({"c d"="e"} 1)", R"({"c d"="e"})", "1"},
        {R"(up{a=""} 1)", "up", "1"},
        {R"(up{a="\u00e9}"} 1)", "up{a=\"é}\"}", "1"},
        {"sum 1", "sum", "1"},
        {"a:b{by=\"c\"}\t_ stale", R"(a:b{by="c"})", "_ s"},
        {"  up 1", "up", "1"},
    }));
    CAPTURE(text);
    const auto series = parse_series_description(text);
    if (!series) FAIL(to_string(series.error().front()));
    CHECK(shown(series->values) == want);
    CHECK(to_string(series->labels) == labels);
}

TEST_CASE("start timestamps are durations before the samples", "[parser][series]") {
    const auto series = parse_series_description("up{a=\"b\"}@st _ -30s-1mx2 -59999ms 0 1");
    REQUIRE(series);
    CHECK(series->start_timestamps);
    CHECK(shown(series->values) == "_ -30 -90 -150 -59.999 0 1");
    CHECK_FALSE(parse_series_description("up 1")->start_timestamps);
}

TEST_CASE("what is no series is refused with a position", "[parser][series]") {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"", "1:1: unexpected end of input in series, expected metric name or \"{\""},
        {"1 2", "1:1: unexpected number \"1\" in series, expected metric name or \"{\""},
        {"up{a=\"b\"", "1:9: unexpected end of input inside braces"},
        {"up{a!=\"b\"} 1", "1:5: unexpected <op:!=> in label set, expected \"=\""},
        {"up{a=b} 1", "1:6: unexpected identifier \"b\" in label set, expected string"},
        {"up{a=\"b\" c=\"d\"} 1", "1:10: unexpected identifier \"c\" in label set, expected \",\" or \"}\""},
        {"up{a=\"b\"}1", "1:10: unexpected number \"1\" in series values, expected space"},
        {"up foo", "1:4: unexpected identifier \"foo\" in series values, expected number or \"stale\""},
        {"up stalex3", "1:4: unexpected identifier \"stalex3\" in series values, expected number or \"stale\""},
        {"up 1 + 2x3", "1:6: unexpected <op:+> in series values, expected number or \"stale\""},
        {"up 1+2", "1:7: unexpected end of input in series values, expected \"x\" and a number of repetitions"},
        {"up 1x", "1:6: unexpected end of input in series values, expected number of repetitions"},
        {"up 1x1e3", "1:6: unexpected number \"1e3\" in series values, expected number of repetitions"},
        {"up 1x99999999999999999999", "1:6: invalid repetition in series values: value out of range"},
        {"up 1m", "1:4: unexpected duration \"1m\" in series values, expected number or \"stale\""},
        {"up@at 1", "1:3: unexpected <op:@> in series values, expected space"},
        {"up 1_", "1:4: error parsing number: strconv.ParseFloat: parsing \"1_\": invalid syntax"},
        {"up 1 # 2", "1:6: unexpected character: '#'"},
        {"up {{schema:x}}", "1:13: unexpected identifier \"x\" in histogram description, expected integer"},
        {"up {{foo :1}}",
         "1:6: unexpected identifier \"foo\" in histogram description, expected histogram description key, e.g. "
         "buckets:[5 10 7]"},
        {"up {{buckets:[]}}", "1:15: unexpected right bracket ']'"},
        {"up {{count:1}", "1:13: unexpected character: '}'"},
        {"up 1+infx2", "1:5: unexpected <op:+> in series values, expected space"},
        {"up {{count:1}}+{{count:1}}",
         "1:27: unexpected end of input in series values, expected \"x\" and a number of repetitions"},
    }));
    CAPTURE(text);
    const auto series = parse_series_description(text);
    REQUIRE_FALSE(series);
    CHECK(to_string(series.error().front()) == want);
}

TEST_CASE("the number of values of a series is bounded", "[parser][series]") {
    CHECK(parse_series_values("1x99", 100));
    CHECK(parse_series_values("_x100", 100));
    const auto text = GENERATE(as<std::string_view>{}, "1x100", "_x101", "1x50 2x50", "1x99 2",
                               "1x18446744073709551615", "_x18446744073709551615");
    CAPTURE(text);
    const auto values = parse_series_values(text, 100);
    REQUIRE_FALSE(values);
    CHECK(values.error().front().message == "series has more than 100 values");
}
