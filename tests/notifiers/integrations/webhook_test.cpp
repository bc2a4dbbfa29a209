#include "notifiers/integrations/webhook.h"

#include <algorithm>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "tests/catch.h"
#include "tests/fakes/test_key.h"
#include "tests/notifiers/integrations/integration_rig.h"

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::IntegrationRig;

Json message_json(const Notification& notification, std::size_t truncated = 0) {
    return parse_json(integrations::webhook_message(notification, truncated)).value();
}

TEST_CASE("the webhook's body is Alertmanager's version 4 to the byte", "[notifiers][webhook]") {
    IntegrationRig rig("webhook_configs", "{url: 'http://r/hook'}");
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok(); });
    CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
    CHECK(rig.last_body() == tests::golden("webhook_v4.json"));
    CHECK(rig.last_request().method == "POST");
    CHECK(tests::header_of(rig.last_request(), "Content-Type") == "application/json");
    CHECK(tests::header_of(rig.last_request(), "User-Agent") == "tocsin/1.2.3");
}

TEST_CASE("resolved alerts carry their end, and only common pairs are common", "[notifiers][webhook]") {
    const auto json = message_json(IntegrationRig::notification(
        {IntegrationRig::example(false, "a:1"), IntegrationRig::example(false, "b:1")}, NotifyReason::AllResolved));
    CHECK(json.at("status").as_string() == "resolved");
    CHECK(json.at("alerts").at(std::size_t{0}).at("endsAt").as_string() == "2026-01-02T04:00:00Z");
    CHECK(json.at("commonLabels").find("instance") == nullptr);
    CHECK(json.at("commonLabels").members().size() == 4);
    CHECK(json.at("notification_reason").as_string() == "all alerts resolved");
}

TEST_CASE("defect F: max_alerts cuts resolved alerts first and leaves status and common labels alone",
          "[notifiers][webhook]") {
    const auto cut_to = [](std::size_t alerts_max) {
        Notification message =
            IntegrationRig::notification({IntegrationRig::example(false, "a:1"), IntegrationRig::example(true, "b:1"),
                                          IntegrationRig::example(false, "c:1")});
        const std::size_t truncated = integrations::truncate_alerts(message, alerts_max);
        return message_json(message, truncated);
    };
    const auto json = cut_to(2);
    CHECK(json.at("status").as_string() == "firing");
    CHECK(json.at("truncatedAlerts").as_integer() == 1);
    REQUIRE(json.at("alerts").items().size() == 2);
    CHECK(json.at("alerts").at(std::size_t{0}).at("labels").at("instance").as_string() == "a:1");
    CHECK(json.at("alerts").at(std::size_t{1}).at("status").as_string() == "firing");
    CHECK(cut_to(1).at("alerts").at(std::size_t{0}).at("status").as_string() == "firing");
    CHECK(json.at("commonLabels").find("instance") == nullptr);
    CHECK(cut_to(0).at("alerts").items().size() == 3);
    CHECK(cut_to(3).at("truncatedAlerts").as_integer() == 0);
}

TEST_CASE("max_alerts counts for a payload of one's own too", "[notifiers][webhook]") {
    IntegrationRig rig("webhook_configs", "{url: 'http://r/hook', max_alerts: 1, payload: '{{ len .Alerts }}'}");
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok(); });
    rig.send({IntegrationRig::example(true), IntegrationRig::example(true, "b:1")});
    CHECK(rig.last_body() == "1\n");
}

TEST_CASE("a receiver's name is quoted as for a regular expression, like Alertmanager has it", "[notifiers][webhook]") {
    CHECK(quote_meta("r.x+y") == R"(r\.x\+y)");
    CHECK(quote_meta("team/a-b_c") == "team/a-b_c");
}

TEST_CASE("the webhook's URL is a template, of a file too", "[notifiers][webhook]") {
    const bool from_file = GENERATE(false, true);
    const std::string url = "http://r/{{ .GroupLabels.alertname | urlquery }}/x";
    IntegrationRig rig("webhook_configs", from_file ? "{url_file: url.txt}" : "{url: '" + url + "'}");
    rig.disk.put("/etc/am/url.txt", url + "\n");
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok(); });
    CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
    CHECK(rig.last_request().url == "http://r/HighErr/x");
}

