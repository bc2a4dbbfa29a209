#include "rules/recording_rule.h"

#include <string>

#include "tests/catch.h"
#include "tests/rules/rule_fixture.h"

using namespace tocsin;
using namespace std::chrono_literals;
using fakes::ResultFixture;

namespace {

const double kAbsent = kAbsentMarker;

/// One recording rule with all it stands on; what it records is wanted by somebody.
class Rig {
public:
    explicit Rig(const std::string& fields) : definition_(fakes::rule_of(fields)), rule(definition_, timeline) {}

    Status evaluate(int seconds, const InstantVector& result, std::size_t limit = 0) {
        timeline.begin(Timestamp{std::chrono::seconds(seconds)});
        Status status = rule.apply(result, limit);
        timeline.end();
        return status;
    }
    std::string samples() const { return fakes::samples_of(store, "r"); }

    Store store{StoreOptions{}};
    Store::SelectionHandle wanted = fakes::keep(store, "r");
    GroupTimeline timeline{store};

private:
    RuleDefinition definition_;

public:
    RecordingRule rule;
};

}  // namespace

TEST_CASE("a result is written back under the rule's name with its labels", "[rules][recording_rule]") {
    struct Case {
        const char* what;
        const char* rule;
        LabelSet result;
        const char* want;
    };
    const auto c = GENERATE(values<Case>({
        {"the name is replaced", "record: r, expr: up", {{"__name__", "up"}, {"a", "b"}}, R"(r{a="b"} 1@10)"},
        {"the rule's labels win", "record: r, expr: up, labels: {a: x, c: d}", {{"a", "b"}}, R"(r{a="x", c="d"} 1@10)"},
        {"an empty label takes the result's away", "record: r, expr: up, labels: {a: ''}", {{"a", "b"}}, "r 1@10"},
        {"labels are no templates",
         "record: r, expr: up, labels: {a: '{{ $value }}'}",
         {},
         R"(r{a="{{ $value }}"} 1@10)"},
        {"a scalar has no labels", "record: r, expr: 1", {}, "r 1@10"},
    }));
    CAPTURE(c.what);
    Rig rig(c.rule);
    ResultFixture result({c.result});
    REQUIRE(rig.evaluate(10, result.with({1})).has_value());
    CHECK(rig.samples() == c.want);
    CHECK(rig.rule.samples() == 1);
}

TEST_CASE("a series that is gone ends with a stale marker, once", "[rules][recording_rule]") {
    Rig rig("record: r, expr: up");
    ResultFixture result({{{"i", "1"}}, {{"i", "2"}}});
    REQUIRE(rig.evaluate(10, result.with({1, 2})).has_value());
    REQUIRE(rig.evaluate(20, result.with({3, kAbsent})).has_value());
    REQUIRE(rig.evaluate(30, result.with({4, kAbsent})).has_value());
    REQUIRE(rig.evaluate(40, result.with({5, 6})).has_value());
    CHECK(rig.samples() == "r{i=\"1\"} 1@10 3@20 4@30 5@40\nr{i=\"2\"} 2@10 stale@20 6@40");
}

TEST_CASE("the frame may change under the series", "[rules][recording_rule]") {
    Rig rig("record: r, expr: up");
    ResultFixture before({{{"i", "2"}}});
    ResultFixture after({{{"i", "1"}}, {{"i", "2"}}});
    REQUIRE(rig.evaluate(10, before.with({1})).has_value());
    REQUIRE(rig.evaluate(20, after.with({kAbsent, 2})).has_value());
    REQUIRE(rig.evaluate(30, after.with({3, 4})).has_value());
    CHECK(rig.samples() == "r{i=\"2\"} 1@10 2@20 4@30\nr{i=\"1\"} 3@30");
}

TEST_CASE("the same labels twice fail the rule and nothing is written", "[rules][recording_rule]") {
    Rig rig("record: r, expr: up, labels: {i: ''}");
    ResultFixture result({{{"i", "1"}}, {{"i", "2"}}});
    const auto status = rig.evaluate(10, result.with({1, 2}));
    REQUIRE(!status.has_value());
    CHECK(status.error().message == "vector contains metrics with the same labelset after applying rule labels");
    CHECK(rig.samples().empty());
    // They are only in each other's way when both are in the result.
    REQUIRE(rig.evaluate(20, result.with({kAbsent, 2})).has_value());
    REQUIRE(rig.evaluate(30, result.with({1, kAbsent})).has_value());
    CHECK(!rig.evaluate(40, result.with({1, 2})).has_value());
    CHECK(rig.samples() == "r 2@20 1@30");
}

TEST_CASE("metric names that are replaced may leave the same labels", "[rules][recording_rule]") {
    Rig rig("record: r, expr: '{__name__=~\"a|b\"}'");
    ResultFixture result({{{"__name__", "a"}}, {{"__name__", "b"}}});
    CHECK(!rig.evaluate(10, result.with({1, 2})).has_value());
    CHECK(rig.evaluate(20, result.with({1})).has_value());
}

