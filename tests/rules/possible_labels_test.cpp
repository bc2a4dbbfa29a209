#include "rules/possible_labels.h"

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/labels.h"
#include "parser/promql_parser.h"
#include "tests/catch.h"

using namespace tocsin;

namespace {

/// Which of the labels a to e and le an expression can give, in their order: `a b`.
std::string possible(std::string_view expr) {
    const auto parsed = parse_promql(expr);
    REQUIRE(parsed);
    const PossibleLabels labels = possible_labels(**parsed);
    CHECK(labels.has(kMetricNameLabel));
    std::string found;
    for (const std::string_view name : {"a", "b", "c", "d", "le"}) {
        if (labels.has(name)) found += fmt::format("{}{}", found.empty() ? "" : " ", name);
    }
    return found;
}

constexpr std::string_view kAll = "a b c d le";

struct LabelCase {
    std::string_view expr;
    std::string_view want;
};

}  // namespace

TEST_CASE("what labels an expression can give follows from its text", "[rules][possible-labels]") {
    const auto c = GENERATE(values<LabelCase>({
        // A selector can give any label but those that it wants empty.
        {"x", kAll},
        {"x{a=\"1\", b!=\"\"}", kAll},
        {"x{a=\"\"}", "b c d le"},
        {"x{a=~\"|1\"}", kAll},
        {"rate(x{a=\"\"}[5m])", "b c d le"},
        {"max_over_time(rate(x[1m])[5m:])", kAll},
        {"-(x{a=\"\"} offset 5m)", "b c d le"},

        {"sum(x)", ""},
        {"sum by (a, b) (x)", "a b"},
        {"sum by (a, b) (x{a=\"\"})", "b"},
        {"sum without (a, b) (x)", "c d le"},
        {"sum by (a) (sum by (b, c) (x))", ""},
        {"topk(3, sum by (a) (x))", "a"},
        {"topk by (b) (3, sum by (a) (x))", "a"},
        {"count_values(\"d\", x)", "d"},
        {"count_values by (a) (\"d\", x)", "a d"},
        {"quantile by (a) (0.9, x)", "a"},

        {"label_replace(sum by (a) (x), \"b\", \"$1\", \"a\", \"(.*)\")", "a b"},
        {"label_join(sum(x), \"c\", \"-\", \"a\")", "c"},
        {"histogram_quantile(0.9, sum by (a, le) (rate(x[5m])))", "a"},
        {"histogram_quantile(0.9, rate(x[5m]))", "a b c d"},
        {"sort(sum by (a) (x))", "a"},
        {"clamp_max(sum by (a) (x), 5)", "a"},
        {"timestamp(sum by (a) (x))", "a"},
        {"day_of_week(sum by (a) (x))", "a"},
        {"info(sum by (a) (x))", kAll},

        // Of what is absent only the selector tells.
        {"absent(x)", ""},
        {"absent(x{a=\"1\", b=~\"2\", c!=\"3\", d=\"\"})", "a"},
        {"absent((x{a=\"1\"}))", "a"},
        {"absent_over_time(x{a=\"1\"}[5m])", "a"},
        {"absent(sum by (a) (x{a=\"1\"}))", ""},

        {"vector(1)", ""},
        {"1", ""},
        {"time() - 5", ""},
        {"hour()", ""},
        {"scalar(x) > 5", ""},

        {"x > 5", kAll},
        {"5 < sum by (a) (x)", "a"},
        {"sum by (a) (x) > bool 5", "a"},
        {"sum by (a) (x) * scalar(y)", "a"},

        // What is matched on is there on both sides or on none.
        {"sum by (a, b) (x) / sum by (b, c) (y)", "b"},
        {"x / sum by (a) (y)", "a"},
        {"x / on (a, b) y", "a b"},
        {"sum by (a) (x) / on (a, b) y", "a"},
        {"x / ignoring (a) y", "b c d le"},
        {"x > ignoring (a) sum by (b) (y)", "b"},
        {"x * on (a) group_left () sum by (a) (y)", kAll},
        {"sum by (b) (x) * on (b) group_left (c) y", "b c"},
        {"sum by (b) (x) * on (b) group_left (c) sum by (b) (y)", "b"},
        {"x * on (a) group_left (c) sum by (a) (y)", "a b d le"},
        {"x * on (a) group_left () sum (y)", "b c d le"},
        {"x * ignoring (c) group_left () sum by (a) (y)", "a c"},
        {"y * on (a) group_right () sum by (a, b) (x)", "a b"},
        {"y * on (a) group_right (c) sum by (a, b) (x)", "a b c"},

        {"sum by (a) (x) and y", "a"},
        {"x and sum by (a) (y)", "a"},
        {"x and on (a) sum by (a) (y)", kAll},
        {"x and on () vector(1)", kAll},
        {"x and on (a) vector(1)", "b c d le"},
        {"x unless sum by (a) (y)", kAll},
        {"sum by (a) (x) unless y", "a"},
        {"sum by (a) (x) or sum by (b) (y)", "a b"},
        {"sum by (a) (x) or y", kAll},
        {"(sum by (a) (x) > 1) and on (a) (sum by (a, b) (y) > 2)", "a"},
    }));
    CAPTURE(c.expr);
    CHECK(possible(c.expr) == c.want);
}

TEST_CASE("elements that are filled in can have any label", "[rules][possible-labels]") {
    const auto parsed = parse_promql("sum by (a) (x) + fill(0) sum by (b) (y)");
    REQUIRE(parsed);
    CHECK(possible_labels(**parsed).has("c"));
}

TEST_CASE("an expression that is too deep can give any label", "[rules][possible-labels]") {
    std::string chain = "sum(x)";
    for (int i = 0; i < 900; ++i) chain += " or x";
    const auto parsed = parse_promql(chain);
    REQUIRE(parsed);
    CHECK(possible_labels(**parsed).has("a"));
}

TEST_CASE("the names are listed when there are no others", "[rules][possible-labels]") {
    const auto names = [](std::string_view expr) {
        const auto parsed = parse_promql(expr);
        REQUIRE(parsed);
        const PossibleLabels labels = possible_labels(**parsed);
        return labels.listed() == nullptr ? std::vector<std::string>{"(all)"}
                                          : std::vector<std::string>(labels.listed()->begin(), labels.listed()->end());
    };
    CHECK(names("sum by (b, a) (x)") == std::vector<std::string>{"__name__", "a", "b"});
    CHECK(names("x{a=\"\"}") == std::vector<std::string>{"(all)"});
}
