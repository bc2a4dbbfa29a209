#include "rules/rule_test_step.h"

#include <string>

#include <fmt/format.h>

#include "rules/rule_test_runner.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

using namespace tocsin;

namespace {

constexpr const char* kStepRules = R"(groups:
  - name: g
    rules:
      - {alert: Backlog, expr: backlog > 100, for: 5m}
      - {alert: Down, expr: up == 0, for: 1m}
      - {alert: Gone, expr: 'absent(backlog{job="mail"})'}
)";

/// The queue is full from the beginning, scraped each minute.
constexpr const char* kSeries = R"(  input_series:
  - {series: 'up{instance="a",job="mail"}', values: 1x20}
  - {series: 'backlog{instance="a",job="mail"}', values: 150x20}
  - {series: 'up{instance="b",job="web"}', values: 1x20}
)";

std::string told_of(fakes::FakeDisk& disk, const std::string& text) {
    disk.put("/t/rules.yml", kStepRules);
    disk.put("/t/test.yml", text);
    const RuleTestReport report = RuleTestRunner(disk, {}).run("/t/test.yml");
    std::string told;
    for (const Diagnostic& problem : report.problems) told += to_string(problem) + "\n";
    for (const RuleTestOutcome& test : report.tests) {
        for (const RuleTestFailure& failure : test.failures) {
            told += failure.what + "\n";
            for (const std::string& line : failure.lines) told += line + "\n";
        }
    }
    return told.empty() ? "passed" : told;
}

std::string told_of(const std::string& test) {
    fakes::FakeDisk disk{"/t"};
    return told_of(disk, std::string("rule_files: [rules.yml]\ntests:\n- name: t\n") + kSeries + test);
}

}  // namespace

