#include "notifiers/preview.h"

#include "base/json.h"
#include "base/virtual_scheduler.h"
#include "notifiers/masking.h"
#include "notifiers/receiver_field.h"
#include "notifiers/sample_notification.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

namespace tocsin {
namespace {

constexpr const char* kFile = R"(route: {receiver: all}
receivers:
- name: all
  webhook_configs:
  - url: 'http://r/S3CRET/{{ .GroupLabels.alertname }}'
  - url_file: /etc/am/url
    max_alerts: 1
  slack_configs:
  - api_url: https://hooks.slack.com/S3CRET
    fields: [{title: one, value: '{{ len .Alerts }}'}]
    http_config: {authorization: {credentials: S3CRET}}
  pagerduty_configs:
  - routing_key: S3CRET
    send_resolved: false
    details: {more: '{{ .CommonLabels.severity }}'}
)";

AlertmanagerConfig parse(const std::string& text) {
    auto config = parse_alertmanager_config(text, "am.yml");
    if (!config) FAIL(to_string(config.error().front()));
    return *std::move(config);
}

Notification notification() {
    Notification made;
    made.now = from_unix_ms(1'700'000'000'000);
    made.data = sample_notification(made.now);
    made.group_key = "{}:{}";
    return made;
}

std::string all_of(const HttpRequest& message) {
    std::string text = message.url + message.body;
    for (const HttpHeader& header : message.headers) text += header.value;
    return text;
}

TEST_CASE("where a token is needed the message is shown, and nobody is asked for one", "[notifiers][preview]") {
    const AlertmanagerConfig config = parse(R"(route: {receiver: all}
receivers:
- name: all
  webhook_configs:
  - url: http://r/hook
    http_config: {oauth2: {client_id: id, client_secret: S3CRET, token_url: 'http://login/token'}}
)");
    fakes::FakeDisk disk;
    const VirtualScheduler clock;
    const auto shown = preview(config.receivers[0], config, notification(), clock, disk);
    REQUIRE(shown.size() == 1);
    REQUIRE(shown[0].request);
    CHECK(shown[0].request->url == "http://r/hook");
    CHECK(find_header(shown[0].request->headers, "Authorization") == "Bearer token");
    CHECK(all_of(*shown[0].request).find("S3CRET") == std::string::npos);
}

TEST_CASE("each integration of a receiver shows the request that it would send", "[notifiers][preview]") {
    const AlertmanagerConfig config = parse(kFile);
    fakes::FakeDisk disk;
    disk.put("/etc/am/url", "http://r/from-file");
    const VirtualScheduler clock;
    const auto shown = preview(config.receivers[0], config, notification(), clock, disk);
    REQUIRE(shown.size() == 4);
    std::map<std::string, HttpRequest> messages;
    for (const auto& one : shown) {
        INFO(one.integration);
        REQUIRE(one.request);
        CHECK(one.template_error.empty());
        messages[one.integration] = *one.request;
    }
    CHECK(messages["webhook[0]"].url == "http://r/S3CRET/HighErrorRate");
    CHECK(messages["webhook[1]"].url == "http://r/from-file");
    CHECK(parse_json(messages["webhook[1]"].body)->at("truncatedAlerts").as_integer() == 2);
    const Json slack = parse_json(messages["slack[0]"].body).value();
    // Slack is told of what fires only, unless it is asked for more: two of the three.
    CHECK(slack.at("attachments").at(0).at("fields").at(0).at("value").as_string() == "2");
    const Json event = parse_json(messages["pagerduty[0]"].body).value();
    CHECK(event.at("routing_key").as_string() == "S3CRET");
    CHECK(event.at("payload").at("custom_details").at("more").as_string() == "critical");
    CHECK(event.at("payload").at("custom_details").at("num_resolved").as_integer() == 0);
}

TEST_CASE("the masked configuration shows no secret", "[notifiers][preview]") {
    const auto config = read_masked(parse(kFile));
    REQUIRE(config);
    const VirtualScheduler clock;
    for (const auto& shown : preview_masked(config->receivers[0], *config, notification(), clock)) {
        INFO(shown.integration);
        REQUIRE(shown.request);
        CHECK(all_of(*shown.request).find("S3CRET") == std::string::npos);
        CHECK(all_of(*shown.request).find("<secret>") != std::string::npos);
    }
}

TEST_CASE("an integration that does not send what is resolved says so", "[notifiers][preview]") {
    const AlertmanagerConfig config = parse(kFile);
    Notification resolved = notification();
    for (auto& alert : resolved.data.alerts) alert.status = "resolved";
    const VirtualScheduler clock;
    fakes::FakeDisk disk;
    const auto shown = preview(config.receivers[0], config, resolved, clock, disk);
    const auto pagerduty =
        std::find_if(shown.begin(), shown.end(), [](const auto& m) { return m.integration == "pagerduty[0]"; });
    REQUIRE(pagerduty != shown.end());
    REQUIRE_FALSE(pagerduty->request);
    CHECK(pagerduty->request.error().message == "nothing is sent: no alert fires and send_resolved is false");
}

TEST_CASE("a template that fails shows the plain facts and the error", "[notifiers][preview]") {
    const AlertmanagerConfig config = parse(
        "route: {receiver: r}\nreceivers:\n- name: r\n  slack_configs:\n  - {api_url: 'http://x', title: '{{ .Nope "
        "}}'}\n");
    const VirtualScheduler clock;
    const auto shown = preview_masked(config.receivers[0], config, notification(), clock);
    REQUIRE(shown.size() == 1);
    REQUIRE(shown[0].request);
    CHECK(shown[0].template_error.find("can't evaluate field Nope") != std::string::npos);
    CHECK(shown[0].request->body.find("HighErrorRate") != std::string::npos);
}

struct FieldCase {
    std::string path;
    std::string want;
};

TEST_CASE("a field of a receiver is found by its path", "[notifiers][preview]") {
    const auto root = parse_yaml(R"(receivers:
- name: one
  email_configs:
  - to: a@example.org
    html: '<b>{{ .Status }}</b>'
    headers: {From: me}
- name: all
  slack_configs:
  - title: first
    fields: [{title: f0}, {title: f1}]
  - title: second
  pagerduty_configs:
  - details: {a: {b: deep}}
    client:
)",
                                 "am.yml");
    REQUIRE(root);
    const auto find = [&](std::string_view receiver, const std::string& path) -> std::string {
        const auto found = find_receiver_field(*root, {}, receiver, path);
        if (!found) return "error: " + found.error().message;
        return (found->is_html ? "html: " : "") + found->text;
    };
    const auto c = GENERATE(values<FieldCase>({
        {"slack_configs[0].title", "first"},
        {"slack_configs[1].title", "second"},
        {"slack_configs.title", "first"},
        {"slack_configs[0].fields[1].title", "f1"},
        {"slack_configs.fields.title", "f0"},
        {"pagerduty_configs[0].details.a.b", "deep"},
        {"slack_configs[0].title_link", "{{ template \"slack.default.titlelink\" . }}"},
        {"pagerduty_configs.client", "{{ template \"pagerduty.default.client\" . }}"},
        {"pagerduty_configs.client_url", "{{ template \"pagerduty.default.clientURL\" . }}"},
        {"slack_configs[2].title", "error: receiver \"all\" has no slack_configs[2]"},
        {"slack_configs[x].title", "error: receiver \"all\" has no slack_configs[x]"},
        {"webhook_configs.url", "error: receiver \"all\" has no webhook_configs"},
        {"slack_configs.fields[7].title",
         "error: field \"slack_configs.fields[7].title\" is not given and has no default template"},
        {"pagerduty_configs.details.a", "error: field \"pagerduty_configs.details.a\" is no text"},
        {"title",
         "error: field \"title\" may be one of slack_configs, pagerduty_configs: put that in front, as in "
         "slack_configs[0].title"},
    }));
    CAPTURE(c.path);
    CHECK(find("all", c.path) == c.want);
    CHECK(find("one", "html") == "html: <b>{{ .Status }}</b>");
    CHECK(find("one", "headers.From") == "me");
    CHECK(find("one", "headers.Subject") == "{{ template \"email.default.subject\" . }}");
    CHECK(find("nobody", "html") == "error: there is no receiver \"nobody\"");
}

}  // namespace
}  // namespace tocsin
