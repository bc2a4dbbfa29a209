#include "parser/printer.h"

#include "parser/promql_parser.h"
#include "tests/catch.h"

using namespace tocsin;

namespace {

std::string printed(std::string_view text) {
    CAPTURE(text);
    const auto expr = parse_promql(text);
    REQUIRE(expr);
    return to_string(**expr);
}

}  // namespace

TEST_CASE("an expression is printed on one line in one way", "[parser][printer]") {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"1", "1"},
        {"1.50", "1.5"},
        {"1e21", "1000000000000000000000"},
        {"1e-9", "0.000000001"},
        {"0x1F", "31"},
        {"inf", "+Inf"},
        {"-inf", "-Inf"},
        {"+inf ^ 2", "+Inf ^ 2"},
        {"inf ^ 2", "Inf ^ 2"},
        {"inf ^ inf ^ 2 + inf", "Inf ^ Inf ^ 2 + +Inf"},
        {"NAN", "NaN"},
        {"-0", "-0"},
        {"90m", "1h30m"},
        {"-90s", "-1m30s"},
        {"7d", "1w"},
        {"8d", "8d"},
        {"365d", "1y"},
        {"1s1ms", "1s1ms"},
        {"'a\"b\\n'", R"("a\"b\n")"},
        {"`a\\b`", R"("a\\b")"},
        {"\"\\xff\\u00e9\\x00\"", "\"\\xff\u00e9\\x00\""},
        {"up{ }", "up"},
        {"up { b = \"1\" , a = \"2\" }", R"(up{a="2",b="1"})"},
        {"up{b!=\"1\", b=~\"2\", b!~\"3\"}", R"(up{b!="1",b!~"3",b=~"2"})"},
        {"{__name__=\"up\"}", R"({__name__="up"})"},
        {"{\"up\"}", R"({__name__="up"})"},
        {"{'a b'='c'}", R"({"a b"="c"})"},
        {"up{a='\"'}", R"(up{a="\""})"},
        {"info(up, {})", "info(up, {})"},
        {"up[5m]offset 1h@start()", "up[5m] @ start() offset 1h"},
        {"up@1.0004", "up @ 1.000"},
        {"up offset -90s", "up offset -1m30s"},
        {"up[1h:5m]@end()offset 1d", "up[1h:5m] @ end() offset 1d"},
        {"up[5m*(1+2)]", "up[5m * (1 + 2)]"},
        {"up[step( )+min_of(1,range())]", "up[step() + min_of(1, range())]"},
        {"rate(up[5m])", "rate(up[5m])"},
        {"time( )", "time()"},
        {"f(1,a,'b')", R"(f(1, a, "b"))"},
        {"sum(up)by(a,b)", "sum by (a, b) (up)"},
        {"SUM WITHOUT(a)(up)", "sum without (a) (up)"},
        {"topk(3,up)without()", "topk without () (3, up)"},
        {"a*on(b)group_left(c)d", "a * on (b) group_left (c) d"},
        {"a*ignoring(b)group_right d", "a * ignoring (b) group_right () d"},
        {"a>bool b", "a > bool b"},
        {"a+fill(1e6)b", "a + fill (1e+06) b"},
        {"a+fill(nan)b", "a + fill (NaN) b"},
        {"((a))", "((a))"},
        {"-a", "-a"},
        {"- - a", "--a"},
        {"+a", "+a"},
        {"-(1)", "-(1)"},
        {"a and b or c", "a and b or c"},
    }));
    CHECK(printed(text) == want);
    CHECK(printed(want) == want);
}
