#include "rules/rule_file.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>

#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

std::string all_of(const Diagnostics& found) {
    std::string text;
    for (const Diagnostic& one : found) text += fmt::format("{}{}", text.empty() ? "" : "\n", to_string(one));
    return text;
}

/// What is wrong with a file called `f`, one line each, or `ok`.
std::string problems_of(std::string_view text, const QueryOptions& options = {}) {
    const auto file = parse_rule_file(text, "f", options);
    return file ? "ok" : all_of(file.error());
}

std::string warnings_of(std::string_view text) {
    const auto file = parse_rule_file(text, "f", {});
    return file ? all_of(file->warnings) : "refused: " + all_of(file.error());
}

RuleFile parsed(std::string_view text) {
    const auto file = parse_rule_file(text, "f", {});
    INFO((file ? "" : all_of(file.error())));
    REQUIRE(file.has_value());
    return *file;
}

/// A file of one group with one rule; `lines` are those of the rule, from line 4 on.
std::string with_rule(std::string_view lines) {
    std::string text = "groups:\n- name: g\n  rules:\n";
    std::istringstream in{std::string(lines)};
    bool first = true;
    for (std::string line; std::getline(in, line); first = false) text += (first ? "  - " : "    ") + line + "\n";
    return text;
}

/// A file of one group; `lines` are those of the group behind its name, from line 3 on.
std::string with_group(std::string_view lines) {
    std::string text = "groups:\n- name: g\n";
    std::istringstream in{std::string(lines)};
    for (std::string line; std::getline(in, line);) text += "  " + line + "\n";
    return text;
}

std::string texts_of(const std::vector<RuleText>& texts) {
    std::string shown;
    for (const RuleText& text : texts) shown += fmt::format("{}{}={}", shown.empty() ? "" : " ", text.name, text.text);
    return shown;
}

}  // namespace

TEST_CASE("a rule file is read with all its fields", "[rules][rule_file]") {
    const RuleFile file = parsed(R"(groups:
- name: first
  interval: 30s
  query_offset: 1m
  limit: 10
  labels: {team: db, tier: "1"}
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
    labels: {tier: 2}
  - alert: Down
    expr: |
      job:up:sum
        < 1
    for: 1h30m
    keep_firing_for: 5m
    labels: {severity: page}
    annotations: {summary: "{{ $labels.job }} is down", count: 3, empty: }
- name: second
)");
    CHECK(file.path == "f");
    CHECK(file.warnings.empty());
    REQUIRE(file.groups.size() == 2);
    const RuleGroupDefinition& group = file.groups[0];
    CHECK(group.name == "first");
    CHECK(group.file == "f");
    CHECK(group.interval == 30s);
    CHECK(group.query_offset == 1min);
    CHECK(group.limit == 10);
    CHECK(group.where.line == 2);
    REQUIRE(group.rules.size() == 2);

    const RuleDefinition& recording = group.rules[0];
    CHECK(recording.kind == RuleDefinition::Kind::Recording);
    CHECK(recording.name == "job:up:sum");
    CHECK(texts_of(recording.labels) == "team=db tier=2");
    CHECK(!recording.labels[0].expansion.has_value());

    const RuleDefinition& alerting = group.rules[1];
    CHECK(alerting.kind == RuleDefinition::Kind::Alerting);
    CHECK(alerting.name == "Down");
    CHECK(alerting.expr_text == "job:up:sum\n  < 1\n");
    CHECK(alerting.expr != nullptr);
    CHECK(alerting.for_duration == 90min);
    CHECK(alerting.keep_firing_for == 5min);
    CHECK(texts_of(alerting.labels) == "severity=page team=db tier=1");
    CHECK(texts_of(alerting.annotations) == "count=3 empty= summary={{ $labels.job }} is down");
    CHECK(alerting.annotations[2].expansion.has_value());
    CHECK(alerting.where.line == 11);
    CHECK(alerting.expr_where.line == 12);

    CHECK(!file.groups[1].interval.has_value());
    CHECK(!file.groups[1].query_offset.has_value());
    CHECK(file.groups[1].limit == 0);
    CHECK(file.groups[1].rules.empty());
}

