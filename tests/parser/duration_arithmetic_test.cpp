#include "parser/duration_arithmetic.h"

#include <cmath>

#include "parser/promql_parser.h"
#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

/// The arithmetic inside the brackets of `a[…]`, whether the parser has folded it or not.
ExprPtr arithmetic(std::string_view text) {
    auto expr = parse_promql("a offset (" + std::string(text) + ")");
    REQUIRE(expr);
    DurationExpr& offset = (*expr)->as<VectorSelector>()->offset;
    return std::move(offset.expr ? offset.expr : offset.written);
}

}  // namespace

TEST_CASE("arithmetic in durations knows the step and the range of the query", "[parser][duration]") {
    struct Case {
        std::string_view text;
        Duration want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"step()", 15s},
        {"range()", 1h},
        {"-step() * 2", -30s},
        {"step() + 1ms", 15001ms},
        {"range() / 7", 514285ms},  // cut, not rounded
        {"range() % 7", 2s},
        {"step() ^ 2", 225s},
        {"min_of(step(), range())", 15s},
        {"max_of(step(), range())", 1h},
        {"+range() - -step()", 3615s},
        {"0.1 + 0.2", 300ms},
        {"1ms / 1000", 0ms},
    }));
    const ExprPtr expr = arithmetic(text);
    const auto value = evaluate_duration(*expr, {.step = 15s, .range = 1h});
    REQUIRE(value);
    CHECK(*value == want);
}

TEST_CASE("it is known whether a duration depends on the query", "[parser][duration]") {
    CHECK(depends_on_query(*arithmetic("1 + 2 * step()")));
    CHECK(depends_on_query(*arithmetic("min_of(1, -range())")));
    CHECK_FALSE(depends_on_query(*arithmetic("min_of(1, 2)")));
}

TEST_CASE("durations that cannot be are refused", "[parser][duration]") {
    struct Case {
        std::string_view text;
        std::string_view want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {"1 / step()", "division by zero"},
        {"1 % range()", "modulo by zero"},
        {"(1y + step()) ^ 9", "duration out of range"},
        {"(step() - 1) ^ 0.5", "duration out of range"},  // not a number
    }));
    const ExprPtr expr = arithmetic(text);
    const auto value = evaluate_duration(*expr);
    REQUIRE_FALSE(value);
    CHECK(value.error().message == want);
}

TEST_CASE("a number of seconds becomes a duration if one can hold it", "[parser][duration]") {
    CHECK(duration_from_seconds(1.5) == 1500ms);
    CHECK(duration_from_seconds(-0.3) == -300ms);
    CHECK_FALSE(duration_from_seconds(NAN));
    CHECK_FALSE(duration_from_seconds(INFINITY));
    CHECK_FALSE(duration_from_seconds(9'223'372'036.855));
    CHECK(duration_from_seconds(9'223'372'036.0));
}
