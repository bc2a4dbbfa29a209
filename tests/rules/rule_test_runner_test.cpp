#include "rules/rule_test_runner.h"

#include <fmt/format.h>

#include "base/text.h"
#include "rules/rule_test_update.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

using namespace tocsin;

namespace {

constexpr const char* kRules = R"(groups:
  - name: queues
    rules:
      - record: job:backlog:sum
        expr: sum by (job) (backlog)
      - alert: Backlog
        expr: job:backlog:sum > 100
        for: 5m
        labels: {severity: page}
        annotations: {summary: "{{ $labels.job }} has {{ $value }}"}
      - alert: Quiet
        expr: absent(backlog) or backlog == 0
)";

/// A folder with rules.yml and test.yml.
struct Folder {
    explicit Folder(const std::string& test, const std::string& rules = kRules) {
        disk.put("/t/rules.yml", rules);
        disk.put("/t/test.yml", test);
    }

    RuleTestReport run(RuleTestOptions options = {}) {
        return RuleTestRunner(disk, std::move(options)).run("/t/test.yml");
    }

    /// Problems, then failures with their lines; `passed` when there is nothing to tell.
    std::string told(RuleTestOptions options = {}) {
        const RuleTestReport report = run(std::move(options));
        std::string text;
        for (const Diagnostic& problem : report.problems) text += to_string(problem) + "\n";
        for (const RuleTestOutcome& test : report.tests) {
            for (const RuleTestFailure& failure : test.failures) {
                text += fmt::format("{}:{}: {}\n", failure.where.line, test.name, failure.what);
                for (const std::string& line : failure.lines) text += line + "\n";
            }
        }
        CHECK(report.passed() == (text.find("warning") != std::string::npos || text.empty()));
        return text.empty() ? "passed" : text;
    }

    fakes::FakeDisk disk{"/t"};
};

/// One test over a backlog that is high from 2m on and gone from 20m on.
std::string backlog_test(const std::string& cases) {
    return "rule_files: [rules.yml]\ntests:\n- name: t\n  input_series:\n"
           "  - {series: 'backlog{job=\"mail\",queue=\"a\"}', values: '50 50 150x17 0x20'}\n" +
           cases;
}

}  // namespace

TEST_CASE("a run of tests gives the same report each time, byte by byte", "[rules][rule_test]") {
    // Many series and alerts, so that an order of chance would show; each test fails and tells what happened around it.
    std::string series;
    for (int i = 0; i < 40; ++i) {
        series +=
            fmt::format("  - {{series: 'backlog{{job=\"j{0}\",queue=\"{0}\"}}', values: '50 50 15{0}x17 0x20'}}\n", i);
    }
    const std::string text = "rule_files: [rules.yml]\ntests:\n- name: t\n  input_series:\n" + series +
                             "  alert_rule_test: [{eval_time: 7m30s, alertname: Backlog, exp_alerts: [{}]}]\n"
                             "  promql_expr_test: [{expr: 'job:backlog:sum', eval_time: 3m, exp_samples: []}]\n";
    const auto told = [&] {
        RuleTestOptions options;
        options.coverage = true;
        Folder folder(text);
        std::string all = folder.told(options);
        for (const RuleCoverage& rule : folder.run(options).coverage) {
            all += fmt::format("{} {} {}\n", rule.rule, rule.gave_result, rule.fired);
        }
        return all;
    };
    const std::string first = told();
    CHECK_THAT(first, Catch::Contains("j39"));
    CHECK_THAT(first, Catch::Contains("Backlog true true"));
    for (int again = 0; again < 5; ++again) CHECK(told() == first);
}

