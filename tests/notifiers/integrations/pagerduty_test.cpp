#include "tests/catch.h"
#include "tests/notifiers/integrations/integration_rig.h"

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::IntegrationRig;

void accept_all(IntegrationRig& rig) {
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::with_status(202, R"({"status":"success"})"); });
}

TEST_CASE("an event of PagerDuty's second API is Alertmanager's to the byte", "[notifiers][pagerduty]") {
    IntegrationRig rig("pagerduty_configs", "{routing_key: R0UT1NGKEY, url: 'http://r/v2'}");
    accept_all(rig);
    CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
    CHECK(rig.last_request().url == "http://r/v2");
    CHECK(rig.last_body() == tests::golden("pagerduty_v2.json"));
}

TEST_CASE("an event of PagerDuty's first API is Alertmanager's", "[notifiers][pagerduty]") {
    IntegrationRig rig("pagerduty_configs", "{service_key: S3RV1CE, routing_key: unused}");
    accept_all(rig);
    rig.send({IntegrationRig::example(true)});
    CHECK(rig.last_request().url == "http://r/v1");
    CHECK(rig.last_body() == tests::golden("pagerduty_v1.json"));
    rig.send({IntegrationRig::example(false)});
    CHECK(rig.last_json().at("event_type").as_string() == "resolve");
    CHECK(rig.last_json().find("client") == nullptr);
}

TEST_CASE("the first API is at a fixed place unless a test moves it", "[notifiers][pagerduty]") {
    IntegrationRig rig("pagerduty_configs", "{service_key: S3RV1CE}", "global: {pagerduty_url: 'http://elsewhere/'}");
    accept_all(rig);
    NotifierContext context{rig.http,   rig.mail, rig.disk, rig.scheduler, rig.random, rig.config.templates,
                            "tocsin/1", {}};
    rig.receiver = make_receiver(rig.config.receivers.front(), context);
    rig.send({IntegrationRig::example(true)});
    CHECK(rig.last_request().url == "https://events.pagerduty.com/generic/2010-04-15/create_event.json");
}

TEST_CASE("an incident is triggered while anything fires and resolved after that", "[notifiers][pagerduty]") {
    IntegrationRig rig("pagerduty_configs", "{routing_key: k, url: 'http://r/v2'}");
    accept_all(rig);
    const auto action = [&](const std::vector<FlushAlert>& alerts) {
        rig.send(alerts);
        return rig.last_json().at("event_action").as_string();
    };
    CHECK(action({IntegrationRig::example(true), IntegrationRig::example(false, "b:1")}) == "trigger");
    CHECK(action({IntegrationRig::example(false), IntegrationRig::example(false, "b:1")}) == "resolve");
}

TEST_CASE("optional members of an event are there when they say something", "[notifiers][pagerduty]") {
    IntegrationRig rig("pagerduty_configs",
                       R"({routing_key: '{{ .GroupLabels.cluster }}-key', url: 'http://r/v2', client: c,
      client_url: '', description: d, source: '{{ .CommonLabels.instance }}', severity: '{{ .CommonLabels.severity }}',
      class: cl, component: co, group: g, details: {firing: short, nested: {count: '{{ len .Alerts }}', s: '{{ .Status }}'}},
      images: [{src: s, alt: a, href: h}, {alt: dropped}], links: [{href: h, text: '{{ .Status }}'}, {text: dropped}]})");
    accept_all(rig);
    rig.send({IntegrationRig::example(true)});
    CHECK(rig.last_body() == tests::golden("pagerduty_v2_all_members.json"));
}

TEST_CASE("an event that is too large loses its details, once", "[notifiers][pagerduty]") {
    const std::string key = GENERATE("routing_key", "service_key");
    IntegrationRig rig("pagerduty_configs",
                       "{" + key + ": k, url: 'http://r/v2', details: {big: '" + std::string(520'000, 'x') + "'}}");
    accept_all(rig);
    rig.send({IntegrationRig::example(true)});
    CHECK(rig.last_body().size() < 2000);
    const Json json = rig.last_json();
    const Json& details = key == "routing_key" ? json.at("payload").at("custom_details") : json.at("details");
    CHECK(details.at("error").as_string() ==
          "Custom details have been removed because the original event exceeds the maximum size of 512KB");
}

