#include "base/go_url.h"

#include <string>

#include "tests/catch.h"

// As Alertmanager 0.25 takes links of alerts, or refuses them.
TEST_CASE("links are what Go takes for the URI of a request", "[base][url]") {
    const auto [text, good] = GENERATE(table<std::string, bool>({
        {"http://x/y", true},
        {"http://prometheus:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1", true},
        {"/abs", true},
        {"//host/x", true},
        {"mailto:x@y", true},
        {"x:y", true},
        {"http://", true},
        {"http://h:99999/", true},
        {"http://h?q=a b", true},
        {"http://[::1]:9090/", true},
        {"http://user:secret@h/", true},
        {"not a url", false},
        {"x", false},
        {"relative/x", false},
        {"#f", false},
        {"%zz", false},
        {"http://h/%zz", false},
        {"http://x y/", false},
        {"http://[::1", false},
        {"http://h:port/", false},
        {"http://h/\n", false},
        {"", false},
    }));
    CAPTURE(text);
    CHECK(tocsin::is_request_uri(text) == good);
}

// As amtool 0.25 takes the proxy_url of an http_config, or refuses it.
TEST_CASE("URLs are what Go takes for one", "[base][url]") {
    const auto [text, good] = GENERATE(table<std::string, bool>({
        {"http://u:p@h:3128", true},
        {"x", true},
        {"", true},
        {"socks5://h", true},
        {"/x", true},
        {"a b", true},
        {"h:3128", true},
        {"http://h/a#b:c", true},
        {"::", false},
        {":x", false},
        {"1:2", false},
        {"127.0.0.1:3128", false},
        {"http://[::1", false},
        {"http://h:port", false},
        {"http://h/%zz", false},
        {"http://a b", false},
        {"%zz", false},
    }));
    CAPTURE(text);
    CHECK(tocsin::is_go_url(text) == good);
}
