#include "rules/alerting_rule.h"

#include <string>

#include "tests/catch.h"
#include "tests/rules/rule_fixture.h"

using namespace tocsin;
using namespace std::chrono_literals;
using fakes::ResultFixture;

namespace {

const LabelSet kNoLabels;
const double kAbsent = kAbsentMarker;

Timestamp at(Duration since_start) {
    return Timestamp{1000s} + since_start;
}

/// One alerting rule with all it stands on.
class Rig {
public:
    explicit Rig(const std::string& fields)
        : definition_(fakes::rule_of(fields)),
          rule(definition_, timeline_,
               [this](const LabelSet& labels, const ActiveAlert& alert, AlertPhase before, Timestamp,
                      std::string_view reason) {
                   transitions += fmt::format("{}{}: {} -> {}", transitions.empty() ? "" : "\n", to_string(labels),
                                              to_string(before), to_string(alert.state.phase));
                   if (!reason.empty()) transitions += fmt::format(" ({})", reason);
               }) {}

    Status evaluate(Duration when, const InstantVector& result, std::size_t limit = 0) {
        timeline_.begin(at(when));
        return rule.apply(result, limit, {at(when), external_labels, external_url, query});
    }
    /// One that fails.
    void fail(Duration when) {
        timeline_.begin(at(when));
        rule.keep(at(when));
    }

    std::vector<Alert> due(Duration when, Duration resend_delay = 1min, Duration valid_for = 4min) {
        std::vector<Alert> alerts;
        rule.collect_due(at(when), resend_delay, valid_for, alerts);
        return alerts;
    }

    /// `{labels} phase value`, a line each.
    std::string alerts() const {
        std::string shown;
        for (const auto& [labels, alert] : rule.alerts()) {
            shown += fmt::format("{}{} {} {}", shown.empty() ? "" : "\n", to_string(labels),
                                 to_string(alert.state.phase), format_value(alert.value));
        }
        return shown;
    }
    const ActiveAlert& only() const {
        REQUIRE(rule.alerts().size() == 1);
        return rule.alerts().begin()->second;
    }

    LabelSet external_labels;
    std::string external_url = "http://tocsin";
    templates::RuleTemplateQuery query =
        [](std::string_view text) -> Result<std::vector<templates::RuleTemplateSample>> {
        return tocsin::fail(Error::Kind::InvalidInput, "no answer to " + std::string(text));
    };
    Store store{StoreOptions{}};
    std::string transitions;

private:
    RuleDefinition definition_;
    GroupTimeline timeline_{store};

public:
    AlertingRule rule;
};

}  // namespace

TEST_CASE("an alert has the labels of the result and the rule, and its name", "[rules][alerting_rule]") {
    struct Case {
        const char* what;
        const char* rule;
        LabelSet result;
        const char* want;
    };
    const auto c = GENERATE(values<Case>({
        {"the metric name goes",
         "alert: A, expr: up",
         {{"__name__", "up"}, {"job", "a"}},
         R"({alertname="A", job="a"} firing 1)"},
        {"the rule's labels win",
         "alert: A, expr: up, labels: {job: b, tier: x}",
         {{"job", "a"}},
         R"({alertname="A", job="b", tier="x"} firing 1)"},
        {"an empty label takes the result's away",
         "alert: A, expr: up, labels: {job: ''}",
         {{"job", "a"}},
         R"({alertname="A"} firing 1)"},
        {"alertname cannot be overridden",
         "alert: A, expr: up, labels: {alertname: B}",
         {{"alertname", "C"}},
         R"({alertname="A"} firing 1)"},
        {"templates see the labels of the result, not those of the rule",
         "alert: A, expr: up, labels: {job: b, was: '{{ $labels.job }}'}",
         {{"job", "a"}},
         R"({alertname="A", job="b", was="a"} firing 1)"},
        {"and its metric name",
         "alert: A, expr: up, labels: {was: '{{ $labels.__name__ }}'}",
         {{"__name__", "up"}},
         R"({alertname="A", was="up"} firing 1)"},
        {"and the value", "alert: A, expr: up, labels: {v: '{{ $value }}'}", {}, R"({alertname="A", v="1"} firing 1)"},
    }));
    CAPTURE(c.what);
    Rig rig(c.rule);
    ResultFixture result({c.result});
    REQUIRE(rig.evaluate(0s, result.with({1})).has_value());
    CHECK(rig.alerts() == c.want);
}

