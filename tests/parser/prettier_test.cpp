#include "parser/printer.h"
#include "parser/promql_parser.h"
#include "tests/catch.h"

using namespace tocsin;

namespace {

std::string formatted(std::string_view text) {
    const auto expr = parse_promql(text);
    REQUIRE(expr);
    return pretty(**expr);
}

}  // namespace

TEST_CASE("what fits on a line of 100 characters is left on it", "[parser][prettier]") {
    const std::string fits = "sum by (job) (" + std::string(85, 'a') + ")";
    REQUIRE(fits.size() == 100);
    CHECK(formatted(fits) == fits);
    CHECK(formatted("sum by (job) (" + std::string(86, 'a') + ")") ==
          "sum by (job) (\n  " + std::string(86, 'a') + "\n)");
}

TEST_CASE("a long expression is laid out one operand a line", "[parser][prettier]") {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {R"(sum(rate(one_metric_with_a_rather_long_name{job="a"}[5m])) / sum(rate(another_metric_with_a_rather_long_name{job="a"}[5m])))",
         R"(  sum(rate(one_metric_with_a_rather_long_name{job="a"}[5m]))
/
  sum(rate(another_metric_with_a_rather_long_name{job="a"}[5m])))"},
        {R"(topk by (job) (5, rate(one_metric_with_a_rather_long_name{job="a"}[5m]) + another_metric_with_an_even_longer_name_than_that))",
         R"(topk by (job) (
  5,
    rate(one_metric_with_a_rather_long_name{job="a"}[5m])
  +
    another_metric_with_an_even_longer_name_than_that
))"},
        {R"(label_replace(one_metric_with_a_rather_long_name{job="a"}, "destination", "$1", "source", "(.*)-and-some-more"))",
         R"(label_replace(
  one_metric_with_a_rather_long_name{job="a"},
  "destination",
  "$1",
  "source",
  "(.*)-and-some-more"
))"},
        {R"(-(one_metric_with_a_rather_long_name{job="a"} + on (job) group_left (version) another_metric_with_a_rather_long_name))",
         R"(-(
    one_metric_with_a_rather_long_name{job="a"}
  + on (job) group_left (version)
    another_metric_with_a_rather_long_name
))"},
        {R"(max_over_time((one_metric_with_a_rather_long_name{job="a"} + another_metric_with_an_even_longer_name{job="abcdefghijkl"})[1h:5m] offset 1d))",
         R"(max_over_time(
  (
      one_metric_with_a_rather_long_name{job="a"}
    +
      another_metric_with_an_even_longer_name{job="abcdefghijkl"}
  )[1h:5m] offset 1d
))"},
        {R"(one_metric_with_a_rather_long_name{first_label="first value",second_label="second value",third_label="third value"} > bool 5)",
         R"(  one_metric_with_a_rather_long_name{first_label="first value",second_label="second value",third_label="third value"}
> bool
  5)"},
    }));
    CAPTURE(text);
    CHECK(formatted(text) == want);
    CHECK(formatted(want) == want);
}

TEST_CASE("as in Prometheus, a subquery that fits on a line is not indented", "[parser][prettier]") {
    const std::string_view text =
        R"(min_over_time(one_metric_with_a_rather_long_name[5m:1m]) + f(another_metric_with_a_rather_long_name[5m:1m], "a rather long text"))";
    CHECK(formatted(text) == R"(  min_over_time(one_metric_with_a_rather_long_name[5m:1m])
+
  f(another_metric_with_a_rather_long_name[5m:1m], "a rather long text"))");
    const std::string_view nested =
        R"(f(another_metric_with_a_rather_long_name[5m:1m], "a rather long text", "and one more of those rather long texts"))";
    CHECK(formatted(nested) == R"(f(
another_metric_with_a_rather_long_name[5m:1m],
  "a rather long text",
  "and one more of those rather long texts"
))");
}
