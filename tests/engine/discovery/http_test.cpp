#include <string>

#include "tests/catch.h"
#include "tests/engine/discovery/discovery_rig.h"

using namespace tocsin;
using namespace std::chrono_literals;
using fakes::FakeAnswer;
using tests::DiscoveryRig;

namespace {

FakeAnswer json(std::string body) {
    return FakeAnswer::ok(std::move(body)).header("Content-Type", "application/json; charset=utf-8");
}

}  // namespace

TEST_CASE("a server is asked for targets every refresh interval", "[engine][discovery][http]") {
    DiscoveryRig rig;
    rig.http.once("http://sd/targets",
                  json(R"([{"targets": ["a:1", "b:1"], "labels": {"env": "prod"}}, {"targets": ["c:1"]}])"));
    rig.http.once("http://sd/targets", json(R"([{"targets": ["d:1"]}])"));
    rig.start("http_sd_configs", "{url: 'http://sd/targets', refresh_interval: 30s}");
    rig.scheduler.advance(1s);
    CHECK(rig.shown() ==
          "http://sd/targets:0 {__meta_url=\"http://sd/targets\", env=\"prod\"}: a:1 b:1\n"
          "http://sd/targets:1 {__meta_url=\"http://sd/targets\"}: c:1\n");
    rig.scheduler.advance(30s);
    CHECK(rig.shown() == "http://sd/targets:0 {__meta_url=\"http://sd/targets\"}: d:1\n");
    const HttpRequest& request = rig.http.sent()[0].request;
    CHECK(find_header(request.headers, "Accept") == "application/json");
    CHECK(find_header(request.headers, "X-Prometheus-Refresh-Interval-Seconds") == "30");
    CHECK(request.timeout == Duration(30s));
}

TEST_CASE("as long as the server does not answer well, the last targets hold", "[engine][discovery][http]") {
    const auto answer =
        GENERATE(FakeAnswer::with_status(503), FakeAnswer::fails(FakeAnswer::Fault::Refused), FakeAnswer::ok("[]"),
                 json("{}"), json("[null]"), json(R"([{"target": ["a"]}])"), json(R"([{"targets": [1]}])"), json("["),
                 FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers));
    DiscoveryRig rig;
    rig.http.once("http://sd/", json(R"([{"targets": ["a:1"]}])"));
    rig.http.once("http://sd/", answer);
    rig.http.always("http://sd/", json(R"([{"targets": ["b:1"]}])"));
    rig.start("http_sd_configs", "{url: 'http://sd/', refresh_interval: 30s}");
    rig.scheduler.advance(59s);
    CHECK(rig.shown() == "http://sd/:0 {__meta_url=\"http://sd/\"}: a:1\n");
    rig.scheduler.advance(35s);
    CHECK(rig.metrics.counter("prometheus_sd_http_failures_total", "").get() == 1);
    CHECK(rig.shown() == "http://sd/:0 {__meta_url=\"http://sd/\"}: b:1\n");
}

TEST_CASE("http discovery proves who it is, with a token when it has to", "[engine][discovery][http]") {
    DiscoveryRig rig;
    rig.http.always("http://idp/token", json(R"({"access_token": "T", "token_type": "bearer", "expires_in": 3600})"));
    rig.http.always("http://sd/", json("[]"));
    rig.start(
        "http_sd_configs",
        "{url: 'http://sd/', oauth2: {client_id: id, client_secret: s, token_url: 'http://idp/token', scopes: [a, b], "
        "endpoint_params: {audience: x}}}");
    rig.scheduler.advance(3min);
    REQUIRE(rig.http.sent().size() == 5);
    const HttpRequest& token = rig.http.sent()[0].request;
    CHECK(token.method == "POST");
    CHECK(token.body == "grant_type=client_credentials&scope=a+b&audience=x");
    CHECK(find_header(token.headers, "Authorization") == "Basic aWQ6cw==");
    CHECK(rig.http.sent()[1].request.url == "http://sd/");
    CHECK(find_header(rig.http.sent()[1].request.headers, "Authorization") == "Bearer T");
}
