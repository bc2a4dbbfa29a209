#include "parser/template/facts.h"

#include "tests/catch.h"
#include "tests/parser/template/rendering.h"

namespace tocsin::templates {
namespace {

struct FactCase {
    std::string_view text;
    std::string_view reason;  // of the only problem; empty for none
    TextSpan where;
};

void check(const TemplateFacts& facts, const FactCase& c) {
    INFO(c.text);
    if (c.reason.empty()) {
        CHECK(facts.problems.empty());
        return;
    }
    REQUIRE(facts.problems.size() == 1);
    CHECK(facts.problems[0].reason == c.reason);
    CHECK(facts.problems[0].where == c.where);
}

TEST_CASE("fields that notification data do not have are found without executing", "[parser][template]") {
    const std::initializer_list<FactCase> cases = {
        {"{{ .GroupLabel }}",
         "can't evaluate field GroupLabel in type *template.Data; did you mean GroupLabels",
         {3, 14}},
        {"{{ .GroupLabels.x.y }}", "can't evaluate field y in type string", {17, 19}},
        {"{{ range .Alerts }}{{ .Lables.x }}{{ end }}",
         "can't evaluate field Lables in type template.Alert; did you mean Labels",
         {22, 29}},
        {"{{ range $i, $a := .Alerts.Firing }}{{ $a.Nope }}{{ end }}",
         "can't evaluate field Nope in type template.Alert",
         {41, 46}},
        {"{{ .Alerts.Firing.Resolved }}", "can't evaluate field Resolved in type []template.Alert", {17, 26}},
        {"{{ with .Alerts }}{{ .Fring | len }}{{ end }}",
         "can't evaluate field Fring in type template.Alerts; did you mean Firing",
         {21, 27}},
        {"{{ (index .Alerts 0).Sttus }}",
         "can't evaluate field Sttus in type template.Alert; did you mean Status",
         {20, 26}},
        {"{{ (index .Alerts 0).StartsAt.Formt \"x\" }}",
         "can't evaluate field Formt in type time.Time; did you mean Format",
         {29, 35}},
        {"{{ template \"nope\" . }}", "template \"nope\" not defined", {12, 18}},
        {"{{ define \"t\" }}{{ .Nope }}{{ end }}{{ template \"t\" . }}",
         "can't evaluate field Nope in type *template.Data",
         {19, 24}},
        {"{{ template \"__text_alert_list\" .Alerts.Firing }}", "", {}},
        {"{{ toUpper }}", "wrong number of args for toUpper: want 1 got 0", {3, 10}},
        {"{{ \"a\" | toUpper | join }}", "wrong number of args for join: want 2 got 1", {19, 23}},
        {"{{ $x := .Alerts }}{{ $x = 1 }}{{ $x.Nope }}", "", {}},
        {"{{ (dict \"a\" 1).a.b.c }}{{ (list 1 2).x }}", "can't evaluate field x in type []interface {}", {37, 39}},
        {"{{ .CommonLabels.any }}{{ .CommonLabels.SortedPairs.Values }}{{ range .CommonLabels.SortedPairs }}{{ .Name "
         "}}{{ end }}",
         "",
         {}},
    };
    for (const FactCase& c : cases) {
        const auto compiled = NotificationTemplates().parse_text(c.text);
        REQUIRE(compiled);
        check(compiled->facts(), c);
    }
}

TEST_CASE("a mistake in a file is shown where the file's template is called", "[parser][template]") {
    const auto templates =
        NotificationTemplates::create({{"dir/own.tmpl", "{{ define \"own\" }}\n{{ .Nope }}{{ end }}"}});
    REQUIRE(templates);
    const auto facts = templates->parse_text("x {{ template \"own\" . }}").value().facts();
    REQUIRE(facts.problems.size() == 1);
    CHECK(facts.problems[0].name == "own");
    CHECK(facts.problems[0].message == "template: own.tmpl:2:3: can't evaluate field Nope in type *template.Data");
    CHECK(facts.problems[0].where == TextSpan{14, 19});
}

TEST_CASE("no default template uses what does not exist", "[parser][template]") {
    for (const std::string_view name :
         {"__subject", "__alertmanagerURL", "slack.default.fallback", "pagerduty.default.description",
          "opsgenie.default.description", "wechat.default.message", "victorops.default.state_message",
          "pushover.default.message", "telegram.default.message", "discord.default.message", "webex.default.message",
          "msteamsv2.default.text", "jira.default.description", "jira.default.priority", "sns.default.message",
          "email.default.html", "mattermost.default.fallback"}) {
        INFO(name);
        const auto compiled = NotificationTemplates().parse_html("{{ template \"" + std::string(name) + "\" . }}");
        REQUIRE(compiled);
        CHECK(compiled->facts().problems.empty());
    }
}

TEST_CASE("rule templates tell their mistakes, labels, queries and whether they show the value", "[parser][template]") {
    const auto facts = [](std::string_view text) { return RuleTemplate::parse("X", text).value().facts(); };
    const auto wrong = facts("{{ .Valeu }}");
    REQUIRE(wrong.problems.size() == 1);
    CHECK(wrong.problems[0].where == TextSpan{3, 9});
    CHECK_THAT(wrong.problems[0].reason, Catch::StartsWith("can't evaluate field Valeu in type struct {") &&
                                             Catch::EndsWith("did you mean Value"));

    const auto used = facts(
        "{{ $labels.job }}{{ .ExternalLabels.dc }}{{ index $labels \"a.b\" }}{{ with $labels }}{{ .team }}{{ end }}");
    REQUIRE(used.keys.size() == 4);
    CHECK(used.keys[0].map == "Labels");
    CHECK(used.keys[0].key == "job");
    CHECK(used.keys[0].where == TextSpan{10, 14});
    CHECK(used.keys[1].map == "ExternalLabels");
    CHECK(used.keys[2].key == "a.b");
    CHECK(used.keys[3].key == "team");
    CHECK_FALSE(used.uses_value);
    CHECK_FALSE(used.uses_query);

    CHECK(facts("{{ $value | humanize }}").uses_value);
    CHECK(facts("{{ if gt .Value 1.0 }}{{ end }}").uses_value);
    CHECK_FALSE(facts("{{ range query \"up\" }}{{ .Labels.x }}{{ end }}").uses_value);

    const auto queries = facts("{{ query \"up == 0\" | first | value }}{{ query (printf \"up\") }}");
    CHECK(queries.uses_query);
    REQUIRE(queries.queries.size() == 1);
    CHECK(queries.queries[0].expr == "up == 0");
    CHECK(queries.queries[0].where == TextSpan{9, 18});
}

TEST_CASE("templates that call each other are looked at once", "[parser][template]") {
    const auto compiled = NotificationTemplates().parse_text(
        "{{ define \"a\" }}{{ template \"b\" . }}{{ end }}{{ define \"b\" }}{{ template \"a\" . }}{{ .Nope }}{{ end "
        "}}{{ template \"a\" . }}");
    REQUIRE(compiled);
    CHECK(compiled->facts().problems.size() == 1);
}

}  // namespace
}  // namespace tocsin::templates