TEST_CASE("what says nothing is a rule file too", "[rules][rule_file]") {
    const auto text = GENERATE(as<std::string>{}, "", "# nothing\n", "{}\n", "---\n", "groups:\n", "groups: []\n",
                               "groups:\n- name: g\n  rules:\n", "groups:\n- name: g\n  rules: []\n",
                               "groups:\n- name: g\n  labels:\n  interval: ~\n  limit:\n");
    CAPTURE(text);
    CHECK(problems_of(text) == "ok");
}

TEST_CASE("an interval of 0 is the global one", "[rules][rule_file]") {
    CHECK(!parsed(with_group("interval: 0s")).groups[0].interval.has_value());
    CHECK(parsed(with_group("query_offset: 0s")).groups[0].query_offset == 0s);
}

TEST_CASE("a limit with a fraction is cut off as Prometheus cuts it, with a warning", "[rules][rule_file]") {
    const auto file = parse_rule_file("groups:\n- name: g\n  limit: 1.5\n", "f", {});
    REQUIRE(file.has_value());
    CHECK(file->groups.front().limit == 1);
    REQUIRE(file->warnings.size() == 1);
    CHECK(to_string(file->warnings.front()) == "f:3:10: warning: limit 1.5 counts as 1");
    CHECK_FALSE(parse_rule_file("groups:\n- name: g\n  limit: -1.5\n", "f", {}).has_value());
    CHECK_FALSE(parse_rule_file("groups:\n- name: g\n  limit: .nan\n", "f", {}).has_value());
}

TEST_CASE("what is wrong with a file or a group is told in Prometheus' words, with its place", "[rules][rule_file]") {
    struct Case {
        std::string text;
        const char* want;
    };
    const auto c = GENERATE(values<Case>({
        {"foo: 1\n", "f:1:1: field foo not found in rule file"},
        {"- a\n", "f:1:1: cannot read !!seq as rule file"},
        {"groups: {}\n", "f:1:9: groups is not a list; expected a list of rule groups"},
        {"groups: foo\n", "f:1:9: groups is not a list; expected a list of rule groups"},
        {"groups:\n- foo\n", "f:2:3: cannot read !!str `foo` as rule group"},
        {"groups:\n- rules: []\n", "f:2:3: Groupname must not be empty; expected `name:` in the group"},
        {"groups:\n- name: \"\"\n", "f:2:3: Groupname must not be empty; expected `name:` in the group"},
        {"groups:\n- name: [a]\n",
         "f:2:3: Groupname must not be empty; expected `name:` in the group\nf:2:9: cannot read !!seq as a string"},
        {"groups:\n- name: a\n- name: b\n- name: a\n", "f:4:3: groupname: \"a\" is repeated in the same file"},
        {"groups: []\n---\ngroups: []\n", "f:2:1: a second document begins here; expected one document a file"},
        {"groups:\n- name: \"\"\n  limit: ten\n---\ngroups: []\n",
         "f:2:3: Groupname must not be empty; expected `name:` in the group\n"
         "f:3:10: cannot read !!str `ten` as an integer\n"
         "f:4:1: a second document begins here; expected one document a file"},
        {"groups: []\ngroups: []\n---\ngroups: []\n",
         "f:2:1: mapping key \"groups\" already defined at line 1\n"
         "f:3:1: a second document begins here; expected one document a file"},
        {"groups: []\ngroups: []\n", "f:2:1: mapping key \"groups\" already defined at line 1"},
        {with_group("interval: 60"), "f:3:13: not a valid duration string: \"60\""},
        {with_group("interval: -1s"), "f:3:13: not a valid duration string: \"-1s\""},
        {with_group("interval: [1s]"), "f:3:13: cannot read !!seq as a string"},
        {with_group("query_offset: 1x"), "f:3:17: unknown unit \"x\" in duration \"1x\""},
        {with_group("limit: ten"), "f:3:10: cannot read !!str `ten` as an integer"},
        {with_group("limit: \"5\""), "f:3:10: cannot read !!str `5` as an integer"},
        {with_group("limit: -1"), "f:3:10: limit -1 is negative; expected 0 for none, or how many alerts or series"},
        {with_group("labels: [a]"), "f:3:11: labels is not a map; expected names with texts"},
        {with_group("labels:\n  __name__: a"), "f:4:5: invalid label name: __name__"},
        {with_group("labels:\n  a: [b]"), "f:4:8: labels 'a' is not a text; expected a text"},
        {with_group("rules: {}"), "f:3:10: rules is not a list; expected a list of rules"},
        {with_group("rules:\n- foo"), "f:4:5: cannot read !!str `foo` as rule"},
        {with_group("intervall: 1m"), "f:3:3: field intervall not found in rule group"},
        {with_group("concurrency: 2"), "f:3:3: field concurrency not found in rule group"},
    }));
    CAPTURE(c.text);
    CHECK(problems_of(c.text) == c.want);
}