TEST_CASE("a summary is cut to 1024 characters", "[notifiers][pagerduty]") {
    IntegrationRig rig("pagerduty_configs",
                       "{routing_key: k, url: 'http://r/v2', description: '" + std::string(3000, 'y') + "'}");
    accept_all(rig);
    rig.send({IntegrationRig::example(true)});
    CHECK(rig.last_json().at("payload").at("summary").as_string() == std::string(1023, 'y') + "…");
}

TEST_CASE("a template that fails leaves an event with plain facts", "[notifiers][pagerduty]") {
    IntegrationRig rig("pagerduty_configs", "{routing_key: k, url: 'http://r/v2', description: '{{ .Nope }}'}");
    accept_all(rig);
    const Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.kind == Outcome::Kind::Delivered);
    CHECK_FALSE(outcome.template_error.empty());
    const Json payload = rig.last_json().at("payload");
    CHECK(payload.at("summary").as_string() == "[FIRING:1] alertname=HighErr cluster=eu");
    CHECK(payload.at("custom_details").at("template_error").as_string() == outcome.template_error);
}

TEST_CASE("without a key there is nobody to tell", "[notifiers][pagerduty]") {
    const auto message = [](const std::string& integration) {
        IntegrationRig rig("pagerduty_configs", integration);
        rig.disk.put("/etc/am/empty", "\n");
        const Outcome outcome = rig.send({IntegrationRig::example(true)});
        CHECK(outcome.kind == Outcome::Kind::Failed);
        return outcome.message;
    };
    CHECK(message("{routing_key: '{{ .GroupLabels.nope }}'}") == "routing key cannot be empty");
    CHECK(message("{service_key_file: empty}") == "service key cannot be empty");
    CHECK(message("{routing_key: 'S3CRET{{ .Nope }}'}") == "routing key: template cannot be executed");
}

TEST_CASE("keys may be in files", "[notifiers][pagerduty]") {
    IntegrationRig rig("pagerduty_configs", "{routing_key_file: key, url: 'http://r/v2'}");
    rig.disk.put("/etc/am/key", " fromfile \n");
    accept_all(rig);
    rig.send({IntegrationRig::example(true)});
    CHECK(rig.last_json().at("routing_key").as_string() == "fromfile");
}

TEST_CASE("what the second API makes of events", "[notifiers][pagerduty]") {
    IntegrationRig rig("pagerduty_configs", "{routing_key: S3CRET, url: 'http://r/v2'}");
    using Kind = Outcome::Kind;
    tests::check_retry_table(rig,
                             {{202, Kind::Delivered, FailureReason::Other},
                              {400, Kind::Failed, FailureReason::ClientError},
                              {403, Kind::Failed, FailureReason::AuthError},
                              {429, Kind::RetryLater, FailureReason::RateLimited},
                              {502, Kind::RetryLater, FailureReason::ServerError}},
                             "S3CRET");
    const Outcome bad = rig.send_with_answer(FakeAnswer::with_status(
        400, R"({"status":"invalid event","message":"Event object is invalid","errors":["a","b"]})"));
    CHECK(bad.message == "unexpected status code 400: Event object is invalid: a,b");
}

TEST_CASE("the first API says 403 when events come too fast", "[notifiers][pagerduty]") {
    IntegrationRig rig("pagerduty_configs", "{service_key: S3CRET}");
    using Kind = Outcome::Kind;
    tests::check_retry_table(rig,
                             {{200, Kind::Delivered, FailureReason::Other},
                              {400, Kind::Failed, FailureReason::ClientError},
                              {403, Kind::RetryLater, FailureReason::AuthError},
                              {500, Kind::RetryLater, FailureReason::ServerError}},
                             "S3CRET");
}

}  // namespace
}  // namespace tocsin