TEST_CASE("where scrapes fail `up` is 0 and the rest of the target is stale", "[rules][rule_test]") {
    CHECK(told_of(R"(  steps:
  - {at: 8m, scrape_fails: {job: mail, instance: a}, until: 11m}
  alert_rule_test:
  - {eval_time: 7m, alertname: Backlog, match: partial, exp_alerts: [{}]}
  - {never: 8m..15m, alertname: Backlog}
  - {eval_time: 16m, alertname: Backlog, match: partial, exp_alerts: [{}]}
  - {throughout: 8m..10m, alertname: Gone, exp_alerts: [{exp_labels: {job: mail}}]}
  - {never: 11m..20m, alertname: Gone}
  - {throughout: 9m..10m, alertname: Down, exp_alerts: [{exp_labels: {job: mail, instance: a}}]}
  - {never: 11m..20m, alertname: Down}
  promql_expr_test:
  - {expr: up, eval_time: 9m, exp_samples: [{labels: 'up{instance="a",job="mail"}', value: 0}, {labels: 'up{instance="b",job="web"}', value: 1}]}
)") == "passed");
}

TEST_CASE("over a restart `for` goes on, and what was not scraped is missing", "[rules][rule_test]") {
    CHECK(told_of(R"(  steps:
  - {at: 3m, restart: 4m}
  alert_rule_test:
  - {eval_time: 3m, alertname: Backlog, state: pending, match: partial, exp_alerts: [{}]}
  - {eval_time: 5m, alertname: Backlog, state: active}
  - {eval_time: 7m, alertname: Backlog, state: pending, match: partial, exp_alerts: [{}]}
  - {never: 0s..8m, alertname: Backlog}
  - {throughout: 9m..20m, alertname: Backlog, match: partial, exp_alerts: [{}]}
  promql_expr_test:
  - {expr: 'sum(count_over_time(backlog[20m]))', eval_time: 10m, exp_samples: [{labels: '{}', value: 8}]}
)") == "passed");
}

TEST_CASE("a firing alert is firing after a restart, and after two", "[rules][rule_test]") {
    CHECK(told_of(R"(  steps:
  - {at: 6m, restart: 30s}
  - {at: 10m, restart: 0s}
  alert_rule_test:
  - {throughout: 5m..20m, alertname: Backlog, match: partial, exp_alerts: [{}]}
)") == "passed");
}

TEST_CASE("a reload puts other rules in force, and an edited one keeps its alerts", "[rules][rule_test]") {
    fakes::FakeDisk disk{"/t"};
    disk.put(
        "/t/new.yml",
        "groups: [{name: g, rules: [{alert: Backlog, expr: backlog > 120, for: 7m}, {alert: Fresh, expr: up == 1}]}]");
    CHECK(told_of(disk, std::string("rule_files: [rules.yml]\ntests:\n- name: t\n") + kSeries + R"(  steps:
  - {at: 3m, reload: {rules.yml: new.yml}}
  - {at: 12m, reload: {rules.yml: ~}}
  - {at: 15m, reload: {}}
  alert_rule_test:
  - {never: 0s..6m, alertname: Backlog}
  - {throughout: 7m..11m, alertname: Backlog, match: partial, exp_alerts: [{}]}
  - {eval_time: 20m, alertname: Backlog, state: active}
  - {eval_time: 2m, alertname: Fresh}
  - {within: 3m..4m, alertname: Fresh, match: partial, exp_alerts: [{exp_labels: {job: mail}}, {exp_labels: {job: web}}]}
)") == "passed");
}

TEST_CASE("a failure shows the steps among what happened", "[rules][rule_test]") {
    const std::string told = told_of(R"(  steps: [{at: 3m, restart: 4m}]
  alert_rule_test: [{eval_time: 8m, alertname: Backlog, match: partial, exp_alerts: [{exp_labels: {job: mail}}]}]
)");
    CHECK_THAT(told, Catch::Contains("3m  the daemon is stopped"));
    CHECK_THAT(told, Catch::Contains("7m  the daemon starts again"));
}

TEST_CASE("steps that make no sense are told at their place", "[rules][rule_test]") {
    struct Case {
        std::string steps, message;
    };
    const auto given = GENERATE(values<Case>({
        {"{restart: 1m}", "/t/test.yml:8:11: a step without a time; expected at:"},
        {"{at: 1m}", "a step is one thing that happens; expected scrape_fails:, restart: or reload:"},
        {"{at: 1m, restart: 1m, reload: {}}", "a step is one thing that happens"},
        {"{at: 1m, restart: soon}", "soon"},
        {"{at: 1m, restart: 5m}, {at: 2m, reload: {}}", "the daemon is down at that time, since it restarts"},
        {"{at: 1m, scrape_fails: {job: mail}}", "scrape_fails has no end after its beginning"},
        {"{at: 2m, scrape_fails: {job: mail}, until: 1m}", "scrape_fails has no end after its beginning"},
        {"{at: 1m, scrape_fails: {}, until: 2m}", "scrape_fails names no target"},
        {"{at: 1m, scrape_fails: {job: post}, until: 2m}", "no series has the labels of this target: {job=\"post\"}"},
        {"{at: 21m, restart: 1m}", "no case looks at what happens after 20m, when this step is"},
        {"{at: 1m, reload: {other.yml: new.yml}}", "other.yml is no rule file and no alertmanager_config_file"},
        {"{at: 1m, reload: {rules.yml: none.yml}}", "none.yml"},
        {"{at: 1m, reload: new.yml}", "reload is no map"},
        {"{at: 1m, reload: {rules.yml: {}}}", "is not a text"},
        {"{at: 1m, reboot: 1m}", "field reboot not found in step"},
    }));
    CAPTURE(given.steps);
    CHECK_THAT(
        told_of(fmt::format("  steps: [{}]\n  alert_rule_test: [{{eval_time: 20m, alertname: Down}}]\n", given.steps)),
        Catch::Contains(given.message));
    CHECK_THAT(
        told_of(
            "  start: 90\n  steps: [{at: 1m, restart: 1m}]\n  alert_rule_test: [{eval_time: 20m, alertname: Down}]\n"),
        Catch::Contains("begins at a multiple of evaluation_interval"));
}
