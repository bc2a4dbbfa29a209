#include "tests/catch.h"
#include "tests/notifiers/integrations/integration_rig.h"

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::IntegrationRig;

void accept_all(IntegrationRig& rig) {
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::with_status(204); });
}

TEST_CASE("a message to Discord is Alertmanager's to the byte", "[notifiers][discord]") {
    IntegrationRig rig("discord_configs", "{webhook_url: 'http://r/discord'}");
    accept_all(rig);
    CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
    CHECK(rig.last_request().url == "http://r/discord");
    CHECK(rig.last_body() == tests::golden("discord_default.json"));
}

TEST_CASE("a message to Discord has what the receiver says", "[notifiers][discord]") {
    IntegrationRig rig("discord_configs", R"({webhook_url_file: url, content: 'c{{ .Status }}', title: t, message: m,
      username: 'u{{ .Status }}', avatar_url: 'http://a/'})");
    rig.disk.put("/etc/am/url", " http://r/file\n");
    accept_all(rig);
    rig.send({IntegrationRig::example(false)});
    CHECK(rig.last_request().url == "http://r/file");
    CHECK(rig.last_body() == R"({"content":"cresolved","embeds":[{"title":"t","description":"m","color":3066993}],)"
                             R"("username":"u{{ .Status }}","avatar_url":"http://a/"})"
                             "\n");
}

TEST_CASE("texts for Discord are cut to what it takes", "[notifiers][discord]") {
    const std::string text(5000, 'x');
    IntegrationRig rig("discord_configs",
                       "{webhook_url: 'http://r/', content: " + text + ", title: " + text + ", message: " + text + "}");
    accept_all(rig);
    rig.send({IntegrationRig::example(true)});
    const Json json = rig.last_json();
    CHECK(json.at("content").as_string() == std::string(1999, 'x') + "…");
    CHECK(json.at("embeds").at(std::size_t{0}).at("title").as_string() == std::string(255, 'x') + "…");
    CHECK(json.at("embeds").at(std::size_t{0}).at("description").as_string() == std::string(4095, 'x') + "…");
}

TEST_CASE("a template that fails leaves Discord the plain facts", "[notifiers][discord]") {
    IntegrationRig rig("discord_configs", "{webhook_url: 'http://r/', title: '{{ .Nope }}'}");
    accept_all(rig);
    const Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.kind == Outcome::Kind::Delivered);
    CHECK_FALSE(outcome.template_error.empty());
    const Json embed = rig.last_json().at("embeds").at(std::size_t{0});
    CHECK(embed.at("title").as_string() == "[FIRING:1] alertname=HighErr cluster=eu");
    CHECK(embed.at("description").as_string().find(outcome.template_error) != std::string::npos);
}

TEST_CASE("what Discord's answers mean", "[notifiers][discord]") {
    IntegrationRig rig("discord_configs", "{webhook_url: 'http://r/S3CRET'}");
    tests::check_usual_retry_table(rig, "S3CRET");
}

}  // namespace
}  // namespace tocsin
