#include "parser/template/notification_template.h"

#include "tests/catch.h"
#include "tests/parser/template/rendering.h"

namespace tocsin::templates {
namespace {

TEST_CASE("the default messages read as Alertmanager's", "[parser][template]") {
    const std::initializer_list<RenderCase> cases = {
        {"{{template \"__subject\" .}}", "[FIRING:1] DiskFull (storage)"},
        {"{{template \"slack.default.fallback\" .}}",
         "[FIRING:1] DiskFull (storage) | http://am.example.org/#/alerts?receiver=team"},
        {"{{template \"slack.default.color\" .}}", "danger"},
        {"{{template \"pagerduty.default.client\" .}}", "Alertmanager"},
        {"{{template \"pagerduty.default.instances\" .Alerts.Firing}}",
         "Labels:\n - alertname = DiskFull\n - instance = a:1\n - team = storage\nAnnotations:\n - summary = it's "
         "<full>\nSource: http://prom/g?a=1&b=2\n"},
        {"{{template \"opsgenie.default.description\" .}}",
         "it's <full>\nAlerts Firing:\nLabels:\n - alertname = DiskFull\n - instance = a:1\n - team = "
         "storage\nAnnotations:\n"
         " - summary = it's <full>\nSource: http://prom/g?a=1&b=2\n\nAlerts Resolved:\nLabels:\n - alertname = "
         "DiskFull\n"
         " - instance = b:2\n - team = storage\nAnnotations:\n - summary = it's <full>\nSource: "
         "http://prom/g?a=1&b=2\n"},
        {"{{template \"msteams.default.text\" .}}",
         "\n\n# Alerts Firing:\n\nLabels:\n  - alertname = DiskFull\n  - instance = a:1\n  - team = "
         "storage\n\nAnnotations:\n"
         "  - summary = it's <full>\n\nSource: http://prom/g?a=1&b=2\n\n\n\n\n# Alerts Resolved:\n\nLabels:\n  - "
         "alertname = DiskFull\n"
         "  - instance = b:2\n  - team = storage\n\nAnnotations:\n  - summary = it's <full>\n\nSource: "
         "http://prom/g?a=1&b=2\n\n\n\n"},
    };
    for (const auto& [text, expected] : cases) {
        INFO(text);
        CHECK(render(text) == expected);
    }
}

TEST_CASE("a ticket's priority is that of the worst alert that fires", "[parser][template]") {
    const auto priority = [](std::initializer_list<std::pair<const char*, const char*>> alerts) {
        NotificationData data;
        for (const auto& [status, severity] : alerts) {
            NotificationAlert& alert = data.alerts.emplace_back();
            alert.status = status;
            alert.labels = {{"severity", severity}};
        }
        return NotificationTemplates()
            .parse_text("{{template \"jira.default.priority\" .}}")
            .value()
            .expand(data, {})
            .value();
    };
    CHECK(priority({{"firing", "warning"}, {"firing", "critical"}, {"firing", "info"}}) == "High");
    CHECK(priority({{"firing", "info"}, {"firing", "warning"}, {"resolved", "critical"}}) == "Medium");
    CHECK(priority({{"firing", "info"}}) == "Low");
    CHECK(priority({{"resolved", "critical"}}) == "High");
    CHECK(priority({{"firing", "page"}}).empty());
    CHECK(priority({}).empty());
}

TEST_CASE("the default mail is whole and escaped", "[parser][template]") {
    const std::string mail = render_html("{{ template \"email.default.html\" . }}");
    CHECK_THAT(mail, Catch::StartsWith("<!DOCTYPE html>"));
    for (const char* part : {"2 alerts for alertname=DiskFull", "#e6522c", "[1] Firing", "[1] Resolved",
                             "it&#39;s &lt;full&gt;", "href=\"http://am.example.org/#/alerts?receiver=team\"",
                             "href=\"http://prom/g?a=1&amp;b=2\"", "View in Alertmanager", "</html>"}) {
        INFO(part);
        CHECK_THAT(mail, Catch::Contains(part));
    }
}

TEST_CASE("files add templates and replace default ones", "[parser][template]") {
    const auto templates =
        NotificationTemplates::create({{"/etc/a.tmpl", "{{ define \"own\" }}<{{ .Status }}>{{ end }}"},
                                       {"/etc/b.tmpl", "{{ define \"__subject\" }}mine{{ end }}file b"}});
    REQUIRE(templates);
    CHECK(render("{{ template \"own\" . }} {{ template \"slack.default.title\" . }}", *templates) == "<firing> mine");
    CHECK(render("{{ template \"b.tmpl\" . }}", *templates) == "file b");
    // No tag has a name that is computed.
    CHECK(render_html("{{ template \"own\" . }}", *templates) == "&lt;firing>");
    CHECK(render("{{ template \"own\" . }}") == "error: template \"own\" not defined");
}

TEST_CASE("the mistakes of all files are told", "[parser][template]") {
    const auto templates =
        NotificationTemplates::create({{"/etc/a.tmpl", "{{ nofunc }}"}, {"/etc/b.tmpl", "\n{{ end }}"}, {"c", "ok"}});
    REQUIRE_FALSE(templates);
    REQUIRE(templates.error().size() == 2);
    CHECK(templates.error()[0].name == "/etc/a.tmpl");
    CHECK(templates.error()[0].message == "template: a.tmpl:1: function \"nofunc\" not defined");
    CHECK(templates.error()[1].message == "template: b.tmpl:2: unexpected {{end}}");
}

TEST_CASE("what a field defines is seen by itself only", "[parser][template]") {
    const NotificationTemplates templates;
    CHECK(render("{{ define \"x\" }}1{{ end }}{{ template \"x\" }}", templates) == "1");
    CHECK(render("{{ template \"x\" }}", templates) == "error: template \"x\" not defined");
}

TEST_CASE("the data are written as JSON in Alertmanager's order", "[parser][template]") {
    NotificationData data = example_notification();
    data.alerts.resize(1);
    data.notification_reason = "first notification";
    const auto json = [&] {
        return NotificationTemplates().parse_text("{{ toJson . }}").value().expand(data, {}).value();
    };
    const std::string alert =
        R"({"status":"firing","labels":{"alertname":"DiskFull","instance":"a:1","team":"storage"},"annotations":{"summary":"it's \u003cfull\u003e"},)"
        R"("startsAt":"2024-03-10T01:59:30.5Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prom/g?a=1\u0026b=2","fingerprint":"0a1b2c3d4e5f6071"})";
    const std::string head =
        R"({"receiver":"team","status":"firing","alerts":[)" + alert +
        R"(],"notification_reason":"first notification","groupLabels":{"alertname":"DiskFull"},)"
        R"("commonLabels":{"alertname":"DiskFull","team":"storage"},"commonAnnotations":{"summary":"it's \u003cfull\u003e"},)";
    CHECK(json() == head + R"("externalURL":"http://am.example.org"})");
    data.route_labels = {{"a", "b"}};
    CHECK(json() == head + R"("routeLabels":{"a":"b"},"externalURL":"http://am.example.org"})");
}

TEST_CASE("a field without actions is known to be plain", "[parser][template]") {
    CHECK(NotificationTemplates().parse_text("#alerts").value().is_plain());
    CHECK(NotificationTemplates().parse_html("<b>x</b><!-- y -->").value().expand({}, {}).value() == "<b>x</b>");
    CHECK_FALSE(NotificationTemplates().parse_text("{{ .Status }}").value().is_plain());
}

}  // namespace
}  // namespace tocsin::templates
