#include "daemon/rule_test_receivers.h"

#include <string>

#include <fmt/format.h>

#include "base/zstd_stream.h"
#include "rules/rule_test_runner.h"
#include "rules/rule_test_update.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

using namespace tocsin;

namespace {

constexpr const char* kRules = R"(groups:
  - name: g
    rules:
      - {alert: Backlog, expr: backlog > 100, for: 2m, labels: {severity: page}, annotations: {summary: 'mail has {{ $value }}'}}
      - {alert: Idle, expr: backlog == 0}
)";

constexpr const char* kRouting = R"(route:
  receiver: mail
  group_by: [alertname]
  group_wait: 10s
  group_interval: 1m
  routes: [{matchers: [severity = page], receiver: pager}]
receivers:
- name: pager
  webhook_configs: [{url: 'http://127.0.0.1:1/secret'}]
  slack_configs: [{api_url: 'http://127.0.0.1:1/slack', title: '{{ .CommonAnnotations.summary }}', send_resolved: true}]
- name: mail
  email_configs: [{to: a@example.com, from: b@example.com, smarthost: 'localhost:25', headers: {Subject: 'idle again'}}]
)";

/// A folder with rules, routing, a fixture and test.yml.
struct Folder {
    explicit Folder(const std::string& test) {
        disk.put("/t/rules.yml", kRules);
        disk.put("/t/alertmanager.yml", kRouting);
        disk.put("/t/recorded.om.zst", zstd_compress(recorded()));
        disk.put("/t/test.yml", test);
    }

    /// High from 10:02 to 10:06, then 0; scraped each 30 s from 10:00 on for a quarter of an hour.
    static std::string recorded(int from = 0, int until = 900) {
        std::string text;
        for (int t = from; t <= until; t += 30) {
            const int backlog = t < 120 ? 50 : t < 360 ? 150 : 0;
            text += fmt::format("up{{instance=\"a\",job=\"j\"}} 1 {0}\nbacklog{{instance=\"a\",job=\"j\"}} {1} {0}\n",
                                1772359200 + t, backlog);
        }
        return text + "# EOF\n";
    }

    RuleTestReport run() {
        RuleTestOptions options;
        options.load_routing = load_rule_test_routing;
        return RuleTestRunner(disk, std::move(options)).run("/t/test.yml");
    }

    std::string told() {
        const RuleTestReport report = run();
        std::string text;
        for (const Diagnostic& problem : report.problems) text += to_string(problem) + "\n";
        for (const RuleTestOutcome& test : report.tests) {
            for (const RuleTestFailure& failure : test.failures) {
                text += fmt::format("{}:{}: {}\n", failure.where.line, test.name, failure.what);
                for (const std::string& line : failure.lines) text += line + "\n";
            }
        }
        return text.empty() ? "passed" : text;
    }

    fakes::FakeDisk disk{"/t"};
};

std::string test_of(const std::string& cases) {
    return "rule_files: [rules.yml]\nfixtures: [recorded.om.zst]\nalertmanager_config_file: alertmanager.yml\n"
           "evaluation_interval: 30s\ntests:\n- name: t\n" +
           cases;
}

}  // namespace

