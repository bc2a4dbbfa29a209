#include "engine/plan/binder.h"

#include <fstream>
#include <sstream>

#include "base/json.h"
#include "parser/promql_parser.h"
#include "tests/catch.h"

namespace tocsin {
namespace {

Diagnostics findings_of(std::string_view text, const QueryFeatures& features = {}) {
    const auto expr = parse_promql(text);
    CAPTURE(text);
    REQUIRE(expr);
    QueryOptions options;
    options.features = features;
    return check_expression(**expr, text, options);
}

TEST_CASE("what makes no sense is told in Prometheus' words, at its place", "[engine][plan]") {
    struct Case {
        std::string text;
        std::size_t column;
        std::string message;
    };
    const auto [text, column, message] = GENERATE(values<Case>({
        {"rate(foo)", 6, "expected type range vector in call to function \"rate\", got instant vector"},
        {"foo(bar)", 1, "unknown function with name \"foo\""},
        {"1 unless 2", 1, "set operator \"unless\" not allowed in binary scalar expression"},
        {"label_replace(a, \"b\")", 1, "expected 5 argument(s) in call to \"label_replace\", got 2"},
        {"label_join(a, \"b\")", 1, "expected at least 3 argument(s) in call to \"label_join\", got 2"},
        {"round(a, 1, 2)", 1, "expected at most 2 argument(s) in call to \"round\", got 3"},
        {"time(a)", 1, "expected 0 argument(s) in call to \"time\", got 1"},
        {"1 > 2", 3, "comparisons between scalars must use BOOL modifier"},
        {"foo + \"a\"", 7, "binary expression must contain only scalar and instant vector types"},
        {"sum(\"a\")", 5, "expected type instant vector in aggregation expression, got string"},
        {"topk(foo, bar)", 6, "expected type scalar in aggregation parameter, got instant vector"},
        {"count_values(1, bar)", 14, "expected type string in aggregation parameter, got scalar"},
        {"-\"a\"", 2, "unary expression only allowed on expressions of type scalar or instant vector, got \"string\""},
        {"mad_over_time(foo[5m])", 1, "function \"mad_over_time\" is not enabled"},
        {"limitk(1, foo)", 1,
         "limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions"},
        {"foo + on(a) 1", 1, "vector matching only allowed between instant vectors"},
        {"(1 + 2)[5m:1m]", 2, "subquery is only allowed on instant vector, got scalar instead"},
    }));
    CAPTURE(text);
    const Diagnostics findings = findings_of(text);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].message == message);
    CHECK(findings[0].where.column == column);
    CHECK(findings[0].severity == Severity::Error);
}

TEST_CASE("all findings of a text come together", "[engine][plan]") {
    const Diagnostics findings = findings_of("rate(foo) + nosuch(1) + time(1)");
    REQUIRE(findings.size() == 3);
    CHECK(findings[1].message == "unknown function with name \"nosuch\"");
}

TEST_CASE("an unknown function comes with the one that was meant", "[engine][plan]") {
    CHECK(findings_of("avg_over_tme(foo[5m])")[0].hint == "did you mean avg_over_time?");
    CHECK(findings_of("completely_different(foo)")[0].hint.empty());
}

TEST_CASE("features switch on what they stand for", "[engine][plan]") {
    struct Case {
        std::string text;
        QueryFeatures features;
    };
    const auto [text, features] = GENERATE(values<Case>({
        {"info(foo, {__name__=~\".+\"})", {.experimental_functions = true}},
        {"limit_ratio(0.1, foo)", {.experimental_functions = true}},
        {"rate(foo[5m] smoothed)", {.extended_range_selectors = true}},
        {"foo + fill(0) bar", {.binop_fill_modifiers = true}},
    }));
    CAPTURE(text);
    CHECK(findings_of(text, features).empty());
    CHECK_FALSE(findings_of(text).empty());
    CHECK(findings_of("rate(foo[5m * 2])").empty());
    CHECK_FALSE(findings_of("rate(foo[step()])", {.duration_expressions = false}).empty());
}

TEST_CASE("the type of an expression is told", "[engine][plan]") {
    struct Case {
        std::string text;
        ValueType type;
    };
    const auto [text, type] = GENERATE(values<Case>({
        {"1 + 2", ValueType::Scalar},
        {"time()", ValueType::Scalar},
        {"scalar(foo) * 2", ValueType::Scalar},
        {"1 > bool 2", ValueType::Scalar},
        {"foo + 2", ValueType::Vector},
        {"vector(1)", ValueType::Vector},
        {"foo[5m]", ValueType::Matrix},
        {"foo[5m:1m]", ValueType::Matrix},
        {"\"text\"", ValueType::String},
    }));
    CAPTURE(text);
    const auto expr = parse_promql(text);
    REQUIRE(expr);
    ValueType got{};
    CHECK(check_expression(**expr, text, {}, &got).empty());
    CHECK(got == type);
}

PlanPtr plan_of(std::string_view text) {
    const auto expr = parse_promql(text);
    REQUIRE(expr);
    const auto plan = make_plan(**expr, text, {}, QueryRange{});
    REQUIRE(plan);
    return *plan;
}

TEST_CASE("constants are folded", "[engine][plan]") {
    const PlanPtr plan = plan_of("-(2 ^ 3 - 5 * (1h / 3600))");
    REQUIRE(plan->as<PlanNumber>() != nullptr);
    CHECK(plan->as<PlanNumber>()->value == -3);
}

TEST_CASE("nodes that mean the same have the same key", "[engine][plan]") {
    CHECK(plan_of("sum by (b, a) (foo)")->key == plan_of("(sum(+foo) by (a, b))")->key);
    CHECK(plan_of("foo offset 60s")->key == plan_of("foo offset 1m")->key);
    CHECK(plan_of("foo{a=\"1\"}")->key != plan_of("foo{a!=\"1\"}")->key);
    CHECK(plan_of("foo + bar")->key != plan_of("foo + on() bar")->key);
    CHECK(plan_of("foo @ 1")->key != plan_of("foo @ start()")->key);
}

TEST_CASE("published rules have the types they have with Prometheus", "[engine][plan][conformance]") {
    const std::string folder = TOCSIN_CONFORMANCE_DIR;
    if (folder.empty()) {
        WARN("TOCSIN_CONFORMANCE is not set: the published rules are not checked");
        return;
    }
    std::ifstream file(folder + "/real-rules/exprs.json");
    std::stringstream text;
    text << file.rdbuf();
    const auto json = parse_json(text.str());
    REQUIRE(json);
    std::size_t count = 0;
    for (const Json& entry : json->at("exprs").items()) {
        const std::string& source = entry.at("expr").as_string();
        CAPTURE(source);
        const auto expr = parse_promql(source);
        if (!expr) {
            FAIL_CHECK("not read: " << expr.error().front().message);
            continue;
        }
        ValueType type{};
        const Diagnostics findings = check_expression(**expr, source, {}, &type);
        if (!findings.empty()) FAIL_CHECK(findings.front().message);
        const std::string want = entry.at("type").as_string();
        CHECK(want == (type == ValueType::Scalar ? "scalar" : type == ValueType::Vector ? "vector" : "other"));
        ++count;
    }
    CHECK(count > 2900);
}

}  // namespace
}  // namespace tocsin