TEST_CASE("a URL that cannot be had fails without a retry and without telling it", "[notifiers][webhook]") {
    const auto outcome = [](const std::string& integration) {
        IntegrationRig rig("webhook_configs", integration);
        const Outcome result = rig.send({IntegrationRig::example(true)});
        CHECK(result.kind == Outcome::Kind::Failed);
        CHECK(rig.http.sent().empty());
        return result.message;
    };
    CHECK(outcome("{url: '{{ .GroupLabels.nope }}'}") == "webhook URL is empty after templating");
    CHECK(outcome("{url: 'http://r/S3CRET{{ .Nope }}'}") == "webhook URL: template cannot be executed");
    CHECK(outcome("{url_file: missing.txt}").find("missing.txt") != std::string::npos);
    CHECK(outcome("{url: 'S3CRET{{ .Status }}'}").find("S3CRET") == std::string::npos);
}

TEST_CASE("a refusal is quoted, without what it repeats of the secrets", "[notifiers][webhook]") {
    IntegrationRig rig("webhook_configs",
                       "{url: 'http://r/hook/S3CRET?key=S3CRET2', http_config: {authorization: "
                       "{credentials: S3CRET3}}}");
    const auto* said = GENERATE("Cannot POST /hook/S3CRET", "no http://r/hook/S3CRET?key=S3CRET2 here",
                                "bad query key=S3CRET2", "unknown token S3CRET3", "Bearer S3CRET3 is no token");
    // A long answer is cut, and no secret with it.
    const std::string before = GENERATE("", std::string(1000, '.'), std::string(1015, '.'));
    rig.http.handle([&](const HttpRequest&) { return FakeAnswer::with_status(404, before + said); });
    const Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.kind == Outcome::Kind::Failed);
    CHECK_THAT(outcome.message, !Catch::Contains("S3C"));
    if (before.empty()) CHECK_THAT(outcome.message, Catch::Contains("404: ") && Catch::Contains("<secret>"));
}

TEST_CASE("a payload of one's own replaces the body; what texts expand to is read as YAML", "[notifiers][webhook]") {
    const std::vector<std::pair<const char*, const char*>> cases = {
        {"'{{ .CommonLabels | toJson }}'",
         R"({"alertname":"HighErr","cluster":"eu","instance":"a:1","job":"api","severity":"critical"})"},
        {"'{{ len .Alerts }}'", "1"},
        {"'x: {{ .Status }}'", R"({"x":"firing"})"},
        {"'a:'", R"({"a":null})"},
        {"''", "null"},
        {"'{{ .Status }}'", R"("firing")"},
        {"'{\"foo\": \"bar\"}'", R"({"foo":"bar"})"},
        {"'yes'", "true"},
        {"{s: '{{ .Status }}', list: [1, 'a:'], '{{ .Status }}key': v}",
         R"({"firingkey":"v","list":[1,{"a":null}],"s":"firing"})"},
        {"{m: {5: x, b: 1.5, c: yes, d: ~}}", R"({"m":{"b":1.5,"c":true,"d":null}})"},
        {"{text: \"{{ .CommonAnnotations.summary }}\"}", R"({"text":"5xx \u003chigh\u003e \u0026 rising"})"},
    };
    for (const auto& [payload, body] : cases) {
        CAPTURE(payload);
        IntegrationRig rig("webhook_configs", std::string("{url: 'http://r/hook', payload: ") + payload + "}");
        rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok(); });
        CHECK(rig.send({IntegrationRig::example(true)}).template_error.empty());
        CHECK(rig.last_body() == std::string(body) + "\n");
    }
}

TEST_CASE("a payload that fails becomes the standard body and says so", "[notifiers][webhook]") {
    IntegrationRig rig("webhook_configs", "{url: 'http://r/hook', payload: {a: '{{ .Nope }}'}}");
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok(); });
    const Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.kind == Outcome::Kind::Delivered);
    CHECK(outcome.template_error.find("can't evaluate field Nope") != std::string::npos);
    CHECK(rig.last_json().at("version").as_string() == "4");
    CHECK(rig.last_json().at("template_error").as_string() == outcome.template_error);
}