TEST_CASE("a test passes when alerts and samples are the expected ones", "[rules][rule_test]") {
    Folder folder(backlog_test(R"(  alert_rule_test:
  - eval_time: 7m30s
    alertname: Backlog
    exp_alerts:
    - exp_labels: {severity: page, job: mail}
      exp_annotations: {summary: mail has 150}
  - {eval_time: 6m, alertname: Backlog}
  promql_expr_test:
  - expr: job:backlog:sum
    eval_time: 3m
    exp_samples: [{labels: 'job:backlog:sum{job="mail"}', value: 150}]
  - expr: ALERTS{alertstate="pending"}
    eval_time: 3m
    exp_samples:
    - {labels: 'ALERTS{alertname="Backlog",alertstate="pending",job="mail",severity="page"}', value: 1}
)"));
    CHECK(folder.told() == "passed");
}

TEST_CASE("a failing test shows what was expected, what was there, and why", "[rules][rule_test]") {
    Folder folder(backlog_test(R"(  alert_rule_test:
  - eval_time: 4m
    alertname: Backlog
    exp_alerts: [{exp_labels: {severity: page, job: mail}, exp_annotations: {summary: mail has 150}}]
  - eval_time: 8m
    alertname: Backlog
    exp_alerts: [{exp_labels: {severity: page, job: mail}, exp_annotations: {summary: mail has 15}}]
  - eval_time: 8m
    alertname: Backlog
  promql_expr_test:
  - expr: backlog * 2
    eval_time: 3m
    exp_samples: [{labels: '{job="mail", queue="a"}', value: 200}]
)"));
    CHECK(folder.told() == R"(7:t: alert Backlog firing at 4m
  - {alertname="Backlog", job="mail", severity="page"}
      pending since 2m, value 150; `for` is over at 7m
10:t: alert Backlog firing at 8m
    {alertname="Backlog", job="mail", severity="page"}  firing since 7m, value 150
  -   summary: "mail has 15"
  +   summary: "mail has 150"
13:t: alert Backlog firing at 8m
  + {alertname="Backlog", job="mail", severity="page"}  firing since 7m, value 150; not expected
  +   summary: "mail has 150"
16:t: expr "backlog * 2" at 3m
  - {job="mail", queue="a"} 200
  + {job="mail", queue="a"} 300
)");
}

TEST_CASE("a test that names an alert or a file that is not there fails", "[rules][rule_test]") {
    Folder unknown(backlog_test("  alert_rule_test: [{eval_time: 5m, alertname: Backlogg}]\n"));
    CHECK(unknown.told() == "/t/test.yml:6:21: no rule has the alert name \"Backlogg\"\n");
    CHECK(unknown.run().problems.front().hint == "did you mean Backlog?");
    Folder missing("rule_files: [rules.yml, 'other/*.yml', none.yml]\n");
    CHECK(missing.told() ==
          "/t/test.yml:1:25: there is no rule file /t/other/*.yml\n"
          "/t/test.yml:1:40: there is no rule file /t/none.yml\n");
}

TEST_CASE("alert cases may look at windows, pending alerts, and parts", "[rules][rule_test]") {
    const auto one = GENERATE(values<const char*>({
        "{eval_time: 3m, alertname: Backlog, state: pending, match: partial, exp_alerts: [{exp_labels: {job: mail}}]}",
        "{eval_time: 3m, alertname: Backlog, state: active, match: partial, exp_alerts: [{}]}",
        "{eval_time: 8m, alertname: Backlog, match: partial, exp_alerts: [{exp_labels: {job: {regex: 'm.*'}}}]}",
        "{eval_time: 8m, alertname: Backlog, match: partial, exp_alerts: [{exp_annotations: {summary: {regex: 'mail "
        ".*'}}}]}",
        "{within: 5m..10m, alertname: Backlog, match: partial, exp_alerts: [{}]}",
        "{throughout: 7m..19m, alertname: Backlog, match: partial, exp_alerts: [{}]}",
        "{never: 0s..6m, alertname: Backlog}",
        "{never: 0s..30m, alertname: Backlog, match: partial, exp_alerts: [{exp_labels: {job: web}}]}",
        "{never: 20m..30m, alertname: Backlog, state: active}",
    }));
    CAPTURE(one);
    CHECK(Folder(backlog_test(std::string("  alert_rule_test: [") + one + "]\n")).told() == "passed");
}

TEST_CASE("windows and parts fail where they do not hold", "[rules][rule_test]") {
    struct Case {
        const char* one;
        const char* told;
    };
    const auto [one, told] = GENERATE(values<Case>({
        {"{within: 1m..6m, alertname: Backlog, match: partial, exp_alerts: [{}]}",
         "6:t: alert Backlog firing within 1m..6m\n  at the last evaluation, 6m:\n"
         "  - {alertname=\"Backlog\"}\n      pending since 2m, value 150; `for` is over at 7m\n"},
        {"{throughout: 7m..30m, alertname: Backlog, match: partial, exp_alerts: [{}]}",
         "6:t: alert Backlog firing throughout 7m..30m\n  at 20m:\n  - {alertname=\"Backlog\"}\n      inactive\n"},
        {"{never: 0s..7m, alertname: Backlog}",
         "6:t: alert Backlog firing never in 0s..7m\n  at 7m:\n"
         "  + {alertname=\"Backlog\", job=\"mail\", severity=\"page\"}  firing since 7m, value 150; not expected\n"
         "  +   summary: \"mail has 150\"\n"},
        {"{eval_time: 8m, alertname: Backlog, match: partial, exp_alerts: [{exp_labels: {job: {regex: 'ail'}}}]}",
         "6:t: alert Backlog firing at 8m\n  - {alertname=\"Backlog\", job=~\"ail\"}\n      inactive\n"
         "  + {alertname=\"Backlog\", job=\"mail\", severity=\"page\"}  firing since 7m, value 150; not expected\n"
         "  +   summary: \"mail has 150\"\n"},
    }));
    CAPTURE(one);
    CHECK(Folder(backlog_test(std::string("  alert_rule_test: [") + one + "]\n")).told() == told);
}

TEST_CASE("mistakes in a test file are told all at once, each with its place", "[rules][rule_test]") {
    Folder folder(R"(rule_files: [rules.yml]
evaluation_intervall: 1m
group_eval_order: [a, a]
tests:
- input_series: [{series: 'up{', values: '1'}, {series: up, values: '1 x'}]
  alert_rule_test:
  - {eval_time: 1m}
  - {within: 9m..5m, alertname: A, state: gone, match: some}
  - {eval_time: 1m, never: 0s..1m, alertname: A}
  promql_expr_test:
  - {expr: 'rate(up)', eval_time: 1m}
  - {expr: 'up[5m]', eval_time: 1m}
  start_timestamp: yesterday
)");
    const RuleTestReport report = folder.run();
    std::vector<std::string> places;
    for (const Diagnostic& problem : report.problems) {
        CAPTURE(to_string(problem));
        CHECK(problem.where.line > 0);
        places.push_back(fmt::format("{}:{}", problem.where.line, problem.where.column));
    }
    // Two names of groups and two of alerts that no rule has among them.
    CHECK(report.problems.size() == 16);
    CHECK(places.front() == "2:1");
    CHECK(report.tests.empty());
}

TEST_CASE("groups run on the interval of the test, or on their own", "[rules][rule_test]") {
    const std::string rules = R"(groups:
- {name: slow, interval: 5m, rules: [{record: slow:n, expr: n}]}
- {name: fast, rules: [{record: fast:n, expr: slow:n}]}
)";
    const std::string test = R"(rule_files: [rules.yml]
tests:
- input_series: [{series: n, values: '0+1x20'}]
  promql_expr_test: [{expr: 'fast:n', eval_time: 7m, exp_samples: [{labels: 'fast:n', value: VALUE}]}]
)";
    const auto with = [&](const std::string& value, const std::string& head) {
        std::string text = head + test;
        return text.replace(text.find("VALUE"), 5, value);
    };
    CHECK(Folder(with("7", ""), rules).told() ==
          "/t/rules.yml:2:3: warning: group \"slow\" is evaluated every 1m here, and every 5m in production; "
          "`group_intervals: true` or --group-intervals tests it as in production\n");
    CHECK(Folder(with("5", "group_intervals: true\n"), rules).told() == "passed");
    RuleTestOptions options;
    options.group_intervals = true;
    CHECK(Folder(with("5", ""), rules).told(options) == "passed");
}

