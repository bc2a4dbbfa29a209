#include "rules/rule_group.h"

#include <string>

#include "parser/promql_parser.h"
#include "tests/catch.h"
#include "tests/rules/rule_world.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

/// A group that is evaluated when the test says so, over samples that the test writes.
class Rig : public fakes::RuleWorld {
public:
    explicit Rig(const std::string& rules, const RuleSettings& given = {}, unsigned threads = 0)
        : RuleWorld(threads), settings(given) {
        group = make(rules, nullptr);
    }

    std::shared_ptr<RuleGroup> make(const std::string& rules, RuleGroup* predecessor) {
        return group_of("groups:\n- name: g\n" + rules, settings, predecessor);
    }

    /// Gives the series their values now; those that are not named end.
    void write(const std::map<std::string, double>& values) {
        std::map<std::string, double> row = values;
        for (const auto& [name, value] : alive_) row.try_emplace(name, kStaleMarker);
        std::vector<std::pair<ColumnIndex, double>> cells;
        for (const auto& [name, value] : row) {
            const auto matchers = parse_metric_selector(name);
            REQUIRE(matchers.has_value());
            LabelBuilder labels;
            for (const Matcher& matcher : *matchers) labels.set(matcher.name(), matcher.value());
            cells.emplace_back(*store.column_for(timeline_, labels.build()), value);
        }
        REQUIRE(store.append(timeline_, scheduler.now(), {}));
        for (const auto& [column, value] : cells) store.timeline(timeline_).last_row()[column] = value;
        alive_ = values;
    }

    void evaluate() {
        bool done = false;
        group->evaluate(scheduler.now(), [&] { done = true; });
        scheduler.settle();
        CHECK(done);
        CHECK(!store.frozen());
    }
    /// The same after 15 seconds.
    void next(const std::map<std::string, double>& values) {
        scheduler.advance(15s);
        write(values);
        evaluate();
    }

    const GroupRule& rule(std::size_t index) const { return *group->rules()[index]; }

    RuleSettings settings;
    std::shared_ptr<RuleGroup> group;

private:
    TimelineId timeline_ = store.create_timeline();
    std::map<std::string, double> alive_;
};

}  // namespace

TEST_CASE("a later rule sees what an earlier one recorded in the same cycle", "[rules][rule_group]") {
    const auto threads = GENERATE(0U, 2U);
    Rig rig(R"(
  rules:
  - {record: doubled, expr: x * 2}
  - {record: fourfold, expr: doubled * 2}
  - {alert: High, expr: fourfold > 10}
  - {alert: Chained, expr: 'ALERTS{alertname="High", alertstate="firing"}'}
)",
            {}, threads);
    CHECK(!rig.rule(0).begins_batch);
    CHECK(rig.rule(1).begins_batch);
    CHECK(rig.rule(2).begins_batch);
    CHECK(rig.rule(3).begins_batch);
    rig.write({{"x", 3}});
    rig.evaluate();
    CHECK(rig.told() ==
          "0: {alertname=\"High\"} firing 0..240\n"
          "0: {alertname=\"Chained\", alertstate=\"firing\"} firing 0..240");
    rig.next({{"x", 2}});
    CHECK(
        rig.told().ends_with("15: {alertname=\"High\"} resolved 0..15\n"
                             "15: {alertname=\"Chained\", alertstate=\"firing\"} resolved 0..15"));
}

TEST_CASE("an earlier rule sees what a later one recorded in the cycle before", "[rules][rule_group]") {
    Rig rig("  rules:\n  - {alert: A, expr: total > 3}\n  - {record: total, expr: sum(x)}\n");
    CHECK(!rig.rule(1).begins_batch);
    rig.write({{"x", 5}});
    rig.evaluate();
    CHECK(rig.told().empty());
    rig.next({{"x", 1}});
    CHECK(rig.told() == "15: {alertname=\"A\"} firing 15..255");
}

TEST_CASE("rules that do not read each other are computed together", "[rules][rule_group]") {
    const Rig rig(R"(
  rules:
  - {record: a, expr: x}
  - {record: b, expr: y}
  - {record: c, expr: 'a + b'}
  - {record: d, expr: x}
  - {record: e, expr: c}
  - {record: f, expr: '{__name__=~"e|x"}'}
  - {record: g, expr: '{job="j"}'}
)");
    std::string batches;
    for (const auto& rule : rig.group->rules()) batches += rule->begins_batch ? '|' : '.';
    CHECK(batches == "..|.|||");
}

