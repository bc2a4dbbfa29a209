#include "tests/catch.h"
#include "tests/notifiers/integrations/integration_rig.h"

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::IntegrationRig;

constexpr const char* kAlias = "8b2568c239fd2144252e9a0d7bb89eac2db4de2fef6f7d4296923b2c331c123c";

void accept_all(IntegrationRig& rig) {
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::with_status(202); });
}

constexpr const char* kEverything = R"({api_url: 'http://r/og', api_key: 'K{{ .Status }}', update_alerts: true,
  details: {a: 'x{{ .Status }}'}, tags: 'x, y,,z', note: n, priority: P1, entity: e, actions: 'p,q',
  responders: [{name: 'a,b', type: teams}, {id: i, type: user},
               {name: '{{ .CommonLabels.nope }}', type: '{{ .CommonLabels.nope }}'}]})";

TEST_CASE("an alert for OpsGenie is Alertmanager's to the byte", "[notifiers][opsgenie]") {
    IntegrationRig rig("opsgenie_configs", "{api_url: 'http://r/og', api_key: K}");
    accept_all(rig);
    CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
    CHECK(rig.last_request().url == "http://r/og/v2/alerts");
    CHECK(tests::header_of(rig.last_request(), "Authorization") == "GenieKey K");
    CHECK(rig.last_body() == tests::golden("opsgenie_default.json"));
    rig.send({IntegrationRig::example(false)});
    CHECK(rig.last_request().url == std::string("http://r/og/v2/alerts/") + kAlias + "/close?identifierType=alias");
    CHECK(rig.last_body() == "{\"source\":\"http://am.example:9093/#/alerts?receiver=all\"}\n");
}

TEST_CASE("an alert for OpsGenie may have everything, and be updated", "[notifiers][opsgenie]") {
    IntegrationRig rig("opsgenie_configs", kEverything);
    accept_all(rig);
    CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
    REQUIRE(rig.http.sent().size() == 3);
    CHECK(rig.http.sent()[0].request.body == tests::golden("opsgenie_all_members.json"));
    CHECK(rig.http.sent()[1].request.method == "PUT");
    CHECK(rig.http.sent()[1].request.url ==
          std::string("http://r/og/v2/alerts/") + kAlias + "/message?identifierType=alias");
    CHECK(rig.http.sent()[1].request.body == "{\"message\":\"[FIRING:1] HighErr eu (a:1 api critical)\"}\n");
    CHECK(rig.http.sent()[2].request.url ==
          std::string("http://r/og/v2/alerts/") + kAlias + "/description?identifierType=alias");
    for (const auto& sent : rig.http.sent()) {
        CHECK(tests::header_of(sent.request, "Authorization") == "GenieKey Kfiring");
    }
}

TEST_CASE("an update that OpsGenie does not take is a message that it did not take", "[notifiers][opsgenie]") {
    IntegrationRig rig("opsgenie_configs", kEverything);
    rig.http.handle(
        [](const HttpRequest& request) { return FakeAnswer::with_status(request.method == "PUT" ? 503 : 202); });
    const Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.kind == Outcome::Kind::RetryLater);
    CHECK(rig.http.sent().size() == 2);
}

TEST_CASE("OpsGenie's message is cut to 130 characters and its key may be in a file", "[notifiers][opsgenie]") {
    IntegrationRig rig("opsgenie_configs",
                       "{api_url: 'http://r/', api_key_file: key, message: '" + std::string(200, 'y') + "'}");
    rig.disk.put("/etc/am/key", " FROMFILE\n");
    accept_all(rig);
    rig.send({IntegrationRig::example(true)});
    CHECK(rig.last_json().at("message").as_string() == std::string(129, 'y') + "…");
    CHECK(tests::header_of(rig.last_request(), "Authorization") == "GenieKey FROMFILE");
}

TEST_CASE("a template that fails leaves OpsGenie the plain facts", "[notifiers][opsgenie]") {
    IntegrationRig rig("opsgenie_configs", "{api_url: 'http://r/', api_key: K, note: '{{ .Nope }}'}");
    accept_all(rig);
    const Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.kind == Outcome::Kind::Delivered);
    CHECK(rig.last_json().at("description").as_string().find(outcome.template_error) != std::string::npos);
}

TEST_CASE("what OpsGenie's answers mean", "[notifiers][opsgenie]") {
    IntegrationRig rig("opsgenie_configs", "{api_url: 'http://r/', api_key: S3CRET}");
    tests::check_usual_retry_table(rig, "S3CRET");
    IntegrationRig broken("opsgenie_configs", "{api_url: 'http://r/', api_key: 'S3CRET{{ .Nope }}'}");
    CHECK(broken.send({IntegrationRig::example(true)}).message == "API key: template cannot be executed");
}

}  // namespace
}  // namespace tocsin