TEST_CASE("annotations are expanded with what the evaluation knows", "[rules][alerting_rule]") {
    Rig rig(
        "alert: A, expr: up == 0, for: 1m, annotations: {"
        "labels: '{{ $labels.job }}', value: '{{ $value }}', outside: '{{ $externalLabels.dc }}', "
        "url: '{{ $externalURL }}', for: '{{ $for }}', plain: text, bad: '{{ index nil 1 }}'}");
    rig.external_labels = {{"dc", "eu"}};
    ResultFixture result({{{"job", "a"}}});
    REQUIRE(rig.evaluate(0s, result.with({0.5})).has_value());
    const LabelSet& annotations = rig.only().annotations;
    CHECK(annotations.get("labels") == "a");
    CHECK(annotations.get("value") == "0.5");
    CHECK(annotations.get("outside") == "eu");
    CHECK(annotations.get("url") == "http://tocsin");
    CHECK(annotations.get("plain") == "text");
    CHECK(annotations.get("bad").substr(0, 26) == "<error expanding template:");
    CHECK(rig.rule.template_failures() == 1);
}

TEST_CASE("annotations follow the value while the alert is active", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up, for: 1m, keep_firing_for: 5m, annotations: {v: '{{ $value }}'}");
    ResultFixture result({kNoLabels});
    const auto shown = [&] { return std::string(rig.only().annotations.get("v")); };
    REQUIRE(rig.evaluate(0min, result.with({1})).has_value());
    CHECK(shown() == "1");
    REQUIRE(rig.evaluate(1min, result.with({2})).has_value());
    CHECK(shown() == "2");
    REQUIRE(rig.evaluate(2min, result.empty()).has_value());
    CHECK(rig.only().state.phase == AlertPhase::Firing);
    CHECK(shown() == "2");
    CHECK(rig.only().value == 2);
}

TEST_CASE("observers hear of each change of phase", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up, for: 1m");
    ResultFixture result({{{"i", "1"}}, {{"i", "2"}}});
    REQUIRE(rig.evaluate(0min, result.with({1, 1})).has_value());
    REQUIRE(rig.evaluate(1min, result.with({1, kAbsent})).has_value());
    REQUIRE(rig.evaluate(2min, result.empty()).has_value());
    CHECK(rig.transitions ==
          "{alertname=\"A\", i=\"1\"}: inactive -> pending\n"
          "{alertname=\"A\", i=\"2\"}: inactive -> pending\n"
          "{alertname=\"A\", i=\"1\"}: pending -> firing\n"
          "{alertname=\"A\", i=\"2\"}: pending -> inactive\n"
          "{alertname=\"A\", i=\"1\"}: firing -> inactive");
}

TEST_CASE("a pending alert that is gone is forgotten, a resolved one after 15 minutes", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up");
    ResultFixture result({kNoLabels});
    REQUIRE(rig.evaluate(0min, result.with({1})).has_value());
    REQUIRE(rig.evaluate(1min, result.empty()).has_value());
    REQUIRE(rig.evaluate(16min, result.empty()).has_value());
    CHECK(rig.alerts() == "{alertname=\"A\"} inactive 1");
    REQUIRE(rig.evaluate(17min, result.empty()).has_value());
    CHECK(rig.alerts().empty());

    Rig pending("alert: A, expr: up, for: 5m");
    REQUIRE(pending.evaluate(0min, result.with({1})).has_value());
    REQUIRE(pending.evaluate(1min, result.empty()).has_value());
    CHECK(pending.alerts().empty());
}