TEST_CASE("all rules of a group see one instant", "[rules][rule_group]") {
    Rig rig("  rules:\n  - {record: a, expr: x}\n  - {record: b, expr: a - x}\n  - {alert: Torn, expr: b != 0}\n");
    const auto wanted = fakes::keep(rig.store, "b");
    rig.write({{"x", 1}});
    bool done = false;
    rig.group->evaluate(rig.scheduler.now(), [&] { done = true; });
    // A scrape that comes in between waits.
    bool changed = false;
    rig.store.when_thawed([&] {
        changed = true;
        CHECK(done);
    });
    CHECK(!changed);
    rig.scheduler.settle();
    CHECK(changed);
    CHECK(fakes::samples_of(rig.store, "b") == "b 0@1000");
}

TEST_CASE("one failing rule does not stop the others, and its alerts are kept and told", "[rules][rule_group]") {
    Rig rig(R"(
  rules:
  - {alert: A, expr: 'x > 0'}
  - {record: r, expr: '{__name__=~"x|y"}'}
  - {alert: Joined, expr: 'x * on() group_right() y > 0'}
  - {alert: B, expr: 'x > 0'}
)");
    rig.write({{"x{i=\"1\"}", 1}, {"y", 1}});
    rig.evaluate();
    CHECK(rig.rule(2).health == RuleHealth::Ok);
    rig.sink.clear();
    for (int i = 0; i < 4; ++i) rig.next({{"x{i=\"1\"}", 1}, {"x{i=\"2\"}", 1}, {"y", 1}});
    CHECK(rig.rule(0).health == RuleHealth::Ok);
    CHECK(rig.rule(2).health == RuleHealth::Error);
    CHECK(rig.rule(2).last_error.find("many-to-many") != std::string::npos);
    CHECK(rig.rule(3).health == RuleHealth::Ok);
    // A minute after it was told for the first time.
    CHECK(rig.told().find("60: {alertname=\"Joined\"} firing 0..300") != std::string::npos);
    CHECK(rig.metric("prometheus_rule_evaluation_failures_total{rule_group=\"f;g\"}") == "4");
    CHECK(rig.metric("tocsin_rule_group_failing_rules{rule_group=\"f;g\"}") == "1");
    CHECK(rig.group->failing_rules() == 1);
    // Told in the log when it begins and when it is over.
    CHECK(rig.log.count(LogLevel::Warn) == 1);
    rig.next({{"x{i=\"1\"}", 1}, {"y", 1}});
    CHECK(rig.rule(2).health == RuleHealth::Ok);
    CHECK(rig.rule(2).last_error.empty());
    CHECK(rig.log.contains("rule evaluation succeeds again"));
    CHECK(rig.group->failing_rules() == 0);
}

TEST_CASE("the limit of a group holds for each rule, and so does that of the program", "[rules][rule_group]") {
    RuleSettings settings;
    settings.limits.alerts_per_rule = 2;
    Rig rig("  limit: 3\n  rules:\n  - {alert: A, expr: 'x > 0'}\n  - {record: r, expr: x}\n", settings);
    const auto wanted = fakes::keep(rig.store, "r");
    rig.write({{"x{i=\"1\"}", 1}, {"x{i=\"2\"}", 1}, {"x{i=\"3\"}", 1}});
    rig.evaluate();
    CHECK(rig.rule(0).last_error == "exceeded limit of 2 with 3 alerts");
    CHECK(rig.rule(1).health == RuleHealth::Ok);
    rig.next({{"x{i=\"1\"}", 1}, {"x{i=\"2\"}", 1}, {"x{i=\"3\"}", 1}, {"x{i=\"4\"}", 1}});
    CHECK(rig.rule(1).last_error == "exceeded limit of 3 with 4 series");
    CHECK(rig.told().empty());
}

TEST_CASE("external labels are added where an alert has none of that name", "[rules][rule_group]") {
    RuleSettings settings;
    settings.external_labels = {{"dc", "eu"}, {"job", "outside"}};
    settings.external_url = "http://tocsin/prefix";
    Rig rig(
        "  rules:\n  - {alert: A, expr: 'x > 0', annotations: {where: '{{ $externalLabels.dc }} {{ $externalURL "
        "}}'}}\n",
        settings);
    const auto wanted = fakes::keep(rig.store, "ALERTS");
    rig.write({{"x{job=\"inside\"}", 1}});
    rig.evaluate();
    const auto alerts = rig.sink.alerts();
    REQUIRE(alerts.size() == 1);
    CHECK(to_string(alerts[0].labels) == R"({alertname="A", dc="eu", job="inside"})");
    CHECK(alerts[0].annotations.get("where") == "eu http://tocsin/prefix");
    CHECK(alerts[0].generator_url.view() == "http://tocsin/prefix/graph?g0.expr=x+%3E+0&g0.tab=1");
    // They belong to the message, not to the alert.
    CHECK(fakes::samples_of(rig.store, "ALERTS").find("dc") == std::string::npos);
}

