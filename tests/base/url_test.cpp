#include "base/url.h"

#include "tests/catch.h"

namespace tocsin {

TEST_CASE("a URL is read into its parts", "[base][url]") {
    struct Case {
        const char* text;
        const char* host;
        int port;
        const char* path;
        const char* query;
    };
    const auto [text, host, port, path, query] = GENERATE(values<Case>({
        {"http://example.com", "example.com", 80, "/", ""},
        {"https://example.com", "example.com", 443, "/", ""},
        {"HTTP://Example.com:8080/a/b?x=1&y=2#frag", "Example.com", 8080, "/a/b", "x=1&y=2"},
        {"http://example.com?x=1", "example.com", 80, "/", "x=1"},
        {"http://example.com:/a", "example.com", 80, "/a", ""},
        {"http://[::1]:9090/", "::1", 9090, "/", ""},
        {"http://[fe80::1%25eth0]/", "fe80::1%eth0", 80, "/", ""},
        {"http://10.0.0.1:65535/metrics", "10.0.0.1", 65535, "/metrics", ""},
        {"http://h/a b?c d", "h", 80, "/a b", "c d"},
        {"http://h/a%2Fb", "h", 80, "/a%2Fb", ""},
        {"http://h/?a=http://x/?b", "h", 80, "/", "a=http://x/?b"},
        {"http://h/a@b:c", "h", 80, "/a@b:c", ""},
        {"http://bücher.example/", "bücher.example", 80, "/", ""},
    }));
    CAPTURE(text);
    const auto url = parse_url(text);
    REQUIRE(url.has_value());
    CHECK(url->host == host);
    CHECK(url->port == port);
    CHECK(url->path == path);
    CHECK(url->query == query);
}

TEST_CASE("a port is known to have been given", "[base][url]") {
    CHECK(parse_url("http://h:80/")->port_given);
    CHECK_FALSE(parse_url("http://h/")->port_given);
    CHECK_FALSE(parse_url("http://h:/")->port_given);
}

TEST_CASE("user and password are decoded", "[base][url]") {
    const auto url = parse_url("https://us%40er:p%3Ass:w@h/");
    REQUIRE(url.has_value());
    CHECK(url->user == "us@er");
    CHECK(url->password == "p:ss:w");
    CHECK(url->host == "h");
    CHECK(parse_url("http://a@b@h/")->user == "a@b");
}

TEST_CASE("what is no URL is refused without repeating it", "[base][url]") {
    const std::string text = GENERATE(
        "", "S3CRET", "/S3CRET", "S3CRET.example/path", "ftp://S3CRET/", "http:S3CRET", "http:///S3CRET",
        "http://:80/S3CRET", "http://h:99999/S3CRET", "http://h:0/S3CRET", "http://h:8x/S3CRET", "http://h:-1/S3CRET",
        "http://S3CRET h/", "http://[::1/S3CRET", "http://[::1]x/S3CRET", "http://[]/S3CRET", "http://h/%zzS3CRET",
        "http://h/S3CRET%2", "http://h/S3\nCRET", "http://h<S3CRET>/", "http://%/S3CRET", "http://::1/S3CRET");
    CAPTURE(text);
    const auto url = parse_url(text);
    REQUIRE_FALSE(url.has_value());
    CHECK(url.error().kind == Error::Kind::InvalidInput);
    CHECK(url.error().message.find("CRET") == std::string::npos);
}

TEST_CASE("the target is fit for a request line", "[base][url]") {
    CHECK(parse_url("http://h")->target() == "/");
    CHECK(parse_url("http://h/a%20b?x=%20&y=+")->target() == "/a%20b?x=%20&y=+");
    CHECK(parse_url("http://h/a b/é?q={x|y}")->target() == "/a%20b/%C3%A9?q=%7Bx%7Cy%7D");
}

TEST_CASE("percent-encoding is undone, broken escapes stay", "[base][url]") {
    CHECK(percent_decode("a%20b+c") == "a b+c");
    CHECK(percent_decode("a%20b+c", true) == "a b c");
    CHECK(percent_decode("%C3%a9%00") == std::string("é\0", 3));
    CHECK(percent_decode("100%") == "100%");
    CHECK(percent_decode("%4") == "%4");
    CHECK(percent_decode("%zz%41") == "%zzA");
}

TEST_CASE("a query is escaped as Go's QueryEscape does", "[base][url]") {
    CHECK(query_escape("a b&c=d/é~-_.") == "a+b%26c%3Dd%2F%C3%A9~-_.");
    CHECK(percent_decode(query_escape("up{job=~\"a+b\"} > 1"), true) == "up{job=~\"a+b\"} > 1");
}

TEST_CASE("a form is read in order", "[base][url]") {
    using Fields = std::vector<std::pair<std::string, std::string>>;
    CHECK(parse_form("").empty());
    CHECK(parse_form("a=1&b=x+y&a=%26&c&=v&&d==") ==
          Fields{{"a", "1"}, {"b", "x y"}, {"a", "&"}, {"c", ""}, {"", "v"}, {"d", "="}});
    CHECK(parse_form("a=1&b=2&c=3", 2) == Fields{{"a", "1"}, {"b", "2"}});
}

TEST_CASE("a URL is shown without its password", "[base][url]") {
    const auto [text, shown] = GENERATE(table<std::string, std::string>({
        {"http://me:secret@proxy:3128", "http://me:xxxxx@proxy:3128"},
        {"http://me:s@cret:x@proxy/a?b@c", "http://me:xxxxx@proxy/a?b@c"},
        {"socks5://me:secret@proxy", "socks5://me:xxxxx@proxy"},
        {"http://:secret@proxy", "http://:xxxxx@proxy"},
        {"http://me:@proxy", "http://me:xxxxx@proxy"},
        {"http://me@proxy:3128", "http://me@proxy:3128"},
        {"http://proxy:3128/a:b@c", "http://proxy:3128/a:b@c"},
        {"me:secret@proxy", "me:secret@proxy"},
        {"", ""},
    }));
    CHECK(without_password(text) == shown);
}

}  // namespace tocsin
