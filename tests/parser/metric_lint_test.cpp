#include "parser/metric_lint.h"

#include <string>
#include <vector>

#include "tests/catch.h"

using namespace tocsin;

namespace {

std::vector<std::string> advice(std::string_view body, ExpositionFormat format = ExpositionFormat::PrometheusText) {
    std::vector<std::string> all;
    for (const Diagnostic& finding : lint_metrics(body, format, "m.txt")) all.push_back(finding.message);
    return all;
}

}  // namespace

TEST_CASE("metrics get promtool's advice", "[parser][metric-lint]") {
    struct Case {
        std::string body;
        std::vector<std::string> advice;
    };
    const auto c = GENERATE(values<Case>({
        {"# HELP x_total h\n# TYPE x_total counter\nx_total 1\n", {}},
        {"x 1\n", {"x no help text"}},
        {"# HELP x h\n# TYPE x counter\nx 1\n", {"x counter metrics should have \"_total\" suffix"}},
        {"# HELP x_total h\n# TYPE x_total gauge\nx_total 1\n",
         {"x_total non-counter metrics should not have \"_total\" suffix"}},
        {"# HELP x_milliseconds h\nx_milliseconds 1\n",
         {"x_milliseconds use base unit \"seconds\" instead of \"milliseconds\""}},
        {"# HELP x_petabytes h\nx_petabytes 1\n", {"x_petabytes use base unit \"bytes\" instead of \"petabytes\""}},
        {"# HELP a_minutes_bytes h\na_minutes_bytes 1\n",
         {"a_minutes_bytes use base unit \"seconds\" instead of \"minutes\""}},
        {"# HELP b_bits_seconds h\nb_bits_seconds 1\n", {"b_bits_seconds use base unit \"bytes\" instead of \"bits\""}},
        {"# HELP x_seconds_bits h\nx_seconds_bits 1\n", {}},
        {"# HELP x_millimoles h\nx_millimoles 1\n", {}},
        {"# HELP d_gauge h\nd_gauge 1\n", {"d_gauge metric name should not include type 'gauge'"}},
        {"# HELP x_thermometers h\nx_thermometers 1\n", {}},
        {"# HELP x_ms h\nx_ms 1\n", {"x_ms metric names should not contain abbreviated units"}},
        {"# HELP a:b h\na:b 1\n", {"a:b metric names should not contain ':'"}},
        {"# HELP aB h\naB{cD=\"1\"} 1\n",
         {"aB label names should be written in 'snake_case' not 'camelCase'",
          "aB metric names should be written in 'snake_case' not 'camelCase'"}},
        {"# HELP x_gauge h\n# TYPE x_gauge gauge\nx_gauge 1\n",
         {"x_gauge metric name should not include type 'gauge'"}},
        {"# HELP x_count h\n# TYPE x_count gauge\nx_count{le=\"1\",quantile=\"1\"} 1\n",
         {"x_count non-histogram and non-summary metrics should not have \"_count\" suffix",
          "x_count non-histogram metrics should not have \"le\" label",
          "x_count non-summary metrics should not have \"quantile\" label"}},
        {"# HELP x h\n# TYPE x histogram\nx_bucket{le=\"+Inf\"} 1\nx_sum 1\nx_count 1\n", {}},
        {"# HELP x h\n# TYPE x summary\nx{quantile=\"0.5\"} 1\nx_sum 1\nx_count 1\n", {}},
        {"# HELP x h\nx{a=\"1\"} 1\nx{a=\"1\"} 2\n", {"x metric not unique"}},
        {"# HELP x\nx 1\n", {"x no help text"}},
        {"# TYPE x counter\nx_total 1\nx_created 2\n", {"x_created no help text", "x_total no help text"}},
        {"# TYPE x counter\n", {}},
        {"# HELP x h\nx 1\nx_total 2\n", {"x_total no help text"}},
    }));
    CAPTURE(c.body);
    CHECK(advice(c.body) == c.advice);
}

TEST_CASE("the family of an OpenMetrics counter needs no suffix", "[parser][metric-lint]") {
    CHECK(advice("# HELP x h\n# TYPE x counter\nx_total 1\n# EOF\n", ExpositionFormat::OpenMetrics).empty());
}

TEST_CASE("advice stands where the metric is mentioned first", "[parser][metric-lint]") {
    const auto findings = lint_metrics("# HELP a h\na 1\n\nb 1\n", ExpositionFormat::PrometheusText, "m.txt");
    REQUIRE(findings.size() == 1);
    CHECK(to_string(findings[0]) == "m.txt:4:1: warning: b no help text");
}