TEST_CASE("more series than the limit fail the rule and nothing is written", "[rules][recording_rule]") {
    Rig rig("record: r, expr: up");
    ResultFixture result({{{"i", "1"}}, {{"i", "2"}}, {{"i", "3"}}});
    REQUIRE(rig.evaluate(10, result.with({1, 2}), 2).has_value());
    const auto status = rig.evaluate(20, result.with({1, 2, 3}), 2);
    REQUIRE(!status.has_value());
    CHECK(status.error().message == "exceeded limit of 2 with 3 series");
    CHECK(rig.samples() == "r{i=\"1\"} 1@10\nr{i=\"2\"} 2@10");
    CHECK(rig.rule.samples() == 2);
}

TEST_CASE("only what somebody reads is written", "[rules][recording_rule]") {
    Rig rig("record: r, expr: up");
    ResultFixture result({{{"i", "1"}}, {{"i", "2"}}});
    rig.wanted = rig.store.select({Matcher::equal("__name__", "r"), Matcher::equal("i", "1")}, 5min);
    REQUIRE(rig.evaluate(10, result.with({1, 2})).has_value());
    CHECK(rig.samples() == "r{i=\"1\"} 1@10");
    CHECK(rig.rule.samples() == 2);
    rig.wanted = fakes::keep(rig.store, "r");
    REQUIRE(rig.evaluate(20, result.with({3, 4})).has_value());
    CHECK(rig.samples() == "r{i=\"1\"} 1@10 3@20\nr{i=\"2\"} 4@20");
}

TEST_CASE("time does not go back in a group's timeline", "[rules][recording_rule]") {
    Rig rig("record: r, expr: up");
    ResultFixture result({LabelSet{}});
    REQUIRE(rig.evaluate(20, result.with({1})).has_value());
    REQUIRE(rig.evaluate(20, result.with({2})).has_value());
    REQUIRE(rig.evaluate(10, result.with({3})).has_value());
    REQUIRE(rig.evaluate(21, result.with({4})).has_value());
    CHECK(rig.samples() == "r 1@20 4@21");
}

TEST_CASE("series that come and go do not pile up", "[rules][recording_rule]") {
    Rig rig("record: r, expr: up");
    for (int round = 1; round <= 40; ++round) {
        std::vector<LabelSet> labels;
        for (int i = 0; i < 50; ++i) labels.push_back({{"i", std::to_string(round * 1000 + i)}});
        ResultFixture result(std::move(labels));
        REQUIRE(rig.evaluate(round * 600, result.with(std::vector<double>(50, 1))).has_value());
        rig.store.collect_garbage(Timestamp{std::chrono::seconds(round * 600)});
    }
    CHECK(rig.store.stats().series < 500);
    ResultFixture last({{{"i", "40049"}}});
    REQUIRE(rig.evaluate(40 * 600 + 10, last.with({7})).has_value());
    CHECK(rig.samples().find("r{i=\"40049\"} 1@24000 7@24010") != std::string::npos);
}

TEST_CASE("columns may be squeezed while series go on", "[rules][recording_rule]") {
    Rig rig("record: r, expr: up");
    std::vector<LabelSet> labels;
    for (int i = 0; i < 300; ++i) labels.push_back({{"i", std::to_string(i)}});
    ResultFixture result(std::move(labels));
    REQUIRE(rig.evaluate(10, result.with(std::vector<double>(300, 1))).has_value());
    std::vector<double> last_only(300, kAbsent);
    last_only[299] = 2;
    for (int t = 20; t <= 8000; t += 600) {
        REQUIRE(rig.evaluate(t, result.with(last_only)).has_value());
        rig.store.collect_garbage(Timestamp{std::chrono::seconds(t)});
    }
    last_only[0] = 3;
    REQUIRE(rig.evaluate(9000, result.with(last_only)).has_value());
    CHECK(rig.samples().find("r{i=\"299\"}") != std::string::npos);
    CHECK(rig.samples().find("2@9000") != std::string::npos);
    CHECK(rig.samples().find("r{i=\"0\"} 3@9000") != std::string::npos);
    CHECK(rig.store.stats().series == 2);
}

TEST_CASE("when other rules take over a timeline, what they do not write ends", "[rules][recording_rule]") {
    Rig rig("record: r, expr: up");
    ResultFixture result({{{"i", "1"}}, {{"i", "2"}}});
    REQUIRE(rig.evaluate(10, result.with({1, 2})).has_value());
    const RuleDefinition definition = fakes::rule_of("record: r, expr: up > 0");
    RecordingRule next(definition, rig.timeline);
    rig.timeline.change_hands();
    for (const int t : {20, 30}) {
        rig.timeline.begin(Timestamp{std::chrono::seconds(t)});
        REQUIRE(next.apply(result.with({3}), 0).has_value());
        rig.timeline.end();
    }
    CHECK(rig.samples() == "r{i=\"1\"} 1@10 3@20 3@30\nr{i=\"2\"} 2@10 stale@20");
}