TEST_CASE("what is wrong with a rule is told in Prometheus' words, with its place", "[rules][rule_file]") {
    struct Case {
        const char* rule;
        const char* want;
    };
    const auto c = GENERATE(values<Case>({
        {"expr: up", "f:4:5: one of 'record' or 'alert' must be set"},
        {"alert: \"\"\nexpr: up", "f:4:5: one of 'record' or 'alert' must be set"},
        {"alert:\nexpr: up", "f:4:5: one of 'record' or 'alert' must be set"},
        {"record: a\nalert: b\nexpr: up", "f:4:13: only one of 'record' and 'alert' must be set"},
        {"record: a{\nalert: b\nexpr: up\nfor: 1m\nlabels: {l: '{{ nope }}'}\nannotations: {s: '{{ $x }}'}",
         "f:4:13: only one of 'record' and 'alert' must be set\n"
         "f:4:13: braces present in the recording rule name; should it be in expr?: a{\n"
         "f:7:10: invalid field 'for' in recording rule\n"
         "f:8:21: label \"l\": template: __alert_b:1: function \"nope\" not defined\n"
         "f:9:18: invalid field 'annotations' in recording rule\n"
         "f:9:26: annotation \"s\": template: __alert_b:1: undefined variable \"$x\""},
        {"alert: [A]\nexpr: up", "f:4:12: cannot read !!seq as a string"},
        {"alert: A", "f:4:5: field 'expr' must be set in rule"},
        {"alert: A\nexpr:", "f:5:5: field 'expr' must be set in rule"},
        {"alert: A\nexpr: \"\"", "f:5:11: field 'expr' must be set in rule"},
        {"alert: A\nexpr: [up]", "f:5:11: cannot read !!seq as a string"},
        {"alert: A\nexpr: up[5m]",
         "f:5:11: rule result is of type range vector; expected an instant vector or a scalar"},
        {"alert: A\nexpr: '\"a\"'", "f:5:12: rule result is of type string; expected an instant vector or a scalar"},
        {"alert: A\nexpr: up\nfor: 5", "f:6:10: not a valid duration string: \"5\""},
        {"alert: A\nexpr: up\nfor: \"\"", "f:6:10: empty duration string"},
        {"alert: A\nexpr: up\nfor: 1h1h", "f:6:10: not a valid duration string: \"1h1h\""},
        {"alert: A\nexpr: up\nfor: {a: 1m}", "f:6:10: cannot read !!map as a string"},
        {"alert: A\nexpr: up\nkeep_firing_for: 300y", "f:6:22: duration out of range"},
        {"alert: A\nexpr: up\nlabels: [a]", "f:6:13: labels is not a map; expected names with texts"},
        {"alert: A\nexpr: up\nlabels:\n  \"\": b", "f:7:7: invalid label name: "},
        {"alert: A\nexpr: up\nlabels:\n  __name__: b", "f:7:7: invalid label name: __name__"},
        {"alert: A\nexpr: up\nlabels:\n  a: {b: c}", "f:7:10: labels 'a' is not a text; expected a text"},
        {"alert: A\nexpr: up\nannotations:\n  \"\": b", "f:7:7: invalid annotation name: "},
        {"alert: A\nexpr: up\nannotations: text", "f:6:18: annotations is not a map; expected names with texts"},
        {"alert: A\nexpr: up\nAlert: B", "f:6:5: field Alert not found in rule"},
        {"record: a{b=\"c\"}\nexpr: up",
         "f:4:13: braces present in the recording rule name; should it be in expr?: a{b=\"c\"}"},
        {"record: a\nexpr: up\nfor: 1m", "f:6:10: invalid field 'for' in recording rule"},
        {"record: a\nexpr: up\nkeep_firing_for: 1m", "f:6:22: invalid field 'keep_firing_for' in recording rule"},
        {"record: a\nexpr: up\nannotations: {b: c}", "f:6:18: invalid field 'annotations' in recording rule"},
        {"record: a\nexpr: up\nlabels:\n  __name__: b", "f:7:7: invalid label name: __name__"},
    }));
    CAPTURE(c.rule);
    CHECK(problems_of(with_rule(c.rule)) == c.want);
}