TEST_CASE("alerts are told when they change and again after the resend delay", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up, for: 30s, annotations: {s: t}");
    ResultFixture result({kNoLabels});
    // A character each 15 s: `x` the alert is in the result. Below it what is told: `F` firing, `R` resolved.
    const std::string present = "xxxxxxxxxx..........xxxx";
    std::string told;
    for (std::size_t i = 0; i < present.size(); ++i) {
        const Duration when = 15s * static_cast<int>(i);
        REQUIRE(rig.evaluate(when, present[i] == 'x' ? result.with({1}) : result.empty()).has_value());
        const auto alerts = rig.due(when);
        REQUIRE(alerts.size() <= 1);
        told += alerts.empty() ? '.' : alerts[0].resolved_at(at(when)) ? 'R' : 'F';
    }
    CHECK(told == "..F...F...R...R...R...F.");
}

TEST_CASE("what is told has the times of the alert", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up, for: 1m, annotations: {s: t}");
    ResultFixture result({{{"i", "1"}}});
    REQUIRE(rig.evaluate(0min, result.with({1})).has_value());
    CHECK(rig.due(0min).empty());
    REQUIRE(rig.evaluate(1min, result.with({1})).has_value());
    const auto firing = rig.due(1min, 1min, 4min);
    REQUIRE(firing.size() == 1);
    CHECK(firing[0].labels == LabelSet{{"alertname", "A"}, {"i", "1"}});
    CHECK(firing[0].annotations == LabelSet{{"s", "t"}});
    CHECK(firing[0].starts_at == at(1min));
    CHECK(firing[0].ends_at == at(5min));
    CHECK(firing[0].updated_at == at(1min));
    REQUIRE(rig.evaluate(2min, result.empty()).has_value());
    const auto resolved = rig.due(2min, 1min, 4min);
    REQUIRE(resolved.size() == 1);
    CHECK(resolved[0].starts_at == at(1min));
    CHECK(resolved[0].ends_at == at(2min));
    const auto again = rig.due(3min, 1min, 4min);
    REQUIRE(again.size() == 1);
    CHECK(again[0].ends_at == at(2min));
}

TEST_CASE("one that fires again is told at once, however short the pause", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up");
    ResultFixture result({kNoLabels});
    for (const auto& [when, value] : {std::pair{0s, 1.0}, {5s, kAbsent}, {10s, 1.0}, {15s, kAbsent}}) {
        REQUIRE(rig.evaluate(when, result.with({value})).has_value());
        CHECK(rig.due(when).size() == 1);
    }
}

TEST_CASE("the same labels twice fail the rule, and nothing changes", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up, labels: {i: ''}");
    ResultFixture result({{{"i", "1"}}, {{"i", "2"}}});
    REQUIRE(rig.evaluate(0min, result.with({1})).has_value());
    const auto status = rig.evaluate(1min, result.with({2, 3}));
    REQUIRE(!status.has_value());
    CHECK(status.error().message == "vector contains metrics with the same labelset after applying alert labels");
    CHECK(rig.alerts() == "{alertname=\"A\"} firing 1");
    CHECK(rig.due(1min).size() == 1);
    // Rows of the failed evaluation are not taken for those of the next one.
    REQUIRE(rig.evaluate(2min, result.with({kAbsent, 5})).has_value());
    CHECK(rig.alerts() == "{alertname=\"A\"} firing 5");
}

TEST_CASE("more alerts than the limit fail the rule, and those that are there stay", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up");
    ResultFixture result({{{"i", "1"}}, {{"i", "2"}}, {{"i", "3"}}});
    REQUIRE(rig.evaluate(0min, result.with({1, 1}), 2).has_value());
    const auto status = rig.evaluate(1min, result.with({1, 1, 1}), 2);
    REQUIRE(!status.has_value());
    CHECK(status.error().message == "exceeded limit of 2 with 3 alerts");
    CHECK(rig.alerts() == "{alertname=\"A\", i=\"1\"} firing 1\n{alertname=\"A\", i=\"2\"} firing 1");
    CHECK(rig.rule.samples() == 2);
    CHECK(rig.due(1min).size() == 2);
    // What has just resolved does not count.
    CHECK(rig.evaluate(2min, result.with({kAbsent, 1, 1}), 2).has_value());
    CHECK(rig.rule.samples() == 2);
}