TEST_CASE("route labels are in the body of routes that have some", "[notifiers][webhook]") {
    Notification message = IntegrationRig::notification({IntegrationRig::example(true)});
    message.data.route_labels = {{"team", "x"}};
    const auto json = message_json(message);
    CHECK(json.at("routeLabels").at("team").as_string() == "x");
}

TEST_CASE("what the webhook makes of answers", "[notifiers][webhook]") {
    IntegrationRig rig("webhook_configs", "{url: 'http://r/S3CRET'}");
    using Kind = Outcome::Kind;
    tests::check_retry_table(rig,
                             {{200, Kind::Delivered, FailureReason::Other},
                              {204, Kind::Delivered, FailureReason::Other},
                              {302, Kind::Failed, FailureReason::Other},
                              {400, Kind::Failed, FailureReason::ClientError},
                              {401, Kind::Failed, FailureReason::AuthError},
                              {403, Kind::Failed, FailureReason::AuthError},
                              {404, Kind::Failed, FailureReason::ClientError},
                              {429, Kind::RetryLater, FailureReason::RateLimited},
                              {500, Kind::RetryLater, FailureReason::ServerError},
                              {503, Kind::RetryLater, FailureReason::ServerError}},
                             "S3CRET");
}

TEST_CASE("http_config makes headers and options of a request", "[notifiers][webhook]") {
    const auto request_of = [](const std::string& http_config) {
        IntegrationRig rig("webhook_configs", "{url: 'http://r/hook', http_config: " + http_config + "}");
        rig.disk.put("/etc/am/token", " t0ken\n");
        rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok(); });
        CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
        return rig.last_request();
    };
    const auto authorization = [&](const std::string& http_config) {
        return tests::header_of(request_of(http_config), "Authorization");
    };
    CHECK(authorization("{basic_auth: {username: u, password: p}}") == "Basic dTpw");
    CHECK(authorization("{bearer_token: abc}") == "Bearer abc");
    CHECK(authorization("{authorization: {type: Token, credentials: abc}}") == "Token abc");
    CHECK(authorization("{authorization: {credentials_file: token}}") == "Bearer t0ken");
    CHECK(authorization("{}").empty());
    CHECK(tests::header_of(request_of("{http_headers: {X-Scope: {values: [a]}, X-Key: {files: [token]}}}"), "X-Key") ==
          "t0ken");

    const auto options = request_of(
                             "{follow_redirects: false, proxy_url: 'http://p:1', tls_config: {ca_file: ca.pem, "
                             "insecure_skip_verify: true, server_name: s}}")
                             .options;
    CHECK_FALSE(options->follow_redirects);
    CHECK(options->proxy_url == "http://p:1");
    CHECK(options->ca_file == "/etc/am/ca.pem");
    CHECK(options->insecure_skip_verify);
    CHECK(options->server_name == "s");
    CHECK(request_of("{proxy_url: 'http://p:1', no_proxy: 'x, r'}").options->no_proxy == "x, r");
    CHECK(request_of("{proxy_from_environment: true}").options->proxy_from_environment);

    const auto tls = request_of("{tls_config: {ca: CA, cert: CERT, key: KEY, min_version: TLS13}}").options;
    CHECK(tls->ca_pem == "CA");
    CHECK(tls->cert_pem == "CERT");
    CHECK(tls->key_pem.reveal() == "KEY");
    CHECK(tls->tls_min == TlsVersion::Tls13);
}

TEST_CASE("a token of OAuth 2.0 is fetched once and comes with each message", "[notifiers][webhook]") {
    IntegrationRig rig("webhook_configs",
                       "{url: 'http://r/hook', http_config: {oauth2: {client_id: id, client_secret_file: token, "
                       "token_url: 'http://login/token', scopes: [a]}}}");
    rig.disk.put("/etc/am/token", "s3cret\n");
    std::vector<std::string> asked;
    rig.http.handle([&](const HttpRequest& request) {
        asked.push_back(request.url + " " + tests::header_of(request, "Authorization"));
        return request.url == "http://login/token" ? FakeAnswer::ok(R"({"access_token":"t0k","expires_in":3600})")
                                                   : FakeAnswer::ok();
    });
    CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
    CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
    CHECK(asked == std::vector<std::string>{"http://login/token Basic aWQ6czNjcmV0", "http://r/hook Bearer t0k",
                                            "http://r/hook Bearer t0k"});
}

