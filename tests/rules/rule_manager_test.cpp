#include "rules/rule_manager.h"

#include <fstream>
#include <sstream>
#include <string>

#include "tests/catch.h"
#include "tests/rules/rule_world.h"

using namespace tocsin;
using namespace std::chrono_literals;
using fakes::FakeAnswer;

namespace {

/// The rule manager in its world: targets of a job `j` that answer what the test says, rules in the file `f`.
struct Rig : fakes::RuleWorld {
    explicit Rig(RuleSettings given = {}) : settings(std::move(given)) {}

    RuleReloadSummary load(const std::vector<std::pair<std::string, std::string>>& files) {
        auto prepared = manager.prepare(read(files), settings);
        INFO((prepared ? "" : to_string(prepared.error().front())));
        REQUIRE(prepared.has_value());
        return manager.apply(std::move(*prepared));
    }
    RuleReloadSummary load(const std::string& text) { return load({{"f", text}}); }

    static std::vector<RuleFile> read(const std::vector<std::pair<std::string, std::string>>& files) {
        std::vector<RuleFile> read;
        for (const auto& [path, text] : files) read.push_back({path, fakes::groups_of(text, path), {}});
        return read;
    }

    /// Loads the rules, and begins with one target `a`.
    void begin(const std::string& rules) {
        scrapes.apply({job("j", {"a"})});
        load(rules);
        manager.start();
    }
    /// What `a` answers from now on, for a while.
    void run(const std::string& body, Duration duration) {
        expose("a", body);
        scheduler.advance(duration);
    }

    /// `group/rule{labels} phase since active_at`, a line each.
    std::string alerts() const {
        std::string shown;
        for (const RuleGroupView& group : manager.groups()) {
            for (const RuleView& rule : group.rules) {
                for (const ActiveAlertView& alert : rule.alerts) {
                    shown += fmt::format("{}{}{} {} since {}", shown.empty() ? "" : "\n", group.name,
                                         to_string(alert.labels), to_string(alert.state.phase),
                                         seconds_since_start(alert.state.active_at));
                }
            }
        }
        return shown;
    }

    RuleSettings settings;
    RuleManager manager{context()};
};

/// A scheduler whose other clock is a millisecond later each time that it is looked at.
class TickingClock : public Scheduler {
public:
    explicit TickingClock(Scheduler& scheduler) : scheduler_(scheduler) {}
    Timestamp now() const override { return scheduler_.now(); }
    MonotonicTime monotonic() const override { return scheduler_.monotonic() + std::chrono::milliseconds(++looks_); }
    TaskId at(Timestamp due, Task task) override { return scheduler_.at(due, std::move(task)); }
    TaskId after(Duration delay, Task task) override { return scheduler_.after(delay, std::move(task)); }
    void cancel(TaskId id) override { scheduler_.cancel(id); }
    void post(Task task) override { scheduler_.post(std::move(task)); }
    void on_clock_step(std::function<void(Duration)> listener) override {
        scheduler_.on_clock_step(std::move(listener));
    }

private:
    Scheduler& scheduler_;
    mutable int looks_ = 0;
};

/// One group with a rule a line: `alert: A, expr: …`.
std::string group(const std::string& name, const std::vector<std::string>& rules,
                  const std::string& fields = "interval: 10s") {
    std::string text = "- name: " + name + "\n  " + fields + "\n  rules:\n";
    for (const std::string& rule : rules) text += "  - {" + rule + "}\n";
    return text;
}
std::string file(const std::vector<std::string>& groups) {
    std::string text = "groups:\n";
    for (const std::string& one : groups) text += one;
    return text;
}
std::string file(const std::string& name, const std::vector<std::string>& rules) {
    return file({group(name, rules)});
}

}  // namespace

// ---- the life of an alert, from the target to the sink

TEST_CASE("an alert is pending for `for`, then firing and told each minute, then resolved and told",
          "[rules][rule_manager]") {
    Rig rig;
    rig.begin(file("g", {"alert: A, expr: x > 0, for: 20s"}));
    rig.run("x 1\n", 15s);
    CHECK(rig.alerts() == R"(g{alertname="A", instance="a", job="j"} pending since 0)");
    rig.run("x 1\n", 90s);
    CHECK(rig.alerts() == R"(g{alertname="A", instance="a", job="j"} firing since 0)");
    rig.run("x 0\n", 70s);
    CHECK(rig.alerts().empty());
    CHECK(rig.told() ==
          "20: {alertname=\"A\", instance=\"a\", job=\"j\"} firing 20..260\n"
          "80: {alertname=\"A\", instance=\"a\", job=\"j\"} firing 20..320\n"
          "110: {alertname=\"A\", instance=\"a\", job=\"j\"} resolved 20..110\n"
          "170: {alertname=\"A\", instance=\"a\", job=\"j\"} resolved 20..110");
}

