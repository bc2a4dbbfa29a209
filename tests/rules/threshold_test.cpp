#include "rules/threshold.h"

#include <optional>
#include <string>

#include "parser/printer.h"
#include "parser/promql_parser.h"
#include "tests/catch.h"

using namespace tocsin;

namespace {

std::string found_in(const std::string& text) {
    const auto expr = parse_promql(text);
    REQUIRE(expr);
    const auto found = threshold_of(**expr);
    if (!found) return "none";
    return to_string(*found->value) + " " + std::string(to_string(found->op)) + " " + std::to_string(found->number);
}

}  // namespace

TEST_CASE("the comparison with a number that an alert stands on is found", "[rules][threshold]") {
    struct Case {
        std::string text, want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"up == 0", "up == 0.000000"},
        {"rate(x[5m]) > 4", "rate(x[5m]) > 4.000000"},
        {"5 > x", "x < 5.000000"},
        {"-1 <= x", "x >= -1.000000"},
        {"(x / y) >= bool 0.5 * 10", "(x / y) >= 5.000000"},
        {"((x > 2))", "x > 2.000000"},
        {"x > 2 and on (job) y == 1", "x > 2.000000"},
        {"x and y < 2 ^ 3", "y < 8.000000"},
        {"x != 3 unless y", "x != 3.000000"},
        {"y unless x != 3", "none"},  // what is taken away decides about no value
        {"x > 1 or y > 2", "none"},   // either may be it
        {"x > y", "none"},
        {"absent(x)", "none"},
        {"sum(x > 1)", "none"},
        {"x + 1", "none"},
        {"1 > bool 2", "none"},
    }));
    CAPTURE(text);
    CHECK(found_in(text) == want);
}

TEST_CASE("a threshold knows its side", "[rules][threshold]") {
    const auto holds = [](BinaryOp op, double value) { return Threshold{nullptr, op, 2}.holds_for(value); };
    CHECK(holds(BinaryOp::Greater, 3));
    CHECK_FALSE(holds(BinaryOp::Greater, 2));
    CHECK(holds(BinaryOp::GreaterOrEqual, 2));
    CHECK(holds(BinaryOp::Less, 1));
    CHECK_FALSE(holds(BinaryOp::Less, 2));
    CHECK(holds(BinaryOp::LessOrEqual, 2));
    CHECK(holds(BinaryOp::Equal, 2));
    CHECK(holds(BinaryOp::NotEqual, 1));
}

TEST_CASE("arithmetic that is a long chain is no number", "[rules][threshold]") {
    std::string sum = "1";
    for (int i = 0; i < 64; ++i) sum += " + 1";
    CHECK(found_in("x > " + sum) == "none");
}
