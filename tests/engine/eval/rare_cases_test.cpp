#include "tests/engine/eval/eval_fixture.h"

// What random expressions found, each by hand.

namespace tocsin {
namespace {

using Lines = std::vector<std::string>;

void fill_with_two_jobs(HandFilledStore& fixture) {
    fixture.load(1min, {
                           R"(depth{job="a", instance="1"} 1 1 2 2 2 2)",
                           R"(depth{job="a", instance="2"} 1 1 1 1 2 2)",
                           R"(depth{job="b", instance="1"} _ _ _ 5 5 5)",
                           R"(flat{job="a"} 4 4 4 4 4 4)",
                           R"(flat{job="b"} 4 4.1 4 4 4 4)",
                           R"(up{job="a"} 1 1 1 1 1 1)",
                           R"(up{job="b"} 1 1 1 1 1 1)",
                       });
}

TEST_CASE("values at the edge of the language", "[engine][eval]") {
    HandFilledStore fixture;
    fill_with_two_jobs(fixture);
    struct Case {
        std::string text;
        Lines want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        // Each step finds values, and groups, that those before it did not have.
        {R"(count_over_time(count_values("n", count_values by (job) ("v", depth))[6m:1m]))",
         {R"({n="1"} 4)", R"({n="2"} 4)"}},
        {R"(max_over_time(count_values by (job) ("v", depth)[6m:1m]))",
         {R"({job="a", v="1"} 2)", R"({job="a", v="2"} 2)", R"({job="b", v="5"} 1)"}},
        // 0 times infinity, whatever the value is.
        {"predict_linear(flat{job=\"a\"}[6m], Inf)", {R"({job="a"} nan)"}},
        // A subquery without a step evaluates nothing that could fail.
        {"max_over_time((depth / on (job) depth)[10s:1m] offset 15s)", {}},
    }));
    CAPTURE(text);
    const auto query = fixture.query(text);
    const auto result = query->evaluate(Timestamp{5min});
    REQUIRE(result);
    Lines found = HandFilledStore::present(**result);
    for (std::string& line : found) {
        if (line.ends_with("-nan")) line.replace(line.size() - 4, 4, "nan");
    }
    CHECK(found == want);
}

TEST_CASE("matches that are not unique are told even when a comparison leaves them out", "[engine][eval]") {
    HandFilledStore fixture;
    fill_with_two_jobs(fixture);
    struct Case {
        std::string text;
        std::string message;
    };
    const auto [text, message] = GENERATE(values<Case>({
        {"depth > on (job) up", "many-to-one matching must be explicit"},
        {"depth > 1e9 or depth{job=\"b\"} > on (job) up", ""},
        {"depth == on (job) group_left (instance) (up * 100)", "grouping labels must ensure unique matches"},
    }));
    CAPTURE(text);
    const auto query = fixture.query(text);
    const auto result = query->evaluate(Timestamp{5min});
    CHECK(result.has_value() == message.empty());
    if (!result) CHECK_THAT(result.error().message, Catch::Contains(message));
}

}  // namespace
}  // namespace tocsin