TEST_CASE("an alert counts as firing for four intervals or resend delays", "[rules][rule_group]") {
    struct Case {
        const char* interval;
        Duration resend_delay;
        const char* want;
    };
    const auto c = GENERATE(values<Case>({
        {"15s", 1min, "0: {alertname=\"A\"} firing 0..240"},
        {"5m", 1min, "0: {alertname=\"A\"} firing 0..1200"},
        {"15s", 2min, "0: {alertname=\"A\"} firing 0..480"},
    }));
    RuleSettings settings;
    settings.resend_delay = c.resend_delay;
    Rig rig("  interval: " + std::string(c.interval) + "\n  rules:\n  - {alert: A, expr: 'x > 0'}\n", settings);
    rig.write({{"x", 1}});
    rig.evaluate();
    CHECK(rig.told() == c.want);
}

TEST_CASE("query_offset moves what is read and what is recorded, not the alerts", "[rules][rule_group]") {
    Rig rig("  query_offset: 15s\n  rules:\n  - {record: r, expr: x}\n  - {alert: A, expr: 'r > 1'}\n");
    rig.write({{"x", 1}});
    rig.evaluate();
    rig.next({{"x", 2}});
    CHECK(fakes::samples_of(rig.store, "r") == "r 1@1000");
    rig.next({{"x", 3}});
    CHECK(fakes::samples_of(rig.store, "r") == "r 1@1000 2@1015");
    CHECK(rig.told() == "30: {alertname=\"A\"} firing 30..270");
}

TEST_CASE("query in a template is answered at the instant of the evaluation", "[rules][rule_group]") {
    Rig rig(R"--(
  rules:
  - alert: A
    expr: x > 0
    annotations:
      constant: '{{ query "sum(y)" | first | value }}'
      built: '{{ range printf "y{i=\"%s\"}" $labels.i | query }}{{ .Value }}{{ end }}'
      bad: '{{ query "nofunc(y)" }}'
)--");
    rig.write({{"x{i=\"1\"}", 1}, {"y{i=\"1\"}", 5}, {"y{i=\"2\"}", 6}});
    rig.evaluate();
    const auto annotations = rig.sink.alerts().front().annotations;
    CHECK(annotations.get("constant") == "11");
    CHECK(annotations.get("built") == "5");
    CHECK(annotations.get("bad").find("unknown function with name \"nofunc\"") != std::string::npos);
    CHECK(rig.metric("prometheus_template_text_expansions_total") == "3");
    CHECK(rig.metric("prometheus_template_text_expansion_failures_total") == "1");
    CHECK(rig.metric("tocsin_rule_template_failures_total{rule=\"A\",rule_group=\"f;g\"}") == "1");
}

TEST_CASE("what templates ask for is kept, and their targets are waited for", "[rules][rule_group]") {
    Rig rig(R"--(
  rules:
  - {alert: A, expr: x > 0, annotations: {c: '{{ query "c > 0" }}', b: '{{ printf "b_%s" "x" | query }}'}}
)--");
    CHECK(rig.store.name_wanted("c"));
    CHECK(!rig.store.name_wanted("b_x"));
    CHECK(rig.group->selectors().size() == 2);
    rig.write({{"x", 1}});
    rig.evaluate();
    CHECK(rig.store.name_wanted("b_x"));
    // Nobody has asked for it for a while.
    rig.scheduler.advance(16min);
    rig.write({{"x", 0}});
    rig.evaluate();
    CHECK(!rig.store.name_wanted("b_x"));
    CHECK(rig.store.name_wanted("c"));
}

TEST_CASE("observers hear of transitions and evaluations", "[rules][rule_group]") {
    Rig rig("  rules:\n  - {alert: A, expr: 'x > 0', for: 15s}\n");
    std::string heard;
    rig.observers->transition.push_back([&](const AlertTransition& t) {
        heard += fmt::format("{} {} {}->{} {}@{}\n", t.group, t.rule, to_string(t.from), to_string(t.to),
                             format_value(t.value), Rig::seconds_since_start(t.at));
    });
    rig.observers->evaluation.push_back([&](const std::string& group, Timestamp due) {
        heard += fmt::format("{}@{}\n", group, Rig::seconds_since_start(due));
    });
    rig.write({{"x", 1}});
    rig.evaluate();
    rig.next({{"x", 2}});
    CHECK(heard == "g A inactive->pending 1@0\ng@0\ng A pending->firing 2@15\ng@15\n");
}

