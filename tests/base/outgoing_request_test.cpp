#include "base/outgoing_request.h"

#include <string>

#include "tests/catch.h"

namespace tocsin {
namespace {

TEST_CASE("a redirect is followed only to the same host", "[base][outgoing_request]") {
    struct Case {
        std::string from, location, want;  // no `want`: not followed
    };
    const auto [from, location, want] = GENERATE(values<Case>({
        {"http://a:1/x/y?q", "/z", "http://a:1/z"},
        {"http://a:1/x/y?q", "z?r=1", "http://a:1/x/z?r=1"},
        {"http://a:1/x/y?q", "?r=1", "http://a:1/x/y?r=1"},
        {"http://a:1/x/y", "../../z", "http://a:1/z"},
        {"http://a:1/x/y", "./", "http://a:1/x/"},
        {"http://a:1/x", "http://A:1/y", "http://a:1/y"},
        {"http://a:1/x", "//a:1/y", "http://a:1/y"},
        {"http://a/x", "https://a/y", "https://a:443/y"},
        {"http://a:1/x", "https://a:2/y", "https://a:2/y"},
        {"http://[::1]:1/x", "/y", "http://[::1]:1/y"},
        {"http://a:1/x", "/go?to=http://b/", "http://a:1/go?to=http://b/"},
        {"http://a:1/x", "http://b:1/y", ""},
        {"http://a:1/x", "//b/y", ""},
        {"http://a:1/x", "http://a:2/y", "http://a:2/y"},
        {"https://a/x", "http://a/y", ""},
        {"http://a:1/x", "http://a:1@b/y", ""},
        {"http://a:1/x", "ftp://a:1/y", ""},
        {"http://a:1/x", "", ""},
    }));
    CAPTURE(from, location);
    const auto target = redirect_target(*parse_url(from), 302, location);
    REQUIRE(target.has_value() == !want.empty());
    if (!target) return;
    const Url wanted = *parse_url(want);
    CHECK(target->scheme == wanted.scheme);
    CHECK((target->host == wanted.host || target->host == "A"));
    CHECK(target->port == wanted.port);
    CHECK(target->target() == wanted.target());
}

TEST_CASE("only some statuses are redirects", "[base][outgoing_request]") {
    const Url from = *parse_url("http://a/x");
    for (const int status : {301, 302, 303, 307, 308}) CHECK(redirect_target(from, status, "/y"));
    for (const int status : {200, 201, 300, 304, 305, 400}) CHECK_FALSE(redirect_target(from, status, "/y"));
}

TEST_CASE("credentials of the URL stay with it on a redirect", "[base][outgoing_request]") {
    const auto target = redirect_target(*parse_url("http://u:p@a/x"), 307, "/y");
    REQUIRE(target);
    CHECK(target->user == "u");
    CHECK(target->password == "p");
}

TEST_CASE("a redirect makes a GET of a POST as in Go", "[base][outgoing_request]") {
    struct Case {
        int status;
        std::string method, want;
        bool keeps_body;
    };
    const auto [status, method, want, keeps_body] = GENERATE(values<Case>({
        {301, "POST", "GET", false},
        {302, "POST", "GET", false},
        {303, "PUT", "GET", false},
        {303, "HEAD", "HEAD", false},
        {307, "POST", "POST", true},
        {308, "POST", "POST", true},
    }));
    CAPTURE(status, method);
    HttpRequest request;
    request.method = method;
    request.body = "body";
    request.headers = {{"Content-Type", "application/json"}, {"Authorization", "x"}};
    rewrite_for_redirect(request, status);
    CHECK(request.method == want);
    CHECK(request.body.empty() != keeps_body);
    CHECK(find_header(request.headers, "content-type").empty() != keeps_body);
    CHECK(find_header(request.headers, "authorization") == "x");
}

TEST_CASE("a header cannot break out of its line", "[base][outgoing_request]") {
    struct Case {
        std::string method, name, value, message;
    };
    const auto [method, name, value, message] = GENERATE(values<Case>({
        {"GET", "X-Team", "a\r\nX-Evil: 1", "header X-Team has a line feed in its value"},
        {"GET", "X-Team", "a\nb", "header X-Team has a line feed in its value"},
        {"GET", "X-Team", std::string("a\0b", 3), "header X-Team has a line feed in its value"},
        {"GET", "X Team", "a", R"(invalid header name "X Team")"},
        {"GET", "X-Evil: 1\r\nX", "a", R"(invalid header name "X-Evil: 1\r\nX")"},
        {"GET", "", "a", R"(invalid header name "")"},
        {"GET /evil", "X-Team", "a", "invalid HTTP method"},
        {"", "X-Team", "a", "invalid HTTP method"},
    }));
    HttpRequest request;
    request.method = method;
    request.url = "http://a/";
    request.headers = {{name, value}};
    const auto checked = check_outgoing(request);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().kind == Error::Kind::InvalidInput);
    CHECK(checked.error().message == message);
}

TEST_CASE("what the caller wrote wins over what would be added", "[base][outgoing_request]") {
    HttpRequest request;
    request.url = "http://u:p@a:81/";
    const Url url = *parse_url(request.url);
    auto headers = headers_to_send(request, url);
    CHECK(find_header(headers, "Host") == "a:81");
    CHECK(find_header(headers, "Authorization") == "Basic dTpw");
    CHECK(find_header(headers, "User-Agent") == "tocsin");

    request.headers = {{"host", "b"},           {"authorization", "Bearer t"},    {"user-agent", "x"},
                       {"Content-Length", "7"}, {"Transfer-Encoding", "chunked"}, {"Connection", "close"}};
    headers = headers_to_send(request, url);
    REQUIRE(headers.size() == 3);
    CHECK(find_header(headers, "Host") == "b");
    CHECK(find_header(headers, "Authorization") == "Bearer t");
    CHECK(find_header(headers, "User-Agent") == "x");
}

TEST_CASE("the secret of a URL shows in no message", "[base][outgoing_request]") {
    HttpRequest request;
    request.url =
        GENERATE("ftp://hunter2/", "http://hunter2:port/", "http://u:hunter2@/", "http://hunter2 x/\n", "hunter2");
    const auto checked = check_outgoing(request);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().message.find("hunter2") == std::string::npos);
}

}  // namespace
}  // namespace tocsin