/// A part of a token, which is base64 without padding and in the characters of URLs.
Json part_of_token(std::string part) {
    std::ranges::replace(part, '-', '+');
    std::ranges::replace(part, '_', '/');
    part.resize((part.size() + 3) / 4 * 4, '=');
    return *parse_json(base64_decode(part).value());
}

TEST_CASE("a token may be asked for with a signature", "[notifiers][webhook]") {
    IntegrationRig rig("webhook_configs",
                       "{url: 'http://r/hook', http_config: {oauth2: {client_id: id, token_url: 'http://login/token', "
                       "grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', client_certificate_key_file: key, "
                       "client_certificate_key_id: k1, signature_algorithm: RS384, audience: them, scopes: [a, b], "
                       "claims: {level: 3, sub: somebody}, endpoint_params: {resource: x}}}}");
    rig.disk.put("/etc/am/key", fakes::kTestKey);
    std::string asked;
    rig.http.handle([&](const HttpRequest& request) {
        if (request.url != "http://login/token") return FakeAnswer::ok();
        CHECK(tests::header_of(request, "Authorization").empty());
        asked = request.body;
        return FakeAnswer::ok(R"({"access_token":"t0k","expires_in":3600})");
    });
    CHECK(rig.send({IntegrationRig::example(true)}).kind == Outcome::Kind::Delivered);
    CHECK(tests::header_of(rig.last_request(), "Authorization") == "Bearer t0k");

    const auto fields = parse_form(asked, 10);
    REQUIRE(fields.size() == 3);
    CHECK(fields[0].second == "urn:ietf:params:oauth:grant-type:jwt-bearer");
    CHECK(fields[2] == std::pair<std::string, std::string>{"resource", "x"});
    const auto parts = split(fields[1].second, '.');
    REQUIRE(parts.size() == 3);
    CHECK(dump(part_of_token(std::string(parts[0]))) == R"({"alg":"RS384","typ":"JWT","kid":"k1"})");
    const Json claims = part_of_token(std::string(parts[1]));
    CHECK(claims.at("iss") == "id");
    CHECK(claims.at("sub") == "somebody");
    CHECK(claims.at("aud") == "them");
    CHECK(claims.at("scope") == "a b");
    CHECK(claims.at("level") == 3);
    CHECK(claims.at("exp").as_integer() - claims.at("iat").as_integer() == 600);
    CHECK(claims.at("jti").as_string().size() == 64);
    CHECK(parts[2].size() == 171);  // 128 bytes
}

TEST_CASE("with a key that signs nothing nothing is sent, and nothing of it is told", "[notifiers][webhook]") {
    IntegrationRig rig("webhook_configs",
                       "{url: 'http://r/hook', http_config: {oauth2: {client_id: id, token_url: 'http://login/token', "
                       "grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', client_certificate_key: S3CRET}}}");
    const Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.kind != Outcome::Kind::Delivered);
    CHECK(outcome.message == "oauth2: cannot sign with the client_certificate_key");
}

TEST_CASE("without a token nothing is sent, and it is tried again", "[notifiers][webhook]") {
    IntegrationRig rig("webhook_configs",
                       "{url: 'http://r/hook', http_config: {oauth2: {client_id: id, client_secret: S3CRET, "
                       "token_url: 'http://login/token'}}}");
    rig.http.handle([](const HttpRequest& request) {
        return request.url == "http://login/token" ? FakeAnswer::with_status(500) : FakeAnswer::ok();
    });
    const Outcome outcome = rig.send({IntegrationRig::example(true)});
    CHECK(outcome.kind == Outcome::Kind::RetryLater);
    CHECK(outcome.message == "oauth2: cannot fetch token: status 500");
    CHECK(rig.last_request().url == "http://login/token");
}

}  // namespace
}  // namespace tocsin