TEST_CASE("groups are evaluated in the order of the file unless the test says otherwise", "[rules][rule_test]") {
    const std::string rules = R"(groups:
- {name: reader, rules: [{record: b, expr: a}]}
- {name: writer, rules: [{record: a, expr: n}]}
)";
    const std::string test = R"(rule_files: [rules.yml]
tests:
- input_series: [{series: n, values: '0+1x20'}]
  promql_expr_test: [{expr: b, eval_time: 7m, exp_samples: [{labels: b, value: VALUE}]}]
)";
    const auto with = [&](const std::string& value, const std::string& head) {
        std::string text = head + test;
        return text.replace(text.find("VALUE"), 5, value);
    };
    CHECK(Folder(with("6", ""), rules).told() == "passed");
    CHECK(Folder(with("7", "group_eval_order: [writer, reader]\n"), rules).told() == "passed");
}

TEST_CASE("a rule that cannot be evaluated ends its test", "[rules][rule_test]") {
    Folder folder(R"(rule_files: [rules.yml]
tests:
- name: t
  input_series: [{series: 'n{a="1"}', values: '1x9'}, {series: 'n{a="2"}', values: '1x9'}]
  promql_expr_test: [{expr: n, eval_time: 3m}]
)",
                  "groups: [{name: g, rules: [{record: r, expr: n + on() n}]}]\n");
    const std::string told = folder.told();
    CHECK(told.find("3:t: rule r of group g at 0s\n  /t/rules.yml:1: ") == 0);
    CHECK(told.find("many-to-many matching not allowed") != std::string::npos);
}