TEST_CASE("an alert that keep_firing_for keeps counts against the limit", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up, keep_firing_for: 5m");
    ResultFixture result({{{"i", "1"}}, {{"i", "2"}}});
    REQUIRE(rig.evaluate(0min, result.with({1}), 1).has_value());
    const auto status = rig.evaluate(1min, result.with({kAbsent, 1}), 1);
    REQUIRE(!status.has_value());
    CHECK(status.error().message == "exceeded limit of 1 with 2 alerts");
}

TEST_CASE("evaluations that fail keep alerts firing and told", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up, for: 2m, keep_firing_for: 1m");
    ResultFixture result({{{"i", "1"}}, {{"i", "2"}}});
    REQUIRE(rig.evaluate(0min, result.with({1})).has_value());
    REQUIRE(rig.evaluate(2min, result.with({1, 1})).has_value());
    CHECK(rig.due(2min).size() == 1);
    for (int minute = 3; minute <= 30; ++minute) {
        rig.fail(std::chrono::minutes(minute));
        const auto told = rig.due(std::chrono::minutes(minute), 1min, 4min);
        REQUIRE(told.size() == 1);
        CHECK(told[0].ends_at == at(std::chrono::minutes(minute + 4)));
    }
    CHECK(rig.alerts() == "{alertname=\"A\", i=\"1\"} firing 1\n{alertname=\"A\", i=\"2\"} pending 1");
}

TEST_CASE("a resolved alert is forgotten on time although evaluations fail", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up");
    ResultFixture result({kNoLabels});
    REQUIRE(rig.evaluate(0min, result.with({1})).has_value());
    REQUIRE(rig.evaluate(1min, result.empty()).has_value());
    rig.fail(17min);
    CHECK(rig.alerts().empty());
}

TEST_CASE("series may appear and vanish: an alert is known by its labels", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up, for: 2m");
    ResultFixture before({{{"i", "1"}}});
    ResultFixture after({{{"i", "0"}}, {{"i", "1"}}});
    REQUIRE(rig.evaluate(0min, before.with({1})).has_value());
    REQUIRE(rig.evaluate(1min, after.with({kAbsent, 1})).has_value());
    REQUIRE(rig.evaluate(2min, after.with({1, 1})).has_value());
    CHECK(rig.alerts() == "{alertname=\"A\", i=\"0\"} pending 1\n{alertname=\"A\", i=\"1\"} firing 1");
}

TEST_CASE("NaN is a value like any other", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up");
    ResultFixture result({kNoLabels});
    REQUIRE(rig.evaluate(0min, result.with({kNormalNan})).has_value());
    CHECK(rig.alerts() == "{alertname=\"A\"} firing NaN");
}

TEST_CASE("a label that depends on the value makes another alert of each value", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up, labels: {v: '{{ $value }}'}");
    ResultFixture result({kNoLabels});
    REQUIRE(rig.evaluate(0min, result.with({1})).has_value());
    REQUIRE(rig.evaluate(1min, result.with({2})).has_value());
    CHECK(rig.alerts() == "{alertname=\"A\", v=\"1\"} inactive 1\n{alertname=\"A\", v=\"2\"} firing 2");
}

TEST_CASE("ALERTS and ALERTS_FOR_STATE are written for those who read them", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up, for: 1m");
    const auto wanted = fakes::keep(rig.store, "ALERTS");
    const auto wanted_too = fakes::keep(rig.store, "ALERTS_FOR_STATE");
    ResultFixture result({{{"i", "1"}}});
    for (const auto& [when, value] : {std::pair{0min, 1.0}, {1min, 1.0}, {2min, 1.0}, {3min, kAbsent}}) {
        REQUIRE(rig.evaluate(when, result.with({value})).has_value());
    }
    CHECK(fakes::samples_of(rig.store, "ALERTS") ==
          "ALERTS{alertname=\"A\", alertstate=\"pending\", i=\"1\"} 1@1000 stale@1060\n"
          "ALERTS{alertname=\"A\", alertstate=\"firing\", i=\"1\"} 1@1060 1@1120 stale@1180");
    CHECK(fakes::samples_of(rig.store, "ALERTS_FOR_STATE") ==
          "ALERTS_FOR_STATE{alertname=\"A\", i=\"1\"} 1000@1000 1000@1060 1000@1120 stale@1180");
}

