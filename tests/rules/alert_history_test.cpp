#include "rules/alert_history.h"

#include <optional>
#include <string>

#include "base/text.h"
#include "tests/catch.h"
#include "tests/fakes/fake_state_store.h"
#include "tests/rules/rule_world.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

/// A target `a` with a number `x`, rules over it, and what is remembered of them.
struct HistoryRig : fakes::RuleWorld {
    explicit HistoryRig(fakes::FakeStateStore::Tables tables = {}) : store_of_state(scheduler, std::move(tables)) {
        manager.on_transition([this](const AlertTransition& change) { history.note(change); });
        manager.on_evaluation([this](const std::string&, Timestamp) { history.save(); });
    }

    void load(const std::string& rules) {
        auto prepared = manager.prepare({{"f", fakes::groups_of(rules, "f"), {}}}, settings);
        REQUIRE(prepared.has_value());
        manager.apply(std::move(*prepared));
        history.save();
    }
    void begin(const std::string& rules) {
        scrapes.apply({job("j", {"a"})});
        load(rules);
        history.keep_in(store_of_state);
        manager.keep_in(store_of_state);
        history.save();
        manager.start();
    }
    void run(const std::string& x, Duration duration) {
        expose("a", "x " + x + "\n");
        scheduler.advance(duration);
    }

    /// `30 A firing 7 since 10 (reason)` each, the first one first.
    std::string lines() const {
        std::string all;
        history.for_each([&](const PastTransition& change) {
            std::string line =
                fmt::format("{} {} {} {}", seconds_since_start(change.at), change.labels.get("alertname"),
                            phase_word(change.from, change.to), format_value(change.value));
            if (change.active_at) line += fmt::format(" since {}", seconds_since_start(*change.active_at));
            if (!change.reason.empty()) line += fmt::format(" ({})", change.reason);
            all = line + "\n" + all;
            CHECK(change.file == "f");
            CHECK(change.group == "g");
            CHECK(change.rule == change.labels.get("alertname"));
            return true;
        });
        return all;
    }

    RuleSettings settings;
    fakes::FakeStateStore store_of_state;
    AlertHistory history{scheduler, log, AlertHistory::kDefaults};
    RuleManager manager{context()};
};

std::string one_group(const std::string& rules) {
    return "groups:\n- name: g\n  interval: 10s\n  rules:\n" + rules;
}

}  // namespace

TEST_CASE("each change of an alert is remembered with its value and time", "[rules][history]") {
    HistoryRig rig;
    rig.begin(one_group("  - {alert: A, expr: 'x > 0', for: 20s}\n"));
    rig.run("5", 15s);
    rig.run("0", 10s);
    rig.run("7", 30s);
    rig.run("0", 10s);
    CHECK(rig.lines() ==
          "0 A pending 5 since 0\n"
          "20 A gone 5\n"
          "30 A pending 7 since 30\n"
          "50 A firing 7 since 30\n"
          "60 A resolved 7 since 30\n");
}

TEST_CASE("what a reload ends is remembered with the reason", "[rules][history]") {
    HistoryRig rig;
    rig.begin(one_group("  - {alert: A, expr: 'x > 0'}\n  - {alert: P, expr: 'x > 0', for: 1h}\n"));
    rig.run("5", 15s);
    rig.load(one_group("  - {alert: B, expr: 'x > 0'}\n"));
    CHECK(rig.lines() ==
          "0 A firing 5 since 0\n"
          "0 P pending 5 since 0\n"
          "15 A resolved 5 since 0 (a reload took the rule away)\n"
          "15 P gone 5 (a reload took the rule away)\n");
    CHECK(rig.store_of_state.tables().at("alert_history").size() == 4);
}

TEST_CASE("an edited rule that keeps its alerts changes nothing in the history", "[rules][history]") {
    HistoryRig rig;
    rig.begin(one_group("  - {alert: A, expr: 'x > 0'}\n"));
    rig.run("5", 15s);
    const std::string before = rig.lines();
    rig.load(one_group("  - {alert: A, expr: 'x > 1'}\n"));
    rig.run("5", 15s);
    CHECK(rig.lines() == before);
}

TEST_CASE("a rule that fails ends nothing in the history", "[rules][history]") {
    HistoryRig rig;
    rig.begin(one_group("  - {alert: A, expr: 'x * on() x > 0'}\n"));
    rig.run("5", 15s);
    const std::string before = rig.lines();
    REQUIRE(before == "0 A firing 25 since 0\n");
    rig.expose("a", "x 5\nx{twice=\"1\"} 5\n");
    rig.scheduler.advance(30s);
    REQUIRE(rig.manager.failing_rule_count() == 1);
    CHECK(rig.lines() == before);
}

TEST_CASE("the history goes on after a restart", "[rules][history]") {
    const std::string rules = one_group("  - {alert: A, expr: 'x > 0'}\n  - {alert: P, expr: 'x > 0', for: 1m}\n");
    HistoryRig before;
    before.begin(rules);
    before.run("5", 15s);

    HistoryRig after(before.store_of_state.tables());
    SECTION("with what happens next") {
        after.scheduler.advance(15s);
        after.begin(rules);
        CHECK(after.lines() == before.lines());
        after.run("0", 10s);
        CHECK(after.lines() == before.lines() + "20 A resolved 5 since 0\n20 P gone 5\n");
    }
    SECTION("with the alerts that an outage ended") {
        after.scheduler.advance(2h);
        after.begin(rules);
        after.run("5", 5s);
        CHECK(after.lines() == before.lines() +
                                   "7200 P gone 5 (nothing was evaluated for longer than the outage tolerance)\n"
                                   "7200 P pending 5 since 7200\n");
    }
    SECTION("with the alerts whose rule is gone") {
        after.scheduler.advance(15s);
        after.begin(one_group("  - {alert: A, expr: 'x > 0'}\n"));
        CHECK(after.lines() == before.lines() + "15 P gone 5 (the rule was gone after a restart)\n");
    }
}

TEST_CASE("what an evaluation changes of alerts and of the history is one write", "[rules][history]") {
    HistoryRig rig;
    rig.begin(one_group("  - {alert: A, expr: 'x > 0'}\n  - {record: r, expr: 'count(ALERTS)'}\n"
                        "  - {alert: R, expr: 'r > 0'}\n"));
    rig.run("5", 5s);
    // The second batch of the group: A was written to the store before R was computed.
    REQUIRE(rig.lines() == "0 A firing 5 since 0\n0 R firing 1 since 0\n");
    CHECK(rig.store_of_state.tables().at("rule_alerts").size() == 2);
    CHECK(rig.store_of_state.tables().at("alert_history").size() == 2);
}