TEST_CASE("a test may begin at any time", "[rules][rule_test]") {
    Folder folder(R"(rule_files: [rules.yml]
tests:
- start_timestamp: 2026-03-01T10:00:07Z
  input_series: [{series: 'backlog{job="mail"}', values: '150x9'}]
  promql_expr_test:
  - {expr: timestamp(job:backlog:sum), eval_time: 2m, exp_samples: [{labels: '{job="mail"}', value: 1772359327}]}
)");
    CHECK(folder.told() == "passed");
}

TEST_CASE("native histograms are selected, counted and compared", "[rules][rule_test]") {
    const std::string series = R"(rule_files: [rules.yml]
tests:
- name: t
  input_series:
  - {series: 'h{job="a"}', values: '{{count:2 sum:3 buckets:[2]}}+{{count:1 sum:1 buckets:[1]}}x2 _ {{count:1 buckets:[1]}} stale {{count:2 buckets:[2]}}'}
  - {series: 'gauge', values: '{{count:2 counter_reset_hint:gauge buckets:[2]}}x2'}
  - {series: 'backlog{job="mail"}', values: '0x9'}
  promql_expr_test:
)";
    CHECK(Folder(series + R"(  - {expr: h, eval_time: 0, exp_samples: [{labels: 'h{job="a"}', histogram: '{{count:2 sum:3 buckets:[2]}}'}]}
  - expr: h
    eval_time: 2m
    exp_samples: [{labels: 'h{job="a"}', histogram: '{{counter_reset_hint:not_reset buckets:[4 0] sum:5 count:4}}'}]
  - expr: (h offset 1m)
    eval_time: 5m
    exp_samples: [{labels: 'h{job="a"}', histogram: '{{count:1 buckets:[1] counter_reset_hint:reset}}'}]
  - {expr: h, eval_time: 5m, exp_samples: []}
  - {expr: h, eval_time: 6m, exp_samples: [{labels: 'h{job="a"}', histogram: '{{count:2 buckets:[2]}}'}]}
  - {expr: gauge, eval_time: 2m, exp_samples: [{labels: gauge, histogram: '{{count:2 counter_reset_hint:gauge buckets:[2]}}'}]}
  - {expr: count(h), eval_time: 2m, exp_samples: [{labels: '{}', value: 1}]}
  - {expr: timestamp(h), eval_time: 2m, exp_samples: [{labels: '{job="a"}', value: 120}]}
  - {expr: 'absent(h) or count_over_time(h[10m])', eval_time: 6m, exp_samples: [{labels: '{job="a"}', value: 5}]}
)").told() == "passed");
    CHECK(Folder(series + R"(  - {expr: h, eval_time: 1m, exp_samples: [{labels: 'h{job="a"}', value: 1}]}
)").told() == R"(9:t: expr "h" at 1m
  - h{job="a"} 1
  + h{job="a"} {{count:3 sum:4 counter_reset_hint:not_reset buckets:[3]}}
)");
    CHECK_THAT(Folder(series + "  - {expr: h, eval_time: 1m, exp_samples: [{labels: h, histogram: '{{buckets:2}}'}]}\n").told(),
               Catch::Contains("is no native histogram"));
}

TEST_CASE("a test that computes with native histograms fails and says so", "[rules][rule_test]") {
    const std::string rules = "groups:\n- name: g\n  rules:\n  - alert: Backlog\n    expr: '%'\n";
    const std::string test = R"(rule_files: [rules.yml]
tests:
- input_series: [{series: h, values: '{{count:2 buckets:[2]}}x9'}, {series: x, values: '1x9'}]
  promql_expr_test: [{expr: x, eval_time: 1m, exp_samples: [{labels: x, value: 1}]}]
)";
    const auto told_of = [&](const std::string& expr) {
        return Folder(test, std::string(rules).replace(rules.find('%'), 1, expr)).told();
    };
    const std::string refused = "3:: /t/rules.yml: rule Backlog: ";
    const std::string why = " computes with native histograms, which tocsin does not\n";
    CHECK(told_of("x > 0 and absent(y)") == "passed");
    CHECK(told_of("count(h) > 0 or count_over_time(h[5m]) > x") == "passed");
    CHECK(told_of("rate(h[5m]) > 0") == refused + "rate" + why);
    CHECK(told_of("-{__name__=~\"h|x\"} > 0") == refused + "-" + why);
    CHECK(told_of("sum(h) > 0") == refused + "sum" + why);
    CHECK(told_of("x * on () h") == refused + "*" + why);
    CHECK(told_of("last_over_time(h[5m])") == refused + "its result may be native histograms, which no rule here can give\n");
}

