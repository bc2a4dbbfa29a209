#include <map>

#include "base/url.h"
#include "tests/catch.h"
#include "tests/notifiers/integrations/integration_rig.h"

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::IntegrationRig;

void accept_all(IntegrationRig& rig) {
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok(R"({"status":1})"); });
}

std::map<std::string, std::string> parameters_of(const IntegrationRig& rig) {
    const std::string& url = rig.last_request().url;
    std::map<std::string, std::string> out;
    for (auto& [name, value] : parse_form(url.substr(url.find('?') + 1))) out[name] = value;
    return out;
}

TEST_CASE("a message to Pushover has Alertmanager's parameters, sorted, in its URL", "[notifiers][pushover]") {
    IntegrationRig rig("pushover_configs", "{user_key: U, token: T, message: 'a b & c', title: t}");
    accept_all(rig);
    CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
    CHECK(rig.last_request().url ==
          "http://r/pushover?device=&expire=3600&message=a+b+%26+c&priority=2&retry=60&sound=&title=t&token=T"
          "&url=http%3A%2F%2Fam.example%3A9093%2F%23%2Falerts%3Freceiver%3Dall&url_title=&user=U");
    CHECK(tests::header_of(rig.last_request(), "Content-Type") == "text/plain");
    CHECK(rig.last_body().empty());
}

TEST_CASE("a message to Pushover has what the receiver says", "[notifiers][pushover]") {
    IntegrationRig rig(
        "pushover_configs",
        R"({user_key_file: user, token: '{{ .Status }}-t', message: '<b>{{ .CommonAnnotations.summary }}</b>',
      html: true, retry: 2m, expire: 1.5h, ttl: 30s, device: d, sound: s, url_title: ut, priority: '1'})");
    rig.disk.put("/etc/am/user", "FILE\n");
    accept_all(rig);
    rig.send({IntegrationRig::example(false)});
    const auto parameters = parameters_of(rig);
    CHECK(parameters.at("user") == "FILE");
    CHECK(parameters.at("token") == "resolved-t");
    CHECK(parameters.at("message") == "<b>5xx &lt;high&gt; &amp; rising</b>");
    CHECK(parameters.at("html") == "1");
    CHECK(parameters.at("retry") == "120");
    CHECK(parameters.at("expire") == "5400");
    CHECK(parameters.at("ttl") == "30");
    CHECK(parameters.at("device") == "d");
    CHECK(parameters.at("sound") == "s");
    CHECK(parameters.at("url_title") == "ut");
    CHECK(parameters.at("priority") == "1");
}

TEST_CASE("texts for Pushover are cut, and an empty one is none", "[notifiers][pushover]") {
    const std::string text(3000, 'z');
    IntegrationRig rig("pushover_configs", "{user_key: U, token: T, monospace: true, message: ' ', title: " + text +
                                               ", url: " + text + "}");
    accept_all(rig);
    rig.send({IntegrationRig::example(true)});
    const auto parameters = parameters_of(rig);
    CHECK(parameters.at("title") == std::string(249, 'z') + "…");
    CHECK(parameters.at("url") == std::string(511, 'z') + "…");
    CHECK(parameters.at("message") == "(no details)");
    CHECK(parameters.at("monospace") == "1");
    CHECK(parameters.count("html") == 0);
}

TEST_CASE("a template that fails leaves Pushover the plain facts", "[notifiers][pushover]") {
    IntegrationRig rig("pushover_configs", "{user_key: U, token: T, html: true, message: '{{ .Nope }}'}");
    accept_all(rig);
    const Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.kind == Outcome::Kind::Delivered);
    CHECK_FALSE(outcome.template_error.empty());
    CHECK(parameters_of(rig).at("message").find("alertname = HighErr") != std::string::npos);
    CHECK(parameters_of(rig).count("html") == 0);
}

TEST_CASE("what Pushover's answers mean", "[notifiers][pushover]") {
    IntegrationRig rig("pushover_configs", "{user_key: S3CRET, token: S3CRET}");
    tests::check_usual_retry_table(rig, "S3CRET");
}

}  // namespace
}  // namespace tocsin