TEST_CASE("a test over a fixture says who is told what and when, and that nobody else is", "[daemon][rule_test]") {
    Folder folder(test_of(R"(  alert_rule_test:
  - {eval_time: 4m30s, alertname: Backlog, exp_alerts: [{exp_labels: {severity: page, instance: a, job: j}, exp_annotations: {summary: mail has 150}}]}
  promql_expr_test:
  - {expr: backlog, eval_time: 3m, exp_samples: [{labels: 'backlog{instance="a",job="j"}', value: 150}]}
  notification_test:
  - window: 0s..15m
    receiver: pager
    exp_notifications:
    - at: 4m10s
      status: firing
      group_labels: {alertname: Backlog}
      alerts: [{status: firing, labels: {alertname: Backlog, instance: a, job: j, severity: page}, annotations: {summary: mail has 150}}]
      message: {'attachments[0].title': mail has 150, 'alerts[0].annotations.summary': {regex: 'mail .*'}, version: "4"}
    - {at: 6m10s, status: resolved}
  - window: 5m..7m
    receiver: pager
    integration: slack
    match: partial
    exp_notifications: [{group_labels: {}, alerts: [{labels: {job: {regex: '[jk]'}}}]}]
  - {eval_time: 4m10s, receiver: pager, exp_notifications: [{status: firing}]}
  - {window: 0s..6m9s, receiver: mail, exp_notifications: []}
  - window: 6m10s..15m
    receiver: mail
    exp_notifications: [{at: 6m10s, message: {subject: idle again, url: {regex: 'from b@example.com .*'}}}]
  - {window: 0s..15m, nobody_else: true}
)"));
    CHECK(folder.told() == "passed");
}

TEST_CASE("a notification that is not as expected is shown with what happened around it", "[daemon][rule_test]") {
    Folder folder(test_of(R"(  notification_test:
  - window: 0s..15m
    receiver: pager
    exp_notifications:
    - {at: 4m, status: firing}
    - {at: 6m10s, status: resolved, message: {'attachments[0].color': green, nothing: x}}
    - {at: 9m, group_labels: {alertname: Backlog}, alerts: [{labels: {a: b}}]}
  - {window: 0s..15m, nobody_else: true}
)"));
    CHECK(folder.told() == R"(8:t: notifications to pager within 0s..15m
  - 4m  firing
  + 4m10s  firing {alertname="Backlog"}: {alertname="Backlog", instance="a", job="j", severity="page"}
      at 4m10s; was expected at 4m
  - 6m10s  resolved
  + 6m10s  resolved {alertname="Backlog"}: resolved {alertname="Backlog", instance="a", job="j", severity="page"}
      attachments[0].color: "good"; "green" was expected
      nothing: there is no such field; "x" was expected
  - 9m  any status {alertname="Backlog"}: {a="b"}
  what happened:
            2m  alert pending {alertname="Backlog", instance="a", job="j", severity="page"} value 150
            4m  alert firing {alertname="Backlog", instance="a", job="j", severity="page"} value 150
         4m10s  pager told: firing {alertname="Backlog"}: {alertname="Backlog", instance="a", job="j", severity="page"}
            6m  alert resolved {alertname="Backlog", instance="a", job="j", severity="page"} value 150
            6m  alert firing {alertname="Idle", instance="a", job="j"} value 0
         6m10s  pager told: resolved {alertname="Backlog"}: resolved {alertname="Backlog", instance="a", job="j", severity="page"}
         6m10s  mail told: firing {alertname="Idle"}: {alertname="Idle", instance="a", job="j"}
14:t: nobody else told within 0s..15m
  + 6m10s  mail told: firing {alertname="Idle"}: {alertname="Idle", instance="a", job="j"}
  what happened:
            2m  alert pending {alertname="Backlog", instance="a", job="j", severity="page"} value 150
            4m  alert firing {alertname="Backlog", instance="a", job="j", severity="page"} value 150
         4m10s  pager told: firing {alertname="Backlog"}: {alertname="Backlog", instance="a", job="j", severity="page"}
            6m  alert resolved {alertname="Backlog", instance="a", job="j", severity="page"} value 150
            6m  alert firing {alertname="Idle", instance="a", job="j"} value 0
         6m10s  pager told: resolved {alertname="Backlog"}: resolved {alertname="Backlog", instance="a", job="j", severity="page"}
         6m10s  mail told: firing {alertname="Idle"}: {alertname="Idle", instance="a", job="j"}
)");
}

TEST_CASE("an update writes the notifications that were seen, with the fields that were looked at",
          "[daemon][rule_test]") {
    Folder folder(test_of(R"(  notification_test:
  - window: 0s..15m
    receiver: pager
    exp_notifications:
    - {at: 1m, message: {'attachments[0].title': other}}
  - eval_time: 6m10s
    receiver: mail
)"));
    const auto updated = update_expectations(folder.disk, folder.run());
    REQUIRE(updated);
    CHECK(updated->written == 2);
    CHECK(folder.told() == "passed");
    CHECK_THAT(*folder.disk.content("/t/test.yml"), Catch::Contains(R"(    exp_notifications:
      - at: 4m10s
        status: firing
        group_labels: {alertname: "Backlog"}
        alerts:
          - labels: {alertname: "Backlog", instance: "a", job: "j", severity: "page"}
        message:
          "attachments[0].title": "mail has 150"
      - at: 6m10s
)"));
}

TEST_CASE("a fixture goes together with series of the test, on its own clock or from a given start",
          "[daemon][rule_test]") {
    Folder folder(test_of(R"(  start: 2026-03-01T10:05:00Z
  input_series: [{series: 'other{x="y"}', values: '1 2 3 4 5'}]
  promql_expr_test:
  - {expr: other * scalar(backlog), eval_time: 30s, exp_samples: [{labels: '{x="y"}', value: 300}]}
  - {expr: 'max_over_time(backlog[5m])', eval_time: 1m, exp_samples: [{labels: '{instance="a",job="j"}', value: 150}]}
)"));
    CHECK(folder.told() == "passed");
    Folder both(test_of("  input_series: [{series: 'backlog{instance=\"a\",job=\"j\"}', values: '1 2 3'}]\n"));
    CHECK_THAT(both.told(), Catch::Contains("is in input_series and in a fixture"));
}

TEST_CASE("a test of notifications that could mean nothing is refused", "[daemon][rule_test]") {
    struct Case {
        std::string cases;
        std::string message;
    };
    const auto given = GENERATE(values<Case>({
        {"  notification_test: [{eval_time: 1m, receiver: pagers}]\n", "no receiver has the name \"pagers\""},
        {"  notification_test: [{eval_time: 1m}]\n", "about one receiver, or about everybody else"},
        {"  notification_test: [{receiver: pager}]\n", "a notification_test has one time"},
        {"  notification_test: [{window: 5m, receiver: pager}]\n", "\"5m\" is no window"},
        {"  notification_test: [{eval_time: 1m, receiver: pager, exp_notifications: [{status: fired}]}]\n",
         "unknown status \"fired\""},
        {"  start: 2026-03-02T00:00:00Z\n  notification_test: [{eval_time: 1m, receiver: pager}]\n",
         "outside of the fixtures, which reach from 2026-03-01T10:00:00Z to 2026-03-01T10:15:00Z"},
        {"  start: 1\n  start_timestamp: 1\n", "the start of the test is given twice"},
    }));
    CAPTURE(given.cases);
    Folder folder(test_of(given.cases));
    CHECK_THAT(folder.told(), Catch::Contains(given.message));
    CHECK_FALSE(folder.run().passed());
}

TEST_CASE("a test goes from one fixture into the next one", "[daemon][rule_test]") {
    Folder folder(
        "rule_files: [rules.yml]\nfixtures: [second.om, first.om]\nalertmanager_config_file: alertmanager.yml\n"
        "evaluation_interval: 30s\ntests:\n- name: t\n  promql_expr_test:\n"
        "  - {expr: 'count_over_time(backlog[4m])', eval_time: 5m, exp_samples: [{labels: "
        "'{instance=\"a\",job=\"j\"}', value: 8}]}\n"
        "  notification_test:\n  - {window: 0s..15m, receiver: pager, exp_notifications: [{at: 4m10s, status: firing}, "
        "{at: 6m10s, status: resolved}]}\n");
    folder.disk.put("/t/first.om", Folder::recorded(0, 180));
    folder.disk.put("/t/second.om", Folder::recorded(210, 900));
    CHECK(folder.told() == "passed");
}

TEST_CASE("a fixture that goes back in time is sorted, and that is told", "[daemon][rule_test]") {
    Folder folder(
        test_of("  notification_test: [{eval_time: 4m10s, receiver: pager, exp_notifications: [{status: firing}]}]\n"));
    const std::string back = Folder::recorded(450, 900);
    folder.disk.put("/t/recorded.om.zst", back.substr(0, back.size() - 6) + Folder::recorded(0, 420));
    CHECK_THAT(folder.told(), Catch::Contains("/t/test.yml:2:12: warning: /t/recorded.om.zst:33: up{instance=") &&
                                  Catch::Contains("goes back in time, from 2026-03-01T10:15:00.000Z to "
                                                  "2026-03-01T10:00:00.000Z; its samples were sorted"));
    CHECK(folder.run().passed());
}

TEST_CASE("of a test two fixtures do not have a series at the same time", "[daemon][rule_test]") {
    Folder folder(
        "rule_files: [rules.yml]\nfixtures: [second.om, first.om]\ntests: [{promql_expr_test: [{expr: up}]}]\n");
    folder.disk.put("/t/second.om", Folder::recorded(210, 900));
    folder.disk.put("/t/first.om", Folder::recorded(0, 210));
    CHECK_THAT(folder.told(), Catch::Contains("is in /t/second.om and in /t/first.om at the same time"));
    CHECK_FALSE(folder.run().passed());
}

TEST_CASE("a routing or a fixture that cannot be read is told at its place", "[daemon][rule_test]") {
    Folder folder("rule_files: [rules.yml]\nfixtures: [nowhere.om]\nalertmanager_config_file: none.yml\n");
    CHECK_THAT(folder.told(), Catch::Contains("/t/test.yml:2:12: "));
    CHECK_THAT(folder.told(), Catch::Contains("/t/test.yml:3:27: there is no file /t/none.yml"));
    CHECK(folder.run().unreadable);
    Folder bad("rule_files: [rules.yml]\nalertmanager_config_file: bad.yml\n");
    bad.disk.put("/t/bad.yml", "route: {receiver: nobody}\n");
    CHECK_THAT(bad.told(), Catch::Contains("/t/bad.yml:1:"));
    Folder without("rule_files: [rules.yml]\ntests:\n- notification_test: [{eval_time: 1m, receiver: pager}]\n");
    CHECK_THAT(without.told(), Catch::Contains("a notification_test needs an alertmanager_config_file"));
}

TEST_CASE("a restart tells nobody twice and forgets nothing", "[daemon][rule_test]") {
    Folder folder(test_of(R"(  steps: [{at: 4m30s, restart: 1m}]
  notification_test:
  - window: 0s..15m
    receiver: pager
    integration: slack
    exp_notifications:
    - {at: 4m10s, status: firing}
    - {at: 6m10s, status: resolved}
)"));
    CHECK(folder.told() == "passed");
    Folder away(test_of(R"(  steps: [{at: 4m5s, restart: 10m}]
  notification_test:
  - {window: 0s..10m, receiver: pager, exp_notifications: []}
)"));
    CHECK(away.told() == "passed");
}

TEST_CASE("a reload of the routing tells whoever is responsible from then on", "[daemon][rule_test]") {
    Folder folder(test_of(R"(  steps: [{at: 5m, reload: {alertmanager.yml: new.yml}}]
  notification_test:
  - {window: 0s..15m, receiver: pager, integration: slack, exp_notifications: [{at: 4m10s, status: firing}]}
  - {window: 0s..15m, receiver: night, exp_notifications: [{at: 5m, status: firing}, {status: firing, group_labels: {alertname: Idle}}, {at: 6m15s, status: resolved}]}
)"));
    folder.disk.put("/t/new.yml",
                    "route: {receiver: night, group_by: [alertname], group_wait: 10s, group_interval: 25s}\n"
                    "receivers: [{name: night, webhook_configs: [{url: 'http://127.0.0.1:1/night'}]}]\n");
    CHECK(folder.told() == "passed");
    folder.disk.put("/t/new.yml", "route: {receiver: nobody}\n");
    CHECK_THAT(folder.told(), Catch::Contains("/t/new.yml:1:"));
}

TEST_CASE("scrapes of a recording fail when a test says so", "[daemon][rule_test]") {
    Folder folder(test_of(R"(  steps: [{at: 3m, scrape_fails: {job: j}, until: 4m}]
  alert_rule_test:
  - {eval_time: 2m30s, alertname: Backlog, state: pending, match: partial, exp_alerts: [{}]}
  - {throughout: 3m..3m30s, alertname: Backlog, state: active}
  notification_test:
  - {window: 0s..15m, receiver: pager, exp_notifications: []}
  promql_expr_test:
  - {expr: up, eval_time: 3m30s, exp_samples: [{labels: 'up{instance="a",job="j"}', value: 0}]}
  - {expr: up, eval_time: 4m, exp_samples: [{labels: 'up{instance="a",job="j"}', value: 1}]}
  - {expr: backlog, eval_time: 3m, exp_samples: []}
)"));
    CHECK(folder.told() == "passed");
}