TEST_CASE("a mistake in an expression is told where it stands, whatever kind of scalar it is in",
          "[rules][rule_file]") {
    struct Case {
        const char* expr;
        const char* want;
    };
    const auto c = GENERATE(values<Case>({
        {"expr: sum(nofunc(up))", "f:5:15: could not parse expression: unknown function with name \"nofunc\""},
        {"expr: 'sum(nofunc(up))'", "f:5:16: could not parse expression: unknown function with name \"nofunc\""},
        {"expr: \"sum(\\tnofunc(up))\"", "f:5:18: could not parse expression: unknown function with name \"nofunc\""},
        {"expr: |\n  sum(\n    nofunc(up)\n  )",
         "f:7:9: could not parse expression: unknown function with name \"nofunc\""},
        {"expr: >-\n  sum(\n  nofunc(up)\n  )",
         "f:7:7: could not parse expression: unknown function with name \"nofunc\""},
        {"expr: |2-\n    # é\n    sum(nofunc(up))",
         "f:7:13: could not parse expression: unknown function with name \"nofunc\""},
        {"expr: |\n  rate(a)\n  +\n  rate(b)",
         "f:6:12: could not parse expression: expected type range vector in call to function \"rate\", got instant "
         "vector\n"
         "f:8:12: could not parse expression: expected type range vector in call to function \"rate\", got instant "
         "vector"},
    }));
    CAPTURE(c.expr);
    CHECK(problems_of(with_rule(std::string("alert: A\n") + c.expr)) == c.want);
}

TEST_CASE("a mistake in a template is told where it stands", "[rules][rule_file]") {
    struct Case {
        const char* rule;
        const char* want;
    };
    const auto c = GENERATE(values<Case>({
        {"annotations:\n  s: a {{ nofunc }}",
         "f:7:15: annotation \"s\": template: __alert_A:1: function \"nofunc\" not defined"},
        {"annotations:\n  s: |\n    a\n    b {{ nofunc }}",
         "f:9:14: annotation \"s\": template: __alert_A:2: function \"nofunc\" not defined"},
        {"labels:\n  s: '{{ nofunc }}'", "f:7:14: label \"s\": template: __alert_A:1: function \"nofunc\" not defined"},
    }));
    CAPTURE(c.rule);
    CHECK(problems_of(with_rule(std::string("alert: A\nexpr: up\n") + c.rule)) == c.want);
}

TEST_CASE("labels of recording rules are no templates", "[rules][rule_file]") {
    CHECK(problems_of(with_rule("record: a\nexpr: up\nlabels: {b: '{{ $x }}'}")) == "ok");
}

TEST_CASE("a bad template in a group's label is told once for all its rules", "[rules][rule_file]") {
    CHECK(problems_of("groups:\n- name: g\n  labels: {a: '{{ nofunc }}'}\n  rules:\n"
                      "  - {alert: A, expr: up}\n  - {alert: B, expr: up}\n") ==
          "f:3:19: label \"a\": template: __alert_A:1: function \"nofunc\" not defined");
}