TEST_CASE("a view shows pending and firing alerts and what is doubtful", "[rules][rule_group]") {
    Rig rig(R"(
  interval: 20s
  limit: 7
  rules:
  - {alert: A, expr: 'x > 0', for: 30s, annotations: {v: '{{ $value }}'}}
  - {record: r, expr: 'rate(x[1m])'}
)");
    CHECK(rig.group->view().rules[0].health == RuleHealth::Unknown);
    rig.write({{"x{i=\"1\"}", 1}});
    rig.evaluate();
    rig.next({{"x{i=\"1\"}", 2}, {"x{i=\"2\"}", 3}});
    rig.next({{"x{i=\"1\"}", 2}, {"x{i=\"2\"}", 0}});
    const RuleGroupView view = rig.group->view();
    CHECK(view.name == "g");
    CHECK(view.file == "f");
    CHECK(view.interval == 20s);
    CHECK(view.limit == 7);
    CHECK(Rig::seconds_since_start(view.last_evaluation) == 30);
    REQUIRE(view.rules.size() == 2);
    CHECK(view.rules[0].definition->name == "A");
    CHECK(view.rules[0].health == RuleHealth::Ok);
    CHECK(view.rules[0].phase == AlertPhase::Firing);
    REQUIRE(view.rules[0].alerts.size() == 1);
    CHECK(to_string(view.rules[0].alerts[0].labels) == R"({alertname="A", i="1"})");
    CHECK(view.rules[0].alerts[0].annotations.get("v") == "2");
    REQUIRE(view.rules[0].selectors.size() == 1);
    CHECK(view.rules[0].selectors[0].text == "x");
    CHECK(view.rules[0].selectors[0].series == 2);
    CHECK(!view.rules[1].warnings.empty());
}

TEST_CASE("a group counts under Prometheus' names, as long as it is there", "[rules][rule_group]") {
    Rig rig("  interval: 20s\n  rules:\n  - {alert: A, expr: 'x > 0'}\n  - {record: r, expr: x}\n");
    rig.write({{"x", 1}});
    rig.evaluate();
    rig.next({{"x", 1}});
    rig.group->count_missed(3);
    const auto value = [&](const std::string& name) {
        return rig.metric("prometheus_rule_" + name + "{rule_group=\"f;g\"}");
    };
    CHECK(value("evaluations_total") == "4");
    CHECK(value("evaluation_failures_total") == "0");
    CHECK(value("group_iterations_total") == "5");
    CHECK(value("group_iterations_missed_total") == "3");
    CHECK(value("group_interval_seconds") == "20");
    CHECK(value("group_rules") == "2");
    CHECK(value("group_last_evaluation_samples") == "2");
    CHECK(value("group_last_evaluation_timestamp_seconds") == "1015");
    rig.group.reset();
    CHECK(value("group_rules").empty());
    CHECK(rig.metric("prometheus_rule_evaluation_duration_seconds_count") == "4");
}

TEST_CASE("a successor goes on with the counters and the recorded series of its predecessor", "[rules][rule_group]") {
    Rig rig("  rules:\n  - {record: r, expr: x}\n  - {record: gone, expr: x}\n");
    const auto wanted = fakes::keep(rig.store, "r");
    const auto wanted_too = fakes::keep(rig.store, "gone");
    rig.write({{"x", 1}});
    rig.evaluate();
    rig.group = rig.make("  rules:\n  - {record: new, expr: x}\n  - {record: r, expr: x * 2}\n", rig.group.get());
    rig.next({{"x", 1}});
    CHECK(fakes::samples_of(rig.store, "r") == "r 1@1000 2@1015");
    CHECK(fakes::samples_of(rig.store, "gone") == "gone 1@1000 stale@1015");
    CHECK(rig.metric("prometheus_rule_evaluations_total{rule_group=\"f;g\"}") == "4");
}

TEST_CASE("with another query_offset a group begins a timeline of its own", "[rules][rule_group]") {
    Rig rig("  rules:\n  - {record: r, expr: x}\n");
    const auto wanted = fakes::keep(rig.store, "r");
    rig.write({{"x", 1}});
    rig.evaluate();
    rig.group = rig.make("  query_offset: 15s\n  rules:\n  - {record: r, expr: x * 2}\n", rig.group.get());
    rig.next({{"x", 1}});
    CHECK(fakes::samples_of(rig.store, "r") == "r 2@1000");
}

TEST_CASE("a group without rules is evaluated too", "[rules][rule_group]") {
    Rig rig("  rules: []\n");
    rig.evaluate();
    CHECK(rig.metric("prometheus_rule_group_iterations_total{rule_group=\"f;g\"}") == "1");
}

TEST_CASE("a group outlives its owner while it is evaluated", "[rules][rule_group]") {
    Rig rig("  rules:\n  - {alert: A, expr: 'x > 0'}\n", {}, 2);
    rig.write({{"x", 1}});
    bool done = false;
    rig.group->evaluate(rig.scheduler.now(), [&] { done = true; });
    rig.group.reset();
    rig.scheduler.settle();
    CHECK(done);
    CHECK(rig.sink.alerts().size() == 1);
    CHECK(rig.store.stats().timelines == 1);
}