TEST_CASE("rules about there being nothing are evaluated although there is nothing", "[rules][rule_test]") {
    Folder folder(R"(rule_files: [rules.yml]
tests:
- promql_expr_test: [{expr: ALERTS, eval_time: 1m,
    exp_samples: [{labels: 'ALERTS{alertname="Quiet", alertstate="firing"}', value: 1}]}]
)");
    CHECK(folder.told() == "passed");
}

TEST_CASE("a file without a test is no error, and is told", "[rules][rule_test]") {
    for (const char* text : {"rule_files: [rules.yml]\ntests: []\n", "rule_files: [rules.yml]\n"}) {
        Folder folder(text);
        CHECK(folder.told() == "/t/test.yml: warning: no test is in this file\n");
        CHECK(folder.run().passed());
    }
}

TEST_CASE("only the tests that are asked for run", "[rules][rule_test]") {
    Folder folder("tests: [{name: one}, {name: two}, {name: twenty}]\n");
    RuleTestOptions options;
    options.run = *Regex::compile("^tw", Regex::Anchoring::None);
    const RuleTestReport report = folder.run(options);
    REQUIRE(report.tests.size() == 2);
    CHECK(report.tests[0].name == "two");
    CHECK(report.tests[1].name == "twenty");
}

TEST_CASE("coverage tells which rules and which sides of set operators were exercised", "[rules][rule_test]") {
    Folder folder(backlog_test("  alert_rule_test: [{eval_time: 5m, alertname: Backlog}]\n"));
    RuleTestOptions options;
    options.coverage = true;
    const RuleTestReport report = folder.run(options);
    REQUIRE(report.coverage.size() == 3);
    CHECK(report.coverage[0].gave_result);
    CHECK(report.coverage[1].gave_result);
    CHECK_FALSE(report.coverage[1].fired);
    CHECK_FALSE(report.coverage[2].gave_result);
    REQUIRE(report.coverage[2].branches.size() == 2);
    CHECK(report.coverage[2].branches[0].text == "absent(backlog)");
    CHECK(report.coverage[2].branches[0].op == "or");
    CHECK_FALSE(report.coverage[2].branches[0].gave_result);
}