TEST_CASE("everything that is wrong with a file is told at once, in its order", "[rules][rule_file]") {
    CHECK(problems_of(R"(groups:
- name: a
  foo: 1
  rules:
  - alert: A
    expr: sum(
    for: x
    labels: {__name__: a}
  - record: b
    expr: nofunc(up)
    for: 1m
- name: a
  rules:
  - expr: rate(up)
    bar: 2
)") == "f:3:3: field foo not found in rule group\n"
       "f:6:15: could not parse expression: unclosed left parenthesis\n"
       "f:7:10: not a valid duration string: \"x\"\n"
       "f:8:14: invalid label name: __name__\n"
       "f:10:11: could not parse expression: unknown function with name \"nofunc\"\n"
       "f:11:10: invalid field 'for' in recording rule\n"
       "f:12:3: groupname: \"a\" is repeated in the same file\n"
       "f:14:5: one of 'record' or 'alert' must be set\n"
       "f:14:16: could not parse expression: expected type range vector in call to function \"rate\", got instant "
       "vector\n"
       "f:15:5: field bar not found in rule");
}

TEST_CASE("the warnings of a bad rule file are told to those who ask", "[rules][rule_file]") {
    const std::string text = with_rule("alert: A\nexpr: up\nfor: 5\nannotations: {s: '{{ .Valeu }}'}");
    Diagnostics doubts;
    const auto file = parse_rule_file(text, "f", {}, doubts);
    REQUIRE(!file.has_value());
    CHECK(all_of(file.error()) == "f:6:10: not a valid duration string: \"5\"");
    REQUIRE(doubts.size() == 1);
    CHECK(doubts[0].severity == Severity::Warning);
    CHECK(doubts[0].where.line == 7);
}

TEST_CASE("a key that is nearly known comes with a hint", "[rules][rule_file]") {
    const auto file = parse_rule_file(with_group("intervall: 1m"), "f", {});
    REQUIRE(!file.has_value());
    CHECK(file.error().front().hint == "did you mean `interval`?");
}

TEST_CASE("names may be any UTF-8", "[rules][rule_file]") {
    CHECK(problems_of(with_rule(
              "alert: \"Hohe Last: é 高\"\nexpr: up\nlabels: {\"a.b\": c}\nannotations: {\"x y\": z}")) == "ok");
    CHECK(problems_of(with_rule("record: \"a.b c\"\nexpr: up")) == "ok");
}

TEST_CASE("an alerting rule may have a record field without a name", "[rules][rule_file]") {
    CHECK(problems_of(with_rule("alert: A\nrecord: null\nexpr: up\nfor: 1m")) == "ok");
    CHECK(problems_of(with_rule("alert: A\nrecord: ''\nexpr: up\nfor: 1m")) == "ok");
}

TEST_CASE("features of the language are as they are switched", "[rules][rule_file]") {
    const std::string text = with_rule("record: a\nexpr: mad_over_time(up[5m])");
    CHECK(problems_of(text) == "f:5:11: could not parse expression: function \"mad_over_time\" is not enabled");
    QueryOptions options;
    options.features.experimental_functions = true;
    CHECK(problems_of(text, options) == "ok");
}

TEST_CASE("what is doubtful is a warning", "[rules][rule_file]") {
    struct Case {
        std::string text;
        const char* want;
    };
    const auto c = GENERATE(values<Case>({
        {"groups:\n-\n", "f:2:1: warning: an entry without a rule group"},
        {with_group("rules:\n-"), "f:4:3: warning: an entry without a rule"},
        {with_group("rules:\n- {record: a, expr: up}\n- {alert: B, expr: up}\n- {record: a, expr: down}"),
         "f:6:5: warning: a is defined again with the same labels; the first one is in line 4"},
        {"groups:\n- {name: a, rules: [{alert: A, expr: up}]}\n- {name: b, rules: [{alert: A, expr: up}]}\n",
         "f:3:21: warning: A is defined again with the same labels; the first one is in line 2"},
        {with_group("rules:\n- {alert: A, expr: up, labels: {s: a}}\n- {alert: A, expr: up, labels: {s: b}}"), ""},
        {with_rule("alert: A\nexpr: up\nannotations:\n  s: '{{ query \"nofunc(up)\" }}'"),
         "f:7:20: warning: annotation \"s\" of A: query: unknown function with name \"nofunc\""},
    }));
    CAPTURE(c.text);
    CHECK(warnings_of(c.text) == c.want);
}

TEST_CASE("a field that no template has is a warning at its place", "[rules][rule_file]") {
    const auto file = parsed(with_rule("alert: A\nexpr: up\nannotations:\n  s: |\n    a\n    {{ .Valeu }}"));
    REQUIRE(file.warnings.size() == 1);
    CHECK(file.warnings[0].check == "template/field");
    CHECK(file.warnings[0].where.line == 9);
    CHECK(file.warnings[0].message.find("Valeu") != std::string::npos);
}

TEST_CASE("a label that the expression can never give is a warning at its place", "[rules][rule_file]") {
    struct Case {
        std::string_view lines;
        std::string_view want;
    };
    const auto c = GENERATE(values<Case>({
        {"alert: A\nexpr: sum by (job) (up)\nannotations:\n  s: '{{ $labels.job }} {{ $labels.pod }}'",
         "f:7:39: warning: annotation \"s\" of A: the expression can never give the label \"pod\"; it gives only job"},
        {"alert: A\nexpr: sum(up)\nlabels:\n  s: '{{ index $labels \"pod\" }}'",
         "f:7:28: warning: label \"s\" of A: the expression can never give the label \"pod\""},
        {"alert: A\nexpr: sum without (pod) (up)\nannotations:\n  s: |\n    first line\n\n    of {{ .Labels.pod }}",
         "f:10:22: warning: annotation \"s\" of A: the expression can never give the label \"pod\""},
        {"alert: A\nexpr: sum(up)\nannotations:\n  s: >-\n    folded\n    {{ with $labels }}{{ .pod }}{{ end }}",
         "f:9:30: warning: annotation \"s\" of A: the expression can never give the label \"pod\""},
        {"alert: A\nexpr: sum(up)\nannotations:\n  s: '{{ range query \"up\" }}{{ .Labels.pod }}{{ end }}'", ""},
        {"alert: A\nexpr: sum(up)\nannotations:\n  s: '{{ $externalLabels.pod }}'", ""},
        {"alert: A\nexpr: up\nannotations:\n  s: '{{ $labels.pod }}'", ""},
    }));
    CAPTURE(c.lines);
    CHECK(warnings_of(with_rule(c.lines)) == c.want);
}

TEST_CASE("a group's label is held against each of its rules", "[rules][rule_file]") {
    CHECK(warnings_of(with_group("labels: {s: '{{ $labels.pod }}'}\nrules:\n- {alert: A, expr: up}\n"
                                 "- {alert: B, expr: sum(up)}\n- {record: c, expr: sum(up)}")) ==
          "f:3:26: warning: label \"s\" of B: the expression can never give the label \"pod\"");
}

TEST_CASE("the rules of ironforge load as they are", "[rules][rule_file]") {
    std::ifstream in(std::string(TOCSIN_SOURCE_DIR) + "/examples/ironforge/alerts.yml", std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    const RuleFile file = parsed(text.str());
    CHECK(file.warnings.empty());
    REQUIRE(file.groups.size() == 1);
    CHECK(file.groups[0].name == "ironforge_backend");
    CHECK(file.groups[0].interval == 30s);
    REQUIRE(file.groups[0].rules.size() == 5);
    CHECK(file.groups[0].rules[2].name == "DatabasePoolExhausted");
    CHECK(file.groups[0].rules[2].for_duration == 2min);
    CHECK(texts_of(file.groups[0].rules[0].annotations) == "description=过去5分钟错误率超过5% summary=高错误率检测");
}
