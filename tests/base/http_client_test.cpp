#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "base/beast_client.h"
#include "base/compression.h"
#include "base/httplib_client.h"
#include "tests/base/http_client_world.h"
#include "tests/fakes/tls_server.h"

// What every HttpClient promises, whoever speaks.

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using fakes::RawConnection;
using fakes::RawServer;
using fakes::TestCertificate;
using fakes::TlsServer;
using tests::answer_once;
using tests::kHttpLimit;
using tests::kHttpOk;
using tests::never_answer;
using BeastWorld = tests::HttpWorld<BeastClient, BeastClientOptions>;
using HttplibWorld = tests::HttpWorld<HttplibClient, HttplibClientOptions>;

template <class World>
auto options_of_world() {
    if constexpr (std::is_same_v<World, BeastWorld>) {
        return BeastClientOptions{};
    } else {
        return HttplibClientOptions{};
    }
}

TEMPLATE_TEST_CASE("a server that misbehaves is an error that says how", "[base][http_client]", BeastWorld,
                   HttplibWorld) {
    struct Case {
        std::string name;
        RawServer::Script script;
        std::string message;
        Error::Kind kind;
    };
    const auto send = [](std::string bytes) { return answer_once(std::move(bytes)); };
    const std::string bomb = gzip(std::string(10'000'000, 'a'));
    const auto [name, script, message, kind] = GENERATE_COPY(values<Case>({
        {"never answers", never_answer, "timed out after 200ms", Error::Kind::Timeout},
        {"one byte at a time",
         [](RawConnection& c) {
             c.read_head();
             c.send("HTTP/1.1 200 OK\r\n\r\n");
             while (c.send("x")) c.pause(5ms);
         },
         "timed out after 200ms", Error::Kind::Timeout},
        {"fewer bytes than promised", send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"),
         "connection closed before the end of the answer", Error::Kind::Unavailable},
        {"endless body",
         [](RawConnection& c) {
             c.read_head();
             c.send("HTTP/1.1 200 OK\r\n\r\n");
             while (c.send(std::string(10'000, 'x'))) {
             }
         },
         "answer larger than 65536 bytes", Error::Kind::LimitExceeded},
        {"announces too much", send("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n"),
         "answer larger than 65536 bytes", Error::Kind::LimitExceeded},
        {"gzip bomb", send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb),
         "answer larger than 65536 bytes", Error::Kind::LimitExceeded},
        {"redirect loop", send("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
         "stopped after 5 redirects", Error::Kind::Unavailable},
    }));
    CAPTURE(name);
    TestType world;
    const Error error = world.error_of(script, kind == Error::Kind::Timeout ? 200ms : Duration(10s));
    CHECK(error.message == message);
    CHECK(error.kind == kind);
}

TEMPLATE_TEST_CASE("a connection that is refused is an error that says so", "[base][http_client]", BeastWorld,
                   HttplibWorld) {
    TestType world;
    const auto verdict = world.get("http://127.0.0.1:" + std::to_string(RawServer::closed_port()) + "/secret");
    REQUIRE_FALSE(verdict);
    CHECK(verdict.error().message == "connect: connection refused");
    CHECK(verdict.error().kind == Error::Kind::Unavailable);
}

TEMPLATE_TEST_CASE("a name that does not exist is an error, and one that is never found times out",
                   "[base][http_client]", BeastWorld, HttplibWorld) {
    TestType world;
    CHECK(world.get("http://missing.test/").error().message.find("missing.test") != std::string::npos);
    world.resolver.add("slow.test", std::vector<std::string>{"127.0.0.1"}, 1h);
    HttpRequest request;
    request.url = "http://slow.test/";
    request.timeout = 20ms;
    CHECK(world.fetch(std::move(request)).error().message == "name lookup: timed out after 20ms");
}

TEMPLATE_TEST_CASE("a request may be cancelled from each of its events", "[base][http_client]", BeastWorld,
                   HttplibWorld) {
    RawServer server(answer_once(kHttpOk));
    TestType world;
    const std::string at = GENERATE("connected", "headers", "body");
    HttpClient::RequestId id = 0;
    bool cancelled = false, heard = false;
    const auto step = [&](const std::string& name) {
        heard = heard || cancelled;
        if (name != at) return;
        world.client.cancel(id);
        cancelled = true;
    };
    HttpEvents events;
    events.connected = [&] { step("connected"); };
    events.headers = [&](int, const std::vector<HttpHeader>&) { step("headers"); };
    events.body = [&](std::string_view) { step("body"); };
    events.verdict = [&](const Result<HttpResponse>&) { step("verdict"); };
    HttpRequest request;
    request.url = server.url();
    id = world.client.send(std::move(request), std::move(events));
    REQUIRE(world.scheduler.run_until([&] { return cancelled; }, kHttpLimit));
    CHECK(world.get(server.url())->body == "ok");
    CHECK_FALSE(heard);
}

TEMPLATE_TEST_CASE("an address that is denied is not connected to", "[base][http_client]", BeastWorld, HttplibWorld) {
    RawServer server(answer_once(kHttpOk));
    auto options = options_of_world<TestType>();
    options.may_connect = [](const std::string& address) { return address != "127.0.0.1"; };
    TestType world(std::move(options));
    world.resolver.add("node.test", std::vector<std::string>{"127.0.0.1"});
    const std::string host = GENERATE("127.0.0.1", "node.test");
    const auto verdict = world.get("http://" + host + ":" + std::to_string(server.port()));
    REQUIRE_FALSE(verdict);
    CHECK(verdict.error().message == "connect: address 127.0.0.1 is denied");
    CHECK(server.connections() == 0);
}

TEMPLATE_TEST_CASE("through a proxy the whole URL is asked for", "[base][http_client]", BeastWorld, HttplibWorld) {
    RawServer proxy([&proxy](RawConnection& connection) {
        proxy.note(connection.read_head());
        connection.send(kHttpOk);
    });
    TestType world;
    HttpOptions options;
    options.proxy_url = "http://user:pass@127.0.0.1:" + std::to_string(proxy.port());
    CHECK(world.get("http://node.test/path", options)->body == "ok");
    const std::string asked = proxy.notes().at(0);
    CHECK(asked.starts_with("GET http://node.test:80/path HTTP/1.1\r\n"));
    CHECK(asked.find("Host: node.test\r\n") != std::string::npos);
    CHECK(asked.find("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n") != std::string::npos);
    CHECK(world.resolver.asked().empty());
}

TEMPLATE_TEST_CASE("a proxy of the environment is asked where the options say so", "[base][http_client]", BeastWorld,
                   HttplibWorld) {
    RawServer proxy([&proxy](RawConnection& connection) {
        proxy.note(connection.read_head());
        connection.send(kHttpOk);
    });
    auto client_options = options_of_world<TestType>();
    client_options.proxies.http = "127.0.0.1:" + std::to_string(proxy.port());
    TestType world(std::move(client_options));
    CHECK_FALSE(world.get("http://node.test/path"));
    HttpOptions options;
    options.proxy_from_environment = true;
    CHECK(world.get("http://node.test/path", options)->body == "ok");
    CHECK(proxy.notes().at(0).starts_with("GET http://node.test:80/path HTTP/1.1\r\n"));
}

TEMPLATE_TEST_CASE("TLS verifies the certificate and the name, unless told not to", "[base][http_client]", BeastWorld,
                   HttplibWorld) {
    const TestCertificate trusted("DNS:node.test,IP:127.0.0.1"), other("DNS:node.test"), expired("DNS:node.test", -10);
    struct Case {
        const TestCertificate* shown;
        std::string host, server_name, ca_file;
        bool skip_verify;
        std::string message;  // empty: good
    };
    const std::vector<Case> cases = {
        {&trusted, "node.test", "", trusted.cert_file(), false, ""},
        {&trusted, "127.0.0.1", "", trusted.cert_file(), false, ""},
        {&trusted, "else.test", "node.test", trusted.cert_file(), false, ""},
        {&trusted, "else.test", "", trusted.cert_file(), true, ""},
        {&other, "else.test", "", "", true, ""},
        {&trusted, "else.test", "", trusted.cert_file(), false, "tls: certificate: hostname mismatch"},
        {&other, "node.test", "", trusted.cert_file(), false, "tls: certificate: "},
        {&trusted, "node.test", "", "", false, "tls: certificate: self-signed certificate"},
        {&expired, "node.test", "", expired.cert_file(), false, "tls: certificate: certificate has expired"},
        {&trusted, "node.test", "", "/nonexistent/ca.pem", false, "tls: cannot use CA file /nonexistent/ca.pem"},
    };
    for (const auto& [shown, host, server_name, ca_file, skip_verify, message] : cases) {
        CAPTURE(host, server_name, message);
        TestType world;
        TlsServer server(world.scheduler, fakes::server_with(*shown), kHttpOk);
        world.resolver.add("node.test", std::vector<std::string>{"127.0.0.1"});
        world.resolver.add("else.test", std::vector<std::string>{"127.0.0.1"});
        HttpOptions options;
        options.server_name = server_name;
        options.ca_file = ca_file;
        options.insecure_skip_verify = skip_verify;
        const auto response = world.get(server.url(host), options);
        if (message.empty()) {
            REQUIRE(response);
            CHECK(response->body == "ok");
        } else {
            REQUIRE_FALSE(response);
            INFO(response.error().message);
            CHECK(response.error().message.starts_with(message));
        }
    }
}

TEMPLATE_TEST_CASE("TLS goes through the tunnel of a proxy, which alone sees the headers for it", "[base][http_client]",
                   BeastWorld, HttplibWorld) {
    const TestCertificate certificate("DNS:node.test");
    TestType world;
    TlsServer server(world.scheduler, fakes::server_with(certificate), kHttpOk);
    server.begin_with_tunnel();
    HttpOptions options;
    options.ca_file = certificate.cert_file();
    options.proxy_url = "http://user:pass@127.0.0.1:" + std::to_string(server.port());
    options.proxy_connect_headers = {{"X-Pass", "let me through"}, {"proxy-authorization", "not this"}};
    CHECK(world.get("https://node.test/", options)->body == "ok");
    CHECK(server.tunnels().at(0) ==
          "CONNECT node.test:443 HTTP/1.1\r\nHost: node.test:443\r\n"
          "Proxy-Authorization: Basic dXNlcjpwYXNz\r\nX-Pass: let me through\r\n\r\n");

    // The tunnel leads to the host of the URL, whatever name its certificate is to have.
    options.server_name = "node.test";
    CHECK(world.get("https://else.test/", options)->body == "ok");
    CHECK(server.tunnels().at(1).starts_with("CONNECT else.test:443 HTTP/1.1\r\n"));
    options.server_name = "other.test";
    CHECK(world.get("https://else.test/", options).error().message == "tls: certificate: hostname mismatch");
}

TEMPLATE_TEST_CASE("a proxy that opens no tunnel is an error that says why", "[base][http_client]", BeastWorld,
                   HttplibWorld) {
    TestType world;
    const auto error_behind = [&world](const std::string& answer) {
        RawServer proxy(answer_once(answer));
        HttpOptions options;
        options.proxy_url = "http://127.0.0.1:" + std::to_string(proxy.port());
        return world.get("https://node.test/", options).error();
    };
    CHECK(error_behind("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").message ==
          "proxy refused: status 407");
    CHECK(error_behind("HTTP/1.1 503 Busy\r\n\r\n").message == "proxy refused: status 503");
    CHECK(error_behind("HTTP/1.1 200").kind == Error::Kind::Unavailable);
    CHECK(error_behind("SSH-2.0\r\n").message == "malformed answer: bad version");
}

TEMPLATE_TEST_CASE("a header for a proxy that would break out of its line is refused", "[base][http_client]",
                   BeastWorld, HttplibWorld) {
    TestType world;
    HttpOptions options;
    options.proxy_url = "http://127.0.0.1:1";
    options.proxy_connect_headers = {{"X-Pass", "a\r\nX-Other: SECRET"}};
    CHECK(world.get("https://node.test/", options).error().message == "header X-Pass has a line feed in its value");
}

TEMPLATE_TEST_CASE("a server that wants a certificate gets it", "[base][http_client]", BeastWorld, HttplibWorld) {
    const TestCertificate ours("IP:127.0.0.1"), theirs("DNS:client.test");
    TestType world;
    TlsServer server(world.scheduler, fakes::server_with(ours, &theirs), kHttpOk);
    HttpOptions options;
    options.ca_file = ours.cert_file();
    CHECK_FALSE(world.get(server.url(), options));
    options.cert_file = theirs.cert_file();
    options.key_file = theirs.key_file();
    CHECK(world.get(server.url(), options)->body == "ok");
}

TEMPLATE_TEST_CASE("certificates may be text instead of files", "[base][http_client]", BeastWorld, HttplibWorld) {
    const TestCertificate ours("IP:127.0.0.1"), theirs("DNS:client.test");
    TestType world;
    TlsServer server(world.scheduler, fakes::server_with(ours, &theirs), kHttpOk);
    HttpOptions options;
    options.ca_pem = fakes::text_of_file(ours.cert_file());
    CHECK_FALSE(world.get(server.url(), options));
    options.cert_pem = fakes::text_of_file(theirs.cert_file());
    options.key_pem = Secret(fakes::text_of_file(theirs.key_file()));
    CHECK(world.get(server.url(), options)->body == "ok");
    // Nobody else is trusted then.
    options.ca_pem = fakes::text_of_file(theirs.cert_file());
    CHECK(world.get(server.url(), options).error().message.starts_with("tls: certificate: "));
}

}  // namespace
}  // namespace tocsin
