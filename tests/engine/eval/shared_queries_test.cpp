#include <sstream>

#include "tests/engine/eval/eval_fixture.h"

namespace tocsin {
namespace {

using Lines = std::vector<std::string>;

struct SharedFixture : HandFilledStore {
    std::unique_ptr<StandingQuery> make(std::string_view text) {
        const auto expr = parse_promql(text);
        REQUIRE(expr);
        auto made = StandingQuery::create(**expr, text, store, {}, shared);
        REQUIRE(made);
        return std::move(*made);
    }

    void append(Timestamp at, double value) {
        const std::vector<double> cells{value};
        REQUIRE(store.append(timeline, at, cells));
    }

    std::shared_ptr<SharedQueries> shared = SharedQueries::create();
};

TEST_CASE("queries that share give what they give alone", "[engine][eval]") {
    SharedFixture fixture;
    fixture.load(1min, {"requests_total{job=\"a\"} 0+60x10", "errors_total{job=\"a\"} 0+6x10"});
    const auto ratio = fixture.make("rate(errors_total[5m]) / rate(requests_total[5m])");
    const auto high = fixture.make("rate(errors_total[5m]) / rate(requests_total[5m]) > 0.05");
    const auto inside = fixture.make("max_over_time(rate(errors_total[5m])[2m:1m]) - rate(errors_total[5m])");
    fixture.shared->forget_values();
    CHECK(HandFilledStore::present(**ratio->evaluate(Timestamp{10min})) == Lines{R"({job="a"} 0.1)"});
    CHECK(HandFilledStore::present(**high->evaluate(Timestamp{10min})) == Lines{R"({job="a"} 0.1)"});
    CHECK(HandFilledStore::present(**inside->evaluate(Timestamp{10min})) == Lines{R"({job="a"} 0)"});
    // Another moment is computed anew without being told.
    CHECK(HandFilledStore::present(**high->evaluate(Timestamp{9min})) == Lines{R"({job="a"} 0.1)"});
}

TEST_CASE("what was computed counts until it is forgotten", "[engine][eval]") {
    SharedFixture fixture;
    fixture.load(1min, {"depth 1 2"});
    const auto first = fixture.make("depth + 0");
    const auto second = fixture.make("depth + 0 > 2");
    fixture.shared->forget_values();
    CHECK(HandFilledStore::present(**first->evaluate(Timestamp{2min})) == Lines{"{} 2"});
    fixture.append(Timestamp{2min}, 3);
    CHECK(HandFilledStore::present(**second->evaluate(Timestamp{2min})).empty());
    fixture.shared->forget_values();
    CHECK(HandFilledStore::present(**second->evaluate(Timestamp{2min})) == Lines{"{} 3"});
}

TEST_CASE("every query tells the annotations of what it shares, with its own positions", "[engine][eval]") {
    SharedFixture fixture;
    fixture.load(1min, {"depth 0+1x10"});
    const auto first = fixture.make("rate(depth[5m])");
    const auto second = fixture.make("vector(1) and on () rate(depth[5m])");
    fixture.shared->forget_values();
    REQUIRE(first->evaluate(Timestamp{10min}));
    REQUIRE(second->evaluate(Timestamp{10min}));
    const std::string text = "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"depth\" ";
    CHECK(first->annotations().infos == Lines{text + "(1:6)"});
    CHECK(second->annotations().infos == Lines{text + "(1:26)"});
}

TEST_CASE("a query may go before those it shares with", "[engine][eval]") {
    SharedFixture fixture;
    fixture.load(1min, {"depth 1+1x10"});
    auto first = fixture.make("sum(depth)");
    const auto second = fixture.make("sum(depth) * 2");
    first.reset();
    fixture.shared->forget_values();
    CHECK(HandFilledStore::present(**second->evaluate(Timestamp{10min})) == Lines{"{} 22"});
}

}  // namespace
}  // namespace tocsin
