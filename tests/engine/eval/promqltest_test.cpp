#include "engine/eval/promqltest.h"

#include "tests/catch.h"

namespace tocsin {
namespace {

PromqlTestReport report_of(std::string_view script) {
    auto report = run_promql_test(script, {});
    if (!report) FAIL(report.error().message);
    return std::move(*report);
}

TEST_CASE("a script tells which of its cases failed, and how", "[engine][eval][promqltest]") {
    const PromqlTestReport report = report_of(R"(
load 1m
    up{job="a"} 1 0 1

# case: mine:7
eval instant at 1m up
    up{job="a"} 0

eval instant at 2m up
    up{job="a"} 0
)");
    CHECK(report.passed == 1);
    CHECK(report.failed == 1);
    REQUIRE(report.cases.size() == 2);
    CHECK(report.cases[0].id == "mine:7");
    CHECK(report.cases[0].passed);
    CHECK(report.cases[1].id == "line 9");
    CHECK(report.cases[1].expected == "up{job=\"a\"} 0\n");
    CHECK(report.cases[1].got == "up{job=\"a\"} 1\n");
}

TEST_CASE("expectations about errors and annotations are looked at", "[engine][eval][promqltest]") {
    const PromqlTestReport report = report_of(R"(
load 1m
    depth 0+1x10

eval instant at 5m rate(depth[5m])
    expect info regex: might not be a counter
    {} 0.016666666

eval instant at 5m rate(depth[5m])
    expect no_info
    {} 0.016666666

eval instant at 5m depth > bool on (a
    expect fail

eval instant at 5m nosuch(depth)
    expect fail msg: unknown function with name "nosuch"

eval_fail instant at 5m depth
    expected_fail_message something else

clear

eval instant at 5m depth
)");
    std::vector<bool> passed;
    for (const PromqlTestCase& test : report.cases) passed.push_back(test.passed);
    CHECK(passed == std::vector<bool>{true, false, true, true, false, true});
}

TEST_CASE("a script that cannot be read tells the line", "[engine][eval][promqltest]") {
    struct Case {
        std::string script, message;
    };
    const auto [script, message] = GENERATE(values<Case>({
        {"nonsense", "line 1: invalid command \"nonsense\""},
        {"\nload 5", "line 2: not a valid duration string: \"5\""},
        {"eval instant 5m up", "line 1: expected `instant at TIME QUERY` or `range from TIME to TIME step DURATION QUERY`"},
        {"eval instant at 5m up\n  expect wonder", "line 2: unknown expectation \"wonder\""},
    }));
    const auto report = run_promql_test(script, {});
    REQUIRE_FALSE(report);
    CHECK(report.error().message == message);
}

}  // namespace
}  // namespace tocsin