TEST_CASE("ALERTS go on while evaluations fail", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up");
    const auto wanted = fakes::keep(rig.store, "ALERTS");
    ResultFixture result({kNoLabels});
    REQUIRE(rig.evaluate(0min, result.with({1})).has_value());
    rig.fail(1min);
    CHECK(fakes::samples_of(rig.store, "ALERTS") == "ALERTS{alertname=\"A\", alertstate=\"firing\"} 1@1000 1@1060");
}

TEST_CASE("nothing is written that nobody reads", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up");
    ResultFixture result({{{"i", "1"}}, {{"i", "2"}}});
    REQUIRE(rig.evaluate(0min, result.with({1, 1})).has_value());
    CHECK(rig.store.stats().series == 0);
    // Somebody reads the ALERTS of one of them from here on, and then nobody any more.
    {
        const auto wanted =
            rig.store.select({Matcher::equal("__name__", "ALERTS"), Matcher::equal("i", "2")}, std::chrono::minutes(5));
        REQUIRE(rig.evaluate(1min, result.with({1, 1})).has_value());
        CHECK(fakes::samples_of(rig.store, "ALERTS") ==
              "ALERTS{alertname=\"A\", alertstate=\"firing\", i=\"2\"} 1@1060");
    }
    REQUIRE(rig.evaluate(2min, result.with({1, 1})).has_value());
    REQUIRE(rig.evaluate(3min, result.with({1, 1})).has_value());
    CHECK(fakes::samples_of(rig.store, "ALERTS") ==
          "ALERTS{alertname=\"A\", alertstate=\"firing\", i=\"2\"} 1@1060 stale@1120");
}

TEST_CASE("alerts are handed over to the next version of their rule", "[rules][alerting_rule]") {
    Rig old("alert: A, expr: up, for: 5m");
    ResultFixture result({{{"i", "1"}}});
    REQUIRE(old.evaluate(0min, result.with({1})).has_value());
    Rig next("alert: A, expr: up > 0, for: 2m");
    for (auto& [labels, alert] : old.rule.release()) CHECK(next.rule.adopt(labels, alert));
    CHECK(old.rule.alerts().empty());
    REQUIRE(next.evaluate(2min, result.with({1})).has_value());
    CHECK(next.only().state.phase == AlertPhase::Firing);
    CHECK(next.only().state.active_at == at(0min));
    CHECK(!next.rule.adopt(next.rule.alerts().begin()->first, {}));
}

TEST_CASE("a rule could own the alerts of its name that have its plain labels", "[rules][alerting_rule]") {
    const Rig rig("alert: A, expr: up, labels: {severity: page, job: '{{ $labels.job }}', gone: ''}");
    CHECK(rig.rule.could_own({{"alertname", "A"}, {"severity", "page"}, {"job", "x"}, {"more", "y"}}));
    CHECK(!rig.rule.could_own({{"alertname", "B"}, {"severity", "page"}}));
    CHECK(!rig.rule.could_own({{"alertname", "A"}, {"severity", "warning"}}));
    CHECK(!rig.rule.could_own({{"alertname", "A"}, {"severity", "page"}, {"gone", "x"}}));
}

TEST_CASE("all times of an alert move with the wall clock", "[rules][alerting_rule]") {
    Rig rig("alert: A, expr: up, for: 1m, keep_firing_for: 10m");
    ResultFixture result({kNoLabels});
    REQUIRE(rig.evaluate(0min, result.with({1})).has_value());
    REQUIRE(rig.evaluate(1min, result.with({1})).has_value());
    REQUIRE(rig.due(1min).size() == 1);
    REQUIRE(rig.evaluate(2min, result.empty()).has_value());
    rig.rule.move_time(1h);
    const ActiveAlert& alert = rig.only();
    CHECK(alert.state.active_at == at(1h));
    CHECK(alert.state.fired_at == at(1h + 1min));
    CHECK(alert.state.keep_firing_since == at(1h + 2min));
    CHECK(alert.last_sent == at(1h + 1min));
}
