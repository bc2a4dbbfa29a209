#include "daemon/request_guard.h"

#include <string>

#include "tests/catch.h"

namespace tocsin {
namespace {

int refused(const RequestGuard& guard, const ServerRequest& request) {
    auto refusal = check_caller(guard, request);
    if (!refusal) refusal = check_content(guard, request);
    return refusal ? refusal->status : 0;
}

ServerRequest request_to(std::string method, std::string path, std::vector<HttpHeader> headers, std::string body = {}) {
    ServerRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.headers = std::move(headers);
    request.body = std::move(body);
    return request;
}

TEST_CASE("a loopback listener serves its own names only", "[daemon][request_guard]") {
    const auto guard =
        make_request_guard("127.0.0.1:9099", "https://Alerts.example.com/tocsin/", {"mon.lan", "Other.lan:8080"});
    struct Case {
        std::string host;
        bool allowed;
    };
    const auto [host, allowed] = GENERATE(values<Case>({
        {"127.0.0.1:9099", true},
        {"127.0.0.1", true},
        {"127.1.2.3:80", true},
        {"localhost:9099", true},
        {"LOCALHOST", true},
        {"localhost.", true},
        {"[::1]:9099", true},
        {"alerts.example.com", true},
        {"mon.lan:1", true},
        {"other.lan", true},
        {"", true},
        {"evil.example", false},
        {"evil.example:9099", false},
        {"localhost.evil.example", false},
        {"127.0.0.1.evil.example", false},
        {"0.0.0.0:9099", false},
        {"10.0.0.7:9099", false},
        {"[::]:9099", false},
        {"localhost:9099@evil", false},
        {"::1", true},
        {"[::1", false},
        {":9099", false},
        {"evil.example.:9099", false},
    }));
    CAPTURE(host);
    const int status = refused(guard, request_to("GET", "/metrics", {{"Host", host}}));
    CHECK(status == (allowed ? 0 : 421));
}

TEST_CASE("a listener of the network is called by any name", "[daemon][request_guard]") {
    for (const std::string address : {"0.0.0.0:9099", "[::]:9099", "10.0.0.7:9099"}) {
        const auto guard = make_request_guard(address, "", {});
        CHECK(refused(guard, request_to("GET", "/", {{"Host", "tocsin.monitoring.svc"}})) == 0);
    }
}

TEST_CASE("a page of another origin changes nothing", "[daemon][request_guard]") {
    const auto guard = make_request_guard("127.0.0.1:9099", "https://alerts.example.com/tocsin", {});
    struct Case {
        std::string host, origin, site;
        bool allowed;
    };
    const auto [host, origin, site, allowed] = GENERATE(values<Case>({
        {"127.0.0.1:9099", "", "", true},  // no browser
        {"127.0.0.1:9099", "http://127.0.0.1:9099", "same-origin", true},
        {"127.0.0.1:9099", "http://127.0.0.1:9099", "", true},
        {"127.0.0.1:9099", "", "none", true},
        {"localhost:9099", "http://LOCALHOST:9099", "", true},
        {"alerts.example.com", "https://alerts.example.com", "same-origin", true},
        {"127.0.0.1:9099", "https://alerts.example.com", "", true},
        {"localhost:80", "http://localhost", "", true},
        {"localhost", "http://localhost:80", "", true},
        {"127.0.0.1:9099", "https://evil.example", "", false},
        {"127.0.0.1:9099", "https://evil.example", "cross-site", false},
        {"127.0.0.1:9099", "", "cross-site", false},
        {"127.0.0.1:9099", "", "same-site", false},
        {"127.0.0.1:9099", "http://127.0.0.1:9099", "cross-site", false},
        {"127.0.0.1:9099", "http://127.0.0.1:3000", "", false},
        {"127.0.0.1:9099", "http://localhost:9099", "", false},
        {"127.0.0.1:9099", "null", "", false},
        {"127.0.0.1:9099", "http://alerts.example.com", "", false},
        {"127.0.0.1:9099", "https://alerts.example.com.evil.example", "", false},
        {"127.0.0.1:9099", "file://127.0.0.1:9099", "", false},
        {"127.0.0.1:9099", "http://127.0.0.1:9099@evil.example", "", false},
        {"", "http://", "", false},
    }));
    CAPTURE(host, origin, site);
    std::vector<HttpHeader> headers = {{"Host", host}};
    if (!origin.empty()) headers.push_back({"Origin", origin});
    if (!site.empty()) headers.push_back({"Sec-Fetch-Site", site});
    for (const std::string method : {"POST", "PUT", "DELETE", "PATCH", "PROPFIND"}) {
        CHECK(refused(guard, request_to(method, "/api/v2/silences", headers)) == (allowed ? 0 : 403));
    }
    for (const std::string method : {"GET", "HEAD", "OPTIONS"}) {
        CHECK(refused(guard, request_to(method, "/api/v2/silences", headers)) == 0);
    }
}

TEST_CASE("what changes state is JSON", "[daemon][request_guard]") {
    const auto guard = make_request_guard("127.0.0.1:9099", "http://localhost/tocsin", {});
    struct Case {
        std::string path, type, body;
        int status;
    };
    const auto [path, type, body, status] = GENERATE(values<Case>({
        {"/api/v2/silences", "application/json", "{}", 0},
        {"/api/v2/silences", "Application/JSON; charset=utf-8", "{}", 0},
        {"/api/v2/silences", "", "", 0},
        {"/api/v2/silences", "", "{}", 415},
        {"/api/v2/silences", "text/plain", "{}", 415},
        {"/api/v2/silences", "text/plain; application/json", "{}", 415},
        {"/api/v2/silences", "application/jsonp", "{}", 415},
        {"/api/v2/alerts", "application/x-www-form-urlencoded", "a=1", 415},
        {"/api/v1/query", "application/x-www-form-urlencoded", "query=up", 0},
        {"/api/v1/query_range", "application/x-www-form-urlencoded", "query=up", 0},
        {"/api/v1/series", "application/x-www-form-urlencoded", "match[]=up", 0},
        {"/api/v1/labels", "application/x-www-form-urlencoded", "match[]=up", 0},
        {"/api/v1/format_query", "application/x-www-form-urlencoded", "query=up", 0},
        {"/api/v1/parse_query", "application/x-www-form-urlencoded", "query=up", 0},
        {"/tocsin/api/v1/query", "application/x-www-form-urlencoded", "query=up", 0},
        {"/-/reload", "text/plain", "now", 0},
        {"/-/quit", "text/plain", "now", 0},
        {"/-/reload/", "text/plain", "now", 415},
        {"/api/v1/query/", "text/plain", "now", 415},
    }));
    CAPTURE(path, type);
    std::vector<HttpHeader> headers = {{"Host", "localhost"}};
    if (!type.empty()) headers.push_back({"Content-Type", type});
    for (const std::string method : {"POST", "PUT", "DELETE"}) {
        CHECK(refused(guard, request_to(method, path, headers, body)) == status);
    }
}

TEST_CASE("a refusal gives no origin any rights, and repeats nothing of the request", "[daemon][request_guard]") {
    const auto guard = make_request_guard("127.0.0.1:9099", "", {});
    const auto refusal = check_caller(guard, request_to("GET", "/", {{"Host", "evil.example"}}));
    REQUIRE(refusal);
    CHECK(refusal->body.find("evil") == std::string::npos);
    CHECK(refusal->headers.empty());
}

}  // namespace
}  // namespace tocsin