TEST_CASE("keep_firing_for holds an alert whose condition flaps", "[rules][rule_manager]") {
    Rig rig;
    rig.begin(file("g", {"alert: A, expr: x > 0, keep_firing_for: 30s"}));
    rig.run("x 1\n", 5s);
    rig.run("x 0\n", 20s);
    rig.run("x 1\n", 10s);
    rig.run("x 0\n", 30s);
    CHECK(rig.alerts() == R"(g{alertname="A", instance="a", job="j"} firing since 0)");
    rig.run("x 0\n", 10s);
    CHECK(rig.alerts().empty());
}

TEST_CASE("a resolved alert is told for 15 minutes", "[rules][rule_manager]") {
    Rig rig;
    rig.begin(file("g", {"alert: A, expr: x > 0"}));
    rig.run("x 1\n", 5s);
    rig.run("x 0\n", 30min);
    CHECK(rig.sink.batches().size() == 1 + 16);
    CHECK(Rig::seconds_since_start(rig.sink.batches().back().at) == 10 + 15 * 60);
}

TEST_CASE("a target that goes away takes its alerts with it, and `up` tells", "[rules][rule_manager]") {
    Rig rig;
    rig.begin(file("g", {"alert: A, expr: x > 0", "alert: Down, expr: up == 0"}));
    rig.run("x 1\n", 5s);
    rig.http.always(Rig::url("a"), FakeAnswer::with_status(500));
    rig.scheduler.advance(10s);
    CHECK(rig.alerts() == R"(g{alertname="Down", instance="a", job="j"} firing since 10)");
}

