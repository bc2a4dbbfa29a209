#include "engine/eval/explain.h"

#include "tests/engine/eval/eval_fixture.h"

namespace tocsin {
namespace {

/// A clock that goes on by one nanosecond each time somebody looks at it.
struct CountingClock {
    MonotonicTime operator()() { return MonotonicTime{std::chrono::nanoseconds{++looks}}; }
    std::int64_t looks = 0;
};

struct ExplainFixture : HandFilledStore {
    ExplainFixture() {
        load(1min, {"requests_total{job=\"a\", i=\"1\"} 0+60x10", "requests_total{job=\"a\", i=\"2\"} 0+30x10",
                    "requests_total{job=\"b\", i=\"1\"} 0+6x10", "up{job=\"a\"} 1x4 _x9"});
    }

    Explanation explain(std::string_view text) {
        const auto expr = parse_promql(text);
        REQUIRE(expr);
        auto explanation = explain_query(**expr, text, store, {}, Timestamp{10min}, CountingClock{});
        REQUIRE(explanation);
        return std::move(*explanation);
    }

    /// `title rows/present [kept]`, indented.
    static std::vector<std::string> lines(const Explanation& explanation) {
        std::vector<std::string> lines;
        for (const ExplainedNode& node : explanation.nodes) {
            std::string line = std::string(2 * node.depth, ' ') + node.title;
            if (node.same_as) {
                line += " = " + std::to_string(*node.same_as);
            } else {
                line += " " + std::to_string(node.rows) + "/" + std::to_string(node.present);
                if (!node.kept.empty()) line += " [" + node.kept + "]";
            }
            lines.push_back(std::move(line));
        }
        return lines;
    }
};

using Lines = std::vector<std::string>;

TEST_CASE("a plan is explained node by node", "[engine][eval][explain]") {
    ExplainFixture fixture;
    const Explanation explanation =
        fixture.explain("sum by (job) (rate(requests_total[5m])) / on (job) group_left () up > bool 2");
    CHECK(ExplainFixture::lines(explanation) == Lines{
                                                    "> bool 1/0",
                                                    "  / on (job) group_left () 1/0 [1 pairs]",
                                                    "    sum by (job) 2/2 [2 groups in 2 stretches]",
                                                    "      rate() 3/3",
                                                    "        requests_total[5m] 3/15 [3 series in 1 runs of columns]",
                                                    "    up 1/0 [1 series in 1 runs of columns]",
                                                    "  2 1/1",
                                                });
}

TEST_CASE("what is equal in a plan is told once", "[engine][eval][explain]") {
    ExplainFixture fixture;
    const Explanation explanation = fixture.explain(
        "sum(rate(requests_total[5m])) - sum(rate(requests_total[5m])) + "
        "max_over_time(sum(rate(requests_total[5m]))[2m:1m])");
    const Lines lines = ExplainFixture::lines(explanation);
    REQUIRE(lines.size() == 11);
    CHECK(lines[5] == "    sum = 2");
    CHECK(lines[6] == "  max_over_time() 1/1");
    CHECK(lines[7] == "    [2m:1m] 1/2");
    // Inside the subquery it is evaluated at other times, and not the same.
    CHECK(lines[8] == "      sum 1/1 [1 groups in 1 stretches]");
    CHECK(lines[9] == "        rate() 3/3");
}

TEST_CASE("the time of a node is its own, and all of them are the whole", "[engine][eval][explain]") {
    ExplainFixture fixture;
    const Explanation explanation = fixture.explain("sum(rate(requests_total[5m])) + sum(up)");
    std::chrono::nanoseconds first{0}, again{0};
    for (const ExplainedNode& node : explanation.nodes) {
        CHECK(node.first.count() >= 0);
        first += node.first;
        again += node.again;
    }
    CHECK(first == explanation.first);
    CHECK(again == explanation.again);
    CHECK(again > std::chrono::nanoseconds{0});
    CHECK(explanation.compiling > std::chrono::nanoseconds{0});
}

TEST_CASE("an explanation has the result, whatever its type", "[engine][eval][explain]") {
    ExplainFixture fixture;
    CHECK(fixture.explain("1 + 1").result.scalar == 2);
    CHECK(fixture.explain("\"text\"").result.string == "text");
    CHECK(fixture.explain("sum(requests_total)").result.vector == std::vector<std::pair<LabelSet, double>>{{{}, 960}});
    CHECK(ExplainFixture::lines(fixture.explain("requests_total[2m]")) ==
          Lines{"requests_total[2m] 3/6 [3 series in 1 runs of columns]"});
    CHECK(ExplainFixture::lines(fixture.explain("timestamp(up)")) ==
          Lines{"timestamp() 1/0", "  up 1/0 [1 series in 1 runs of columns]"});
}

TEST_CASE("what cannot be evaluated cannot be explained", "[engine][eval][explain]") {
    ExplainFixture fixture;
    const std::string_view text = "requests_total + on (job) requests_total";
    const auto explanation =
        explain_query(**parse_promql(text), text, fixture.store, {}, Timestamp{10min}, CountingClock{});
    REQUIRE_FALSE(explanation);
    CHECK(explanation.error().message.starts_with("found duplicate series for the match group"));
}

}  // namespace
}  // namespace tocsin