TEST_CASE("what was seen is written over what was expected", "[rules][rule_test]") {
    Folder folder(backlog_test(R"(  alert_rule_test:
  - eval_time: 8m
    alertname: Backlog
    exp_alerts:
    - exp_labels:
        severity: ticket

  # A remark that stays.
  - eval_time: 3m
    alertname: Backlog
    exp_alerts: [{}]
  - eval_time: 9m
    alertname: Backlog
  promql_expr_test:
  - expr: backlog * 2
    eval_time: 3m
    exp_samples:
      - value: 4
)"));
    const auto updated = update_expectations(folder.disk, folder.run());
    REQUIRE(updated.has_value());
    CHECK(updated->written == 4);
    CHECK(folder.told() == "passed");
    const auto text = read_file(folder.disk, "/t/test.yml");
    REQUIRE(text.has_value());
    CHECK(text->find(R"(    exp_alerts:
      - exp_labels: {job: "mail", severity: "page"}
        exp_annotations:
          summary: "mail has 150"

  # A remark that stays.
  - eval_time: 3m
    alertname: Backlog
    exp_alerts: []
)") != std::string::npos);
}

TEST_CASE("comments among expectations stay when those are written over", "[rules][rule_test]") {
    Folder folder(backlog_test(R"(  alert_rule_test:
  - eval_time: 8m
    alertname: Backlog
    exp_alerts:  # what ops see
# once there was more here
      # the one that counts
      - exp_labels: {severity: "a # b"}  # was ticket
        exp_annotations:
          # never empty
          summary: |
            # 1 of them
      # no other
    # of the case
  - exp_alerts: [{}]  # none
    eval_time: 3m
    alertname: Backlog
)"));
    const auto updated = update_expectations(folder.disk, folder.run());
    REQUIRE(updated.has_value());
    CHECK(updated->written == 2);
    CHECK(folder.told() == "passed");
    const std::string text = *read_file(folder.disk, "/t/test.yml");
    INFO(text);
    CHECK(text.find(R"(    exp_alerts: # what ops see
      # once there was more here
      # the one that counts
      # was ticket
      # never empty
      - exp_labels: {job: "mail", severity: "page"}
        exp_annotations:
          summary: "mail has 150"
      # no other
    # of the case
  - exp_alerts: [] # none
    eval_time: 3m
)") != std::string::npos);
}

TEST_CASE("windows that fail are left alone, by name and place, and go on to fail", "[rules][rule_test]") {
    const std::string cases =
        "  alert_rule_test:\n"
        "  - {never: 5m..9m, alertname: Backlog}\n"
        "  - within: 0s..1m\n    alertname: Backlog\n    exp_alerts:\n    - exp_labels: {severity: page}\n"
        "  - throughout: 0s..9m\n    alertname: Backlog\n    exp_alerts:\n    - exp_labels: {severity: page}\n"
        "  - {eval_time: 8m, alertname: Backlog}\n";
    Folder folder(backlog_test(cases));
    const auto updated = update_expectations(folder.disk, folder.run());
    REQUIRE(updated.has_value());
    CHECK(updated->written == 0);
    std::vector<std::string> left;
    for (const Diagnostic& one : updated->left) left.push_back(to_string(one));
    const std::string why = "it says what must be, and not what was seen once; change the case, or the rule";
    CHECK(left == std::vector<std::string>{
                      "/t/test.yml:7:5: warning: left alone: alert Backlog firing never in 5m..9m: " + why,
                      "/t/test.yml:8:5: warning: left alone: alert Backlog firing within 0s..1m: " + why,
                      "/t/test.yml:12:5: warning: left alone: alert Backlog firing throughout 0s..9m: " + why,
                      "/t/test.yml:16:5: warning: left alone: alert Backlog firing at 8m: its expectation is not in YAML's "
                      "block style, a key and its list on lines of their own"});
    CHECK(*read_file(folder.disk, "/t/test.yml") == backlog_test(cases));
    CHECK_FALSE(folder.run().passed());
}

TEST_CASE("an update ends its lines as the file does", "[rules][rule_test]") {
    const std::string crlf = "\r\n";
    const auto with_crlf = [&](const std::string& text) {
        const auto lines = split(text, '\n');
        return join(std::vector<std::string>(lines.begin(), lines.end()), crlf);
    };
    const std::string cases =
        "  alert_rule_test:\n  - eval_time: 8m\n    alertname: Backlog\n    exp_alerts:\n"
        "    - exp_labels: {severity: ticket}\n\n    # about the second one\n    - exp_labels: {severity: none}\n";
    Folder folder(with_crlf(backlog_test(cases)));
    const auto updated = update_expectations(folder.disk, folder.run());
    REQUIRE(updated.has_value());
    CHECK(updated->written == 1);
    CHECK(folder.told() == "passed");
    CHECK(*read_file(folder.disk, "/t/test.yml") ==
          with_crlf(backlog_test("  alert_rule_test:\n  - eval_time: 8m\n    alertname: Backlog\n    exp_alerts:\n"
                                 "      - exp_labels: {job: \"mail\", severity: \"page\"}\n"
                                 "        exp_annotations:\n"
                                 "          summary: \"mail has 150\"\n"
                                 "      # about the second one\n")));
}

TEST_CASE("an update that would break the file writes nothing", "[rules][rule_test]") {
    const std::string cases =
        "  alert_rule_test:\n  - eval_time: 8m\n    alertname: Backlog\n    exp_alerts: [\n      {}\n    ]\n";
    Folder folder(backlog_test(cases));
    const auto updated = update_expectations(folder.disk, folder.run());
    REQUIRE_FALSE(updated.has_value());
    CHECK(updated.error().message.find("nothing is written, for it would be no YAML any more: /t/test.yml:") == 0);
    CHECK(*read_file(folder.disk, "/t/test.yml") == backlog_test(cases));
}

TEST_CASE("a mistake in one test hides none in another one, nor in what the file names", "[rules][rule_test]") {
    Folder folder(
        "rule_files: [rules.yml, gone.yml]\n"
        "tests:\n"
        "- name: bad\n"
        "  input_serie: []\n"
        "  promql_expr_test: [{expr: rat(x), eval_time: 1m}]\n"
        "  notification_test: [{eval_time: 1m, receiver: a}]\n"
        "- name: good\n"
        "  alert_rule_test: [{eval_time: 1m, alertname: Backlogg}, {eval_time: 1m}]\n"
        "fixtures: [none.tcr]\n"
        "alertmanager_config_file: none.yml\n");
    const auto places = [&] {
        std::vector<std::string> told;
        for (const Diagnostic& problem : folder.run().problems) {
            CHECK(problem.severity == Severity::Error);
            told.push_back(std::to_string(problem.where.line) + ":" + std::to_string(problem.where.column));
        }
        return told;
    };
    // Where not all rules are known, no name is unknown.
    CHECK(places() == std::vector<std::string>{"1:25", "4:3", "5:29", "8:59", "9:12", "10:27"});
    folder.disk.put("/t/gone.yml", "");
    CHECK(places() == std::vector<std::string>{"4:3", "5:29", "8:21", "8:59", "9:12", "10:27"});
}

TEST_CASE("what is wrong with rules is told once, however many steps read them again", "[rules][rule_test]") {
    Folder folder(
        "rule_files: [rules.yml, gone.yml]\n"
        "tests:\n- steps: [{at: 1m, reload: {rules.yml: rules.yml}}, {at: 2m, reload: {rules.yml: ~}}]\n"
        "  alert_rule_test: [{eval_time: 5m, alertname: Backlog}]\n");
    folder.disk.put("/t/rules.yml", "groups: [{name: g, rules: [{alert: A, expr: rat(x)}]}]\n");
    CHECK(folder.told() ==
          "/t/test.yml:1:25: there is no rule file /t/gone.yml\n"
          "/t/rules.yml:1:45: could not parse expression: unknown function with name \"rat\"\n");
}

TEST_CASE("several mistakes at one place are told once each, however often they are found", "[rules][rule_test]") {
    Folder folder(
        "rule_files: [rules.yml]\n"
        "tests:\n- steps: [{at: 1m, reload: {rules.yml: rules.yml}}]\n"
        "  alert_rule_test: [{eval_time: 5m, alertname: A}]\n");
    folder.disk.put("/t/rules.yml", "groups: [{name: g, rules: [{}]}]\n");
    CHECK(folder.told() ==
          "/t/rules.yml:1:28: one of 'record' or 'alert' must be set\n"
          "/t/rules.yml:1:28: field 'expr' must be set in rule\n");
}

TEST_CASE("a test may name a rule file with a backslash in its name", "[rules][rule_test]") {
    Folder folder(
        "rule_files: ['a\\\\b.yml']\n"
        "tests:\n- promql_expr_test: [{expr: vector(1), exp_samples: [{value: 1}]}]\n");
    folder.disk.put("/t/a\\b.yml", "groups: []\n");
    CHECK(folder.told() == "passed");
}

TEST_CASE("a rule file that a test names in two ways is read once", "[rules][rule_test]") {
    Folder folder(
        "rule_files: [./rules.yml, rules.yml, ../t/rules.yml]\n"
        "tests:\n- steps: [{at: 1m, reload: {./rules.yml: ~}}]\n"
        "  alert_rule_test:\n"
        "  - {eval_time: 5m, alertname: Quiet}\n"
        "  - {eval_time: 0m, alertname: Quiet, exp_alerts: [{}]}\n");
    CHECK(folder.told() == "passed");
}