TEST_CASE("the ironforge rules find an exhausted database pool", "[rules][rule_manager]") {
    Rig rig;
    rig.scrapes.apply({Rig::job("ironforge", {"a"})});
    std::ifstream in(std::string(TOCSIN_SOURCE_DIR) + "/examples/ironforge/alerts.yml", std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    rig.load(text.str());
    rig.manager.start();
    rig.run("db_pool_connections{state=\"idle\"} 9\n", 60s);
    rig.run("db_pool_connections{state=\"idle\"} 2\n", 3min);
    REQUIRE(!rig.sink.alerts().empty());
    CHECK(to_string(rig.sink.alerts()[0].labels) ==
          R"({alertname="DatabasePoolExhausted", instance="a", job="ironforge", severity="critical", state="idle"})");
    // The first tick after a minute is at 80 s, and `for` is two minutes.
    CHECK(Rig::seconds_since_start(rig.sink.batches()[0].at) == 200);
}

// ---- loading

TEST_CASE("what was loaded is counted", "[rules][rule_manager]") {
    Rig rig;
    const auto summary =
        rig.load({{"f", file({group("g", {"alert: A, expr: x", "record: r, expr: x"}), group("h", {})})},
                  {"k", file("g", {"alert: B, expr: x"})}});
    CHECK(summary.groups == 3);
    CHECK(summary.rules == 3);
    CHECK(summary.added == std::vector<std::string>{"f;g;A", "f;g;r", "k;g;B"});
    CHECK(summary.changed.empty());
    CHECK(summary.removed.empty());
    CHECK(rig.manager.rule_count() == 3);
    CHECK(rig.manager.failing_rule_count() == 0);
}

TEST_CASE("a file that two patterns name is loaded once", "[rules][rule_manager]") {
    Rig rig;
    const std::string text = file("g", {"alert: A, expr: x"});
    CHECK(rig.load({{"f", text}, {"f", text}}).groups == 1);
}

TEST_CASE("more groups or rules than the limits are refused with their place", "[rules][rule_manager]") {
    RuleSettings settings;
    settings.limits.rules = 2;
    settings.limits.groups = 2;
    Rig rig(settings);
    const auto problem_of = [&](const std::string& text) {
        const auto prepared = rig.manager.prepare(Rig::read({{"f", text}}), settings);
        return prepared ? "none" : to_string(prepared.error().front());
    };
    CHECK(problem_of(file("g", {"alert: A, expr: x", "alert: B, expr: x"})) == "none");
    CHECK(problem_of(file("g", {"alert: A, expr: x", "alert: B, expr: x", "alert: C, expr: x"})) ==
          "f:2:3: more than 2 rule groups or 2 rules");
    CHECK(problem_of(file({group("g", {}), group("h", {}), group("i", {})})) ==
          "f:8:3: more than 2 rule groups or 2 rules");
}

TEST_CASE("rules that are prepared and dropped leave no trace", "[rules][rule_manager]") {
    Rig rig;
    rig.begin(file("g", {"alert: A, expr: x > 0"}));
    {
        const auto prepared =
            rig.manager.prepare(Rig::read({{"f", file("g", {"alert: B, expr: y > 0"})}}), rig.settings);
        CHECK(rig.store.name_wanted("y"));
    }
    CHECK(!rig.store.name_wanted("y"));
    rig.run("x 1\n", 5s);
    CHECK(rig.alerts() == R"(g{alertname="A", instance="a", job="j"} firing since 0)");
}

// ---- reload

TEST_CASE("a reload tells what is different about a group beside its rules", "[rules][rule_manager]") {
    Rig rig;
    const auto texts = [](const std::string& more, const std::string& rules) {
        return "groups:\n- name: g\n" + more + "  rules: [" + rules + "]\n";
    };
    const std::string one = "{record: a, expr: x}, {record: b, expr: y}";
    const std::string other = "{record: b, expr: y}, {record: a, expr: x}";
    rig.begin(texts("  interval: 10s\n", one));
    CHECK(rig.load(texts("  interval: 10s\n", one)).groups_changed.empty());
    CHECK(rig.load(texts("  interval: 20s\n  limit: 3\n", one)).groups_changed ==
          std::vector<std::string>{"f;g: interval 10s -> 20s, limit 0 -> 3"});
    const auto summary = rig.load(texts("  query_offset: 1m\n  limit: 3\n", other));
    CHECK(summary.groups_changed ==
          std::vector<std::string>{
              "f;g: interval 20s -> as all groups, query_offset as all groups -> 1m, order of rules"});
    CHECK(summary.changed.empty());
}

TEST_CASE("of rules of one name, a reload tells the one that is gone, and the other one keeps its alerts",
          "[rules][rule_manager]") {
    const std::string first = "alert: Disk, expr: free < 5", second = "alert: Disk, expr: free < 50, for: 10m";
    Rig rig;
    rig.begin(file({group("g", {first, second})}));
    rig.run("free 20\n", 30s);
    const std::string before = rig.alerts();
    CHECK(before == R"(g{alertname="Disk", instance="a", job="j"} pending since 0)");
    const RuleReloadSummary without = rig.load(file({group("g", {second})}));
    CHECK(without.removed == std::vector<std::string>{"f;g;Disk"});
    CHECK(without.changed.empty());
    CHECK(without.added.empty());
    CHECK(rig.alerts() == before);
    const RuleReloadSummary again = rig.load(file({group("g", {first, second})}));
    CHECK(again.added == std::vector<std::string>{"f;g;Disk"});
    CHECK(again.changed.empty());
    CHECK(rig.alerts() == before);
    rig.run("free 20\n", 10s);
    CHECK(rig.alerts() == before);
}

TEST_CASE("of rules of one name that both have an alert, each keeps its own", "[rules][rule_manager]") {
    const std::string first = "alert: Disk, expr: free < 50", second = "alert: Disk, expr: free < 25, for: 10m";
    Rig rig;
    rig.begin(file({group("g", {first, second})}));
    rig.run("free 40\n", 30s);
    rig.run("free 20\n", 30s);
    CHECK(rig.alerts() == R"(g{alertname="Disk", instance="a", job="j"} firing since 0
g{alertname="Disk", instance="a", job="j"} pending since 40)");
    std::string ended;
    rig.manager.on_transition([&](const AlertTransition& seen) {
        ended += fmt::format("{} {}", phase_word(seen.from, seen.to), seen.reason);
    });
    const RuleReloadSummary without = rig.load(file({group("g", {second})}));
    CHECK(rig.alerts() == R"(g{alertname="Disk", instance="a", job="j"} pending since 40)");
    CHECK(without.resolved == std::vector<std::string>{R"({alertname="Disk", instance="a", job="j"})"});
    CHECK(ended == "resolved a reload took the rule away");
    CHECK(rig.told() ==
          "0: {alertname=\"Disk\", instance=\"a\", job=\"j\"} firing 0..240\n"
          "60: {alertname=\"Disk\", instance=\"a\", job=\"j\"} firing 0..300\n"
          "60: {alertname=\"Disk\", instance=\"a\", job=\"j\"} resolved 0..60");
}

TEST_CASE("an alert that another rule has firing is not resolved by a reload that takes one of them away",
          "[rules][rule_manager]") {
    const std::string rule = "alert: Disk, expr: free < 50", other = "alert: Disk, expr: free < 25";
    Rig rig;
    SECTION("in its group") {
        rig.begin(file({group("g", {rule, other})}));
    }
    SECTION("in a group that stays as it is") {
        rig.begin(file({group("h", {rule}), group("g", {other})}));
    }
    rig.run("free 20\n", 30s);
    int ended = 0;
    rig.manager.on_transition([&](const AlertTransition& seen) { ended += seen.to == AlertPhase::Inactive ? 1 : 0; });
    const RuleReloadSummary without = rig.load(file({group("g", {other})}));
    CHECK(rig.alerts() == R"(g{alertname="Disk", instance="a", job="j"} firing since 0)");
    CHECK(without.resolved.empty());
    CHECK(ended == 1);
    CHECK(rig.told().find("resolved") == std::string::npos);
}

TEST_CASE("an unchanged group notices nothing of a reload", "[rules][rule_manager]") {
    Rig rig;
    const std::string kept = group("g", {"alert: A, expr: x > 0, for: 30s", "record: r, expr: x"});
    rig.begin(file({kept, group("h", {"alert: H, expr: r > 0"})}));
    rig.run("x 1\n", 15s);
    const auto summary = rig.load(file({group("new", {"alert: N, expr: r > 0"}), kept}));
    CHECK(summary.added == std::vector<std::string>{"f;new;N"});
    CHECK(summary.removed == std::vector<std::string>{"f;h;H"});
    rig.run("x 1\n", 20s);
    CHECK(rig.alerts() ==
          "new{alertname=\"N\", instance=\"a\", job=\"j\"} firing since 20\n"
          "g{alertname=\"A\", instance=\"a\", job=\"j\"} firing since 0");
    CHECK(rig.told().find("30: {alertname=\"A\"") != std::string::npos);
    CHECK(fakes::samples_of(rig.store, "r") == "r{instance=\"a\", job=\"j\"} 1@1000 1@1010 1@1020 1@1030");
    CHECK(rig.metric("prometheus_rule_group_iterations_missed_total{rule_group=\"f;g\"}") == "0");
}

TEST_CASE("an edited rule keeps the alerts whose identity is the same", "[rules][rule_manager]") {
    struct Case {
        const char* what;
        const char* before;
        const char* after;
        const char* alerts;
    };
    const auto c = GENERATE(values<Case>({
        {"another expression", "alert: A, expr: x > 0, for: 30s", "alert: A, expr: x > 0.5, for: 30s",
         R"(g{alertname="A", instance="a", job="j"} firing since 0)"},
        {"a shorter `for`", "alert: A, expr: x > 0, for: 5m", "alert: A, expr: x > 0, for: 10s",
         R"(g{alertname="A", instance="a", job="j"} firing since 0)"},
        {"a longer `for` of one that fires", "alert: A, expr: x > 0", "alert: A, expr: x > 0, for: 1h",
         R"(g{alertname="A", instance="a", job="j"} firing since 0)"},
        {"another annotation", "alert: A, expr: x > 0, for: 30s",
         "alert: A, expr: x > 0, for: 30s, annotations: {s: t}",
         R"(g{alertname="A", instance="a", job="j"} firing since 0)"},
        {"a label more is another alert", "alert: A, expr: x > 0, for: 30s",
         "alert: A, expr: x > 0, for: 30s, labels: {s: t}",
         R"(g{alertname="A", instance="a", job="j", s="t"} pending since 20)"},
        {"the same from another rule of the group", "alert: A, expr: x > 0, for: 30s",
         "alert: B, expr: x > 9}\n  - {alert: A, expr: x > 0, for: 30s",
         R"(g{alertname="A", instance="a", job="j"} firing since 0)"},
    }));
    CAPTURE(c.what);
    Rig rig;
    rig.begin(file("g", {c.before}));
    rig.run("x 1\n", 15s);
    rig.load(file("g", {c.after}));
    rig.run("x 1\n", 20s);
    CHECK(rig.alerts() == c.alerts);
}

TEST_CASE("a firing alert whose rule is gone resolves at the reload, with the reason", "[rules][rule_manager]") {
    struct Case {
        const char* what;
        std::string after;
    };
    const auto c = GENERATE(values<Case>({
        {"the rule is gone", file("g", {"alert: B, expr: y > 0"})},
        {"the group is gone", file("h", {"alert: B, expr: y > 0"})},
        {"everything is gone", "groups: []\n"},
        {"the rule is renamed", file("g", {"alert: C, expr: x > 100"})},
        {"the rule records now", file("g", {"record: A, expr: x"})},
        {"a label is edited", file("g", {"alert: A, expr: x > 100, labels: {severity: warning}"})},
    }));
    CAPTURE(c.what);
    RuleSettings settings;
    settings.external_labels = {{"dc", "eu"}};
    Rig rig(settings);
    rig.begin(file("g", {"alert: A, expr: x > 0, labels: {severity: page}, annotations: {s: t}",
                         "alert: Pending, expr: x > 0, for: 1h"}));
    rig.run("x 1\n", 15s);
    rig.sink.clear();
    const auto summary = rig.load(c.after);
    const auto alerts = rig.sink.alerts();
    REQUIRE(alerts.size() == 1);
    CHECK(to_string(alerts[0].labels) == R"({alertname="A", dc="eu", instance="a", job="j", severity="page"})");
    CHECK(to_string(alerts[0].annotations) == R"({s="t", tocsin_reason="a reload took the rule away"})");
    CHECK(alerts[0].ends_at == rig.scheduler.now());
    CHECK(summary.resolved == std::vector<std::string>{to_string(alerts[0].labels)});
    CHECK(rig.metric("tocsin_alerts_resolved_by_reload_total") == "1");
    CHECK(rig.log.contains("alert resolved by a reload"));
    // Once.
    rig.sink.clear();
    rig.run("x 1\n", 2min);
    for (const Alert& alert : rig.sink.alerts()) CHECK(alert.labels.get("alertname") != "A");
}

TEST_CASE("an alert whose rule moved to another group or file goes on", "[rules][rule_manager]") {
    const auto path = GENERATE(as<std::string>{}, "f", "elsewhere");
    Rig rig;
    rig.begin(file({group("g", {"alert: A, expr: x > 0"}), group("stays", {"alert: B, expr: x > 9"})}));
    rig.run("x 1\n", 15s);
    rig.sink.clear();
    const auto summary = rig.load({{path, file({group("h", {"alert: A, expr: x > 0"})})}});
    CHECK(summary.resolved.empty());
    rig.run("x 1\n", 60s);
    CHECK(rig.alerts() == R"(h{alertname="A", instance="a", job="j"} firing since 0)");
    CHECK(rig.told() == R"(60: {alertname="A", instance="a", job="j"} firing 0..300)");
}

TEST_CASE("an alert stays with its own group though another one could have made it", "[rules][rule_manager]") {
    Rig rig;
    const auto both = [](const std::string& factor) {
        return file({group("g", {"alert: A, expr: x * " + factor + " > 0"}),
                     group("h", {"alert: A, expr: x * " + factor + " > 0, for: 1h"})});
    };
    rig.begin(both("1"));
    rig.run("x 1\n", 15s);
    const std::string before = rig.alerts();
    CHECK(before ==
          "g{alertname=\"A\", instance=\"a\", job=\"j\"} firing since 0\n"
          "h{alertname=\"A\", instance=\"a\", job=\"j\"} pending since 0");
    CHECK(rig.load(both("2")).resolved.empty());
    rig.run("x 1\n", 10s);
    CHECK(rig.alerts() == before);
}

TEST_CASE("other external labels end the alerts that were told with the old ones", "[rules][rule_manager]") {
    RuleSettings settings;
    settings.external_labels = {{"dc", "eu"}};
    Rig rig(settings);
    const std::string rules = file("g", {"alert: A, expr: x > 0"});
    rig.begin(rules);
    rig.run("x 1\n", 15s);
    rig.sink.clear();
    rig.settings.external_labels = {{"dc", "us"}};
    rig.load(rules);
    rig.run("x 1\n", 10s);
    CHECK(rig.told() ==
          "15: {alertname=\"A\", dc=\"eu\", instance=\"a\", job=\"j\"} resolved 0..15\n"
          "20: {alertname=\"A\", dc=\"us\", instance=\"a\", job=\"j\"} firing 0..260");
}

TEST_CASE("a reload while a group waits for its targets loses nothing", "[rules][rule_manager]") {
    Rig rig;
    rig.scrapes.apply({Rig::job("j", {"a"})});
    rig.expose("a", "x 1\n", 3s);
    rig.load(file("g", {"alert: A, expr: x > 5"}));
    rig.manager.start();
    rig.scheduler.advance(1s);
    rig.load(file("g", {"alert: A, expr: x > 0"}));
    rig.scheduler.advance(5s);
    CHECK(rig.told() == R"(3: {alertname="A", instance="a", job="j"} firing 0..240)");
}

TEST_CASE("recorded series go on over an edit of their group", "[rules][rule_manager]") {
    Rig rig;
    const std::string reader = "alert: Low, expr: 'avg_over_time(r[30s]) < 1'";
    rig.begin(file("g", {"record: r, expr: x", reader}));
    rig.run("x 1\n", 35s);
    rig.load(file("g", {"record: r, expr: x * 1", reader}));
    rig.run("x 1\n", 10s);
    CHECK(fakes::samples_of(rig.store, "r") == "r{instance=\"a\", job=\"j\"} 1@1000 1@1010 1@1020 1@1030 1@1040");
    CHECK(rig.alerts().empty());
}

TEST_CASE("reload after reload, alerts keep what they know", "[rules][rule_manager]") {
    Rig rig;
    rig.begin(file("g", {"alert: A, expr: x > 0, for: 1m"}));
    for (int i = 1; i <= 9; ++i) {
        rig.run("x 1\n", 10s);
        rig.load(file("g", {"alert: A, expr: x > 0." + std::to_string(i) + ", for: 1m"}));
    }
    rig.run("x 1\n", 5s);
    CHECK(rig.alerts() == R"(g{alertname="A", instance="a", job="j"} firing since 0)");
    CHECK(rig.told() == R"(60: {alertname="A", instance="a", job="j"} firing 60..300)");
}

// ---- restart

TEST_CASE("alerts go on after a restart where they were", "[rules][rule_manager]") {
    const std::string rules = file({group("g", {"alert: A, expr: x > 0", "alert: P, expr: x > 0, for: 1m",
                                                "alert: K, expr: x > 5, keep_firing_for: 1m"})});
    Rig before;
    before.begin(rules);
    before.run("x 9\n", 5s);
    before.run("x 1\n", 30s);
    const auto stored = before.manager.snapshot();
    REQUIRE(stored.alerts.size() == 3);
    CHECK(stored.alerts[0].file == "f");
    CHECK(stored.alerts[0].group == "g");
    CHECK(stored.alerts[0].rule == "A");

    Rig after;
    after.scrapes.apply({Rig::job("j", {"a"})});
    after.load(rules);
    after.manager.restore(stored);
    CHECK(after.alerts() == before.alerts());
    after.expose("a", "x 1\n");
    after.scheduler.advance(35s);
    after.manager.start();
    after.scheduler.advance(30s);
    CHECK(after.alerts() ==
          "g{alertname=\"A\", instance=\"a\", job=\"j\"} firing since 0\n"
          "g{alertname=\"P\", instance=\"a\", job=\"j\"} firing since 0\n"
          "g{alertname=\"K\", instance=\"a\", job=\"j\"} firing since 0");
    after.scheduler.advance(10s);
    // What fires is told again at once and at the first evaluation, P fires at 60, K was kept from 10 on.
    CHECK(after.told() ==
          "0: {alertname=\"A\", instance=\"a\", job=\"j\"} firing 0..240\n"
          "0: {alertname=\"K\", instance=\"a\", job=\"j\"} firing 0..240\n"
          "40: {alertname=\"A\", instance=\"a\", job=\"j\"} firing 0..280\n"
          "40: {alertname=\"K\", instance=\"a\", job=\"j\"} firing 0..280\n"
          "60: {alertname=\"P\", instance=\"a\", job=\"j\"} firing 60..300\n"
          "70: {alertname=\"K\", instance=\"a\", job=\"j\"} resolved 0..70");
}

TEST_CASE("/metrics says how long the restore of a group's alerts took", "[rules][rule_manager]") {
    const std::string rules = file({group("g", {"alert: A, expr: x > 0"}), group("none", {"alert: B, expr: x > 5"})});
    Rig before;
    before.begin(rules);
    before.expose("b", "x 1\n");
    before.scrapes.apply({Rig::job("j", {"a", "b"})});
    before.run("x 1\n", 15s);
    const auto stored = before.manager.snapshot();
    REQUIRE(stored.alerts.size() == 2);

    Rig after;
    TickingClock clock(after.scheduler);
    RuleManagerContext context = after.context();
    RuleManager manager(
        {clock, context.executor, context.store, context.scrapes, context.log, context.metrics, context.alerts});
    manager.apply(*manager.prepare(Rig::read({{"f", rules}}), {}));
    const auto seconds_of = [&](const std::string& name) {
        return after.metric("prometheus_rule_group_last_restore_duration_seconds{rule_group=\"f;" + name + "\"}");
    };
    CHECK(seconds_of("g") == "0");
    manager.restore(stored);
    CHECK(seconds_of("g") == "0.002");
    CHECK(seconds_of("none") == "0");
}

TEST_CASE("stored alerts of rules that are not there are ignored", "[rules][rule_manager]") {
    Rig rig;
    rig.load(file("g", {"alert: A, expr: x > 0"}));
    StoredRuleAlert stored;
    stored.file = "f";
    stored.group = "g";
    stored.rule = "B";
    stored.labels = {{"alertname", "B"}};
    stored.state.phase = AlertPhase::Firing;
    rig.manager.restore({{stored}, {}});
    CHECK(rig.alerts().empty());
    CHECK(rig.told().empty());
}

// ---- the rest

TEST_CASE("nothing happens before start and after stop", "[rules][rule_manager]") {
    Rig rig;
    rig.scrapes.apply({Rig::job("j", {"a"})});
    rig.load(file("g", {"alert: A, expr: x > 0"}));
    rig.run("x 1\n", 1min);
    CHECK(rig.polls().empty());
    rig.manager.start();
    rig.run("x 1\n", 15s);
    bool stopped = false;
    rig.manager.stop([&] { stopped = true; });
    rig.scheduler.settle();
    CHECK(stopped);
    const std::string polls = rig.polls();
    rig.run("x 1\n", 1min);
    CHECK(rig.polls() == polls);
}

TEST_CASE("the same world gives the same messages whatever the number of threads", "[rules][rule_manager]") {
    const auto run = [](unsigned threads) {
        struct Threaded : fakes::RuleWorld {
            explicit Threaded(unsigned count) : RuleWorld(count) {}
            RuleManager manager{context()};
        } world(threads);
        world.scrapes.apply({Threaded::job("j", {"a", "b", "c"})});
        auto prepared = world.manager.prepare(
            Rig::read(
                {{"f", file({group("g", {"record: r, expr: sum(x)", "alert: A, expr: x > 1", "alert: R, expr: r > 5"}),
                             group("h", {"alert: H, expr: count(up) > 2", "alert: C, expr: ALERTS"})})}}),
            {});
        REQUIRE(prepared.has_value());
        world.manager.apply(std::move(*prepared));
        world.manager.start();
        for (int i = 0; i < 20; ++i) {
            world.expose("a", fmt::format("x {}\n", i % 3), 10ms);
            world.expose("b", fmt::format("x {}\n", i % 4), 20ms);
            world.expose("c", fmt::format("x {}\n", i % 5), 5ms);
            world.scheduler.advance(10s);
        }
        bool stopped = false;
        world.manager.stop([&] { stopped = true; });
        world.scheduler.settle();
        CHECK(stopped);
        return std::pair(world.told(), world.scheduler.trace_hash());
    };
    const auto once = run(0);
    CHECK(once.first.size() > 1000);
    CHECK(run(1) == once);
    CHECK(run(4) == once);
}
