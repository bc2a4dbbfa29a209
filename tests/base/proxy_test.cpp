#include "base/proxy.h"

#include <string>
#include <vector>

#include "base/asio_address.h"
#include "tests/catch.h"

namespace tocsin {
namespace {

std::string proxy_for(const std::string& url, const HttpOptions& options, const ProxyEnvironment& environment = {}) {
    const auto proxy = proxy_of(options, *parse_url(url), environment);
    if (!proxy) return "error: " + proxy.error().message;
    return *proxy ? join_host_port((*proxy)->host, (*proxy)->port) : "none";
}

}  // namespace

TEST_CASE("a list of hosts says for whom the proxy is left out", "[base][proxy]") {
    struct Case {
        const char* list;
        const char* url;
        bool bypasses;
    };
    const std::vector<Case> cases = {
        {"", "http://a", false},
        {" ", "http://localhost", false},
        {"*", "http://a", true},
        {"a.b", "http://a.b", true},
        {"A.B", "http://a.b", true},
        {"a.b", "http://x.a.b", true},
        {".a.b", "http://x.a.b", true},
        {".a.b", "http://a.b", false},
        {"*.a.b", "http://x.a.b", true},
        {"*.a.b", "http://a.b", false},
        {"a.b", "http://xa.b", false},
        {"x, a.b ,y", "http://a.b", true},
        {"a.b:80", "http://a.b", true},
        {"a.b:443", "http://a.b", false},
        {"a.b:443", "https://x.a.b", true},
        {":80", "http://a.b", false},
        {"10.0.0.1", "http://10.0.0.1", true},
        {"10.0.0.1", "http://10.0.0.2", false},
        {"10.0.0.1:9100", "http://10.0.0.1:9100", true},
        {"10.0.0.1:9100", "http://10.0.0.1:9101", false},
        {"10.0.0.0/8", "http://10.200.3.4", true},
        {"10.0.0.0/8", "http://11.0.0.1", false},
        {"10.0.0.0/8", "http://ten.example", false},
        {"10.1.2.3/16", "http://10.1.9.9", true},
        {"2001:db8::/32", "http://[2001:db8::7]", true},
        {"2001:db8::/32", "http://[2001:db9::7]", false},
        {"2001:DB8::7", "http://[2001:db8:0::7]", true},
        {"[2001:db8::7]:80", "http://[2001:db8::7]", true},
        {"10.0.0.0/33", "http://10.0.0.1", false},
        {"x", "http://localhost:9090", true},
        {"x", "http://127.0.0.7", true},
        {"x", "http://[::1]", true},
    };
    for (const Case& c : cases) {
        CAPTURE(c.list, c.url);
        CHECK(bypasses_proxy(c.list, *parse_url(c.url)) == c.bypasses);
    }
}

TEST_CASE("a proxy is spoken to by http", "[base][proxy]") {
    HttpOptions options;
    CHECK(proxy_for("http://a", options) == "none");
    options.proxy_url = "http://u:p@proxy:3128";
    CHECK(proxy_for("http://a", options) == "proxy:3128");
    CHECK(proxy_for("http://localhost", options) == "proxy:3128");
    options.no_proxy = "a";
    CHECK(proxy_for("http://a", options) == "none");
    CHECK(proxy_for("http://localhost", options) == "none");
    CHECK(proxy_for("https://b", options) == "proxy:3128");
    options.proxy_url = "https://proxy";
    CHECK(proxy_for("http://b", options) == "error: proxy_url: unsupported scheme; expected http");
    options.proxy_url = "proxy:3128";
    CHECK(proxy_for("http://b", options).starts_with("error: proxy_url: "));
}

TEST_CASE("the environment's proxies are used where the options say so", "[base][proxy]") {
    const ProxyEnvironment environment{.http = "plain:3128", .https = "http://secure:3129", .none = "b.c"};
    HttpOptions options;
    CHECK(proxy_for("http://a", options, environment) == "none");
    options.proxy_from_environment = true;
    CHECK(proxy_for("http://a", options, environment) == "plain:3128");
    CHECK(proxy_for("https://a", options, environment) == "secure:3129");
    CHECK(proxy_for("http://x.b.c", options, environment) == "none");
    CHECK(proxy_for("http://127.0.0.1:9100", options, environment) == "none");
    CHECK(proxy_for("http://localhost", options, environment) == "none");
    CHECK(proxy_for("http://a", options) == "none");
    CHECK(proxy_for("https://a", options, {.http = {}, .https = "https://s", .none = {}}) ==
          "error: HTTPS_PROXY: unsupported scheme; expected http");
    CHECK(proxy_for("https://a", options, {.http = {}, .https = "socks5://s", .none = {}})
              .starts_with("error: HTTPS_PROXY: "));
}

}  // namespace tocsin
