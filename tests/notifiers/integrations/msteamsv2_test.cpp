#include "tests/catch.h"
#include "tests/notifiers/integrations/integration_rig.h"

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::IntegrationRig;

void accept_all(IntegrationRig& rig) {
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::with_status(202); });
}

const Json& block(const Json& message, std::size_t index) {
    return message.at("attachments").at(std::size_t{0}).at("content").at("body").at(index);
}

TEST_CASE("a card for Teams is Alertmanager's to the byte", "[notifiers][msteamsv2]") {
    IntegrationRig rig("msteamsv2_configs", "{webhook_url: 'http://r/teams'}");
    accept_all(rig);
    CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
    CHECK(rig.last_body() == tests::golden("msteamsv2_default.json"));
}

TEST_CASE("a card says by its colour that all is well", "[notifiers][msteamsv2]") {
    IntegrationRig rig("msteamsv2_configs", "{webhook_url_file: url, title: t, text: '{{ .Status }}'}");
    rig.disk.put("/etc/am/url", "http://r/file\n");
    accept_all(rig);
    rig.send({IntegrationRig::example(false)});
    const Json json = rig.last_json();
    CHECK(rig.last_request().url == "http://r/file");
    CHECK(block(json, 0).at("color").as_string() == "Good");
    CHECK(block(json, 0).at("text").as_string() == "t");
    CHECK(block(json, 1).at("text").as_string() == "resolved");
}

TEST_CASE("a template that fails leaves Teams the plain facts", "[notifiers][msteamsv2]") {
    IntegrationRig rig("msteamsv2_configs", "{webhook_url: 'http://r/', text: '{{ .Nope }}'}");
    accept_all(rig);
    const Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.kind == Outcome::Kind::Delivered);
    CHECK_FALSE(outcome.template_error.empty());
    CHECK(block(rig.last_json(), 1).at("text").as_string().find("alertname = HighErr") != std::string::npos);
}

TEST_CASE("what the answers of Teams mean", "[notifiers][msteamsv2]") {
    IntegrationRig rig("msteamsv2_configs", "{webhook_url: 'http://r/S3CRET'}");
    tests::check_usual_retry_table(rig, "S3CRET");
}

}  // namespace
}  // namespace tocsin
