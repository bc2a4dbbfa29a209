#include "base/beast_client.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/compression.h"
#include "tests/base/http_client_world.h"
#include "tests/catch.h"
#include "tests/fakes/tls_server.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using fakes::FakeResolver;
using fakes::RawConnection;
using fakes::RawServer;
using fakes::TestCertificate;
using fakes::TlsServer;
using tests::answer_once;
using tests::never_answer;

using World = tests::HttpWorld<BeastClient, BeastClientOptions>;
const Duration kLimit = tests::kHttpLimit;
const std::string& kOk = tests::kHttpOk;

/// Answers each request on a connection with the same bytes.
RawServer::Script always(std::string answer) {
    return [answer = std::move(answer)](RawConnection& connection) {
        while (!connection.read_head().empty() && connection.send(answer)) {
        }
    };
}

TEST_CASE("a request goes out as it was given and its answer comes back step by step", "[base][beast_client]") {
    RawServer server([&server](RawConnection& connection) {
        const std::string head = connection.read_head();
        server.note(head + connection.read_until("body"));
        connection.send("HTTP/1.1 201 Created\r\nX-One: 1\r\nContent-Length: 5\r\n\r\nhello");
    });
    World world;
    HttpRequest request;
    request.method = "POST";
    request.url = server.url("/path?q=1");
    request.headers = {{"X-Team", "a b"}, {"Content-Type", "text/plain"}};
    request.body = "the body";
    std::string steps;
    std::optional<HttpResponse> response;
    HttpEvents events;
    events.connected = [&] { steps += "connected "; };
    events.headers = [&](int status, const std::vector<HttpHeader>& headers) {
        steps += std::to_string(status) + " " + std::string(find_header(headers, "x-one")) + " ";
    };
    events.body = [&](std::string_view piece) { steps += piece; };
    events.verdict = [&](Result<HttpResponse> result) { response = std::move(result).value(); };
    world.client.send(std::move(request), std::move(events));
    REQUIRE(world.scheduler.run_until([&] { return response.has_value(); }, kLimit));

    CHECK(steps == "connected 201 1 hello");
    CHECK(response->status == 201);
    CHECK(response->body.empty());  // it was given piece by piece
    CHECK(server.notes().at(0) ==
          "POST /path?q=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
              "\r\nX-Team: a b\r\nContent-Type: text/plain\r\nUser-Agent: tocsin\r\nContent-Length: 8\r\n\r\nthe body");
}

TEST_CASE("a connection is kept and used again", "[base][beast_client]") {
    RawServer server(always(kOk));
    World world;
    for (int i = 0; i < 3; ++i) CHECK(world.get(server.url())->body == "ok");
    CHECK(server.connections() == 1);
    CHECK(world.client.idle_connections() == 1);
}

TEST_CASE("requests at the same time have a connection each", "[base][beast_client]") {
    RawServer server(always(kOk));
    World world;
    int done = 0;
    for (int i = 0; i < 20; ++i) {
        HttpEvents events;
        events.verdict = [&](Result<HttpResponse> result) { done += result && result->body == "ok" ? 1 : 0; };
        HttpRequest request;
        request.url = server.url();
        world.client.send(std::move(request), std::move(events));
    }
    REQUIRE(world.scheduler.run_until([&] { return done == 20; }, kLimit));
    CHECK(server.connections() == 20);
    CHECK(world.client.idle_connections() == 16);
}

TEST_CASE("a connection is not kept when the answer says so, or has more behind it", "[base][beast_client]") {
    const std::string answer =
        GENERATE_COPY(as<std::string>(), "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                      "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", kOk + "rubbish");
    RawServer server(always(answer));
    World world;
    for (int i = 0; i < 2; ++i) CHECK(world.get(server.url())->body == "ok");
    CHECK(server.connections() == 2);
}

TEST_CASE("a kept connection that the other side has closed is replaced", "[base][beast_client]") {
    RawServer server(answer_once(kOk));
    World world;
    CHECK(world.get(server.url())->body == "ok");
    CHECK(world.get(server.url())->body == "ok");
    CHECK(server.connections() == 2);
}

/// Answers one request, and closes in the face of the second.
void answer_once_and_hang_up(RawConnection& connection) {
    connection.read_head();
    connection.send(kOk);
    connection.read_head();
}

TEST_CASE("a request that meets the end of a kept connection is repeated on a fresh one", "[base][beast_client]") {
    RawServer server(answer_once_and_hang_up);
    World world;
    CHECK(world.get(server.url())->body == "ok");
    const auto second = world.get(server.url());
    REQUIRE(second);
    CHECK(second->body == "ok");
    CHECK(server.connections() == 2);
}

TEST_CASE("a request that may have had an effect is not repeated", "[base][beast_client]") {
    RawServer server(answer_once_and_hang_up);
    World world;
    CHECK(world.get(server.url())->body == "ok");
    HttpRequest post;
    post.method = "POST";
    post.url = server.url();
    const auto second = world.fetch(std::move(post));
    REQUIRE_FALSE(second);
    CHECK(second.error().message == "connection closed before the end of the answer");
    CHECK(server.connections() == 1);
}

TEST_CASE("a fresh connection that fails is not tried again", "[base][beast_client]") {
    RawServer server([](RawConnection& connection) { connection.read_head(); });
    World world;
    CHECK(world.get(server.url()).error().message == "connection closed before the end of the answer");
    CHECK(server.connections() == 1);
}

TEST_CASE("a server that misbehaves is an error that says how", "[base][beast_client]") {
    struct Case {
        std::string name;
        RawServer::Script script;
        std::string message;
        Error::Kind kind;
    };
    const auto send = [](std::string bytes) { return answer_once(std::move(bytes)); };
    const auto [name, script, message, kind] = GENERATE_COPY(values<Case>({
        {"never ends the head",
         [](RawConnection& c) {
             c.send("HTTP/1.1 200 OK\r\nX: ");
             c.read_to_end();
         },
         "timed out after 200ms", Error::Kind::Timeout},
        {"reset in the middle",
         [](RawConnection& c) {
             c.read_head();
             c.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort");
             c.reset();
         },
         "connection reset by peer", Error::Kind::Unavailable},
        {"endless head",
         [](RawConnection& c) {
             c.read_head();
             c.send("HTTP/1.1 200 OK\r\n");
             while (c.send("X-Header: " + std::string(1000, 'x') + "\r\n")) {
             }
         },
         "malformed answer: header limit exceeded", Error::Kind::Unavailable},
        {"endless chunk extension",
         [](RawConnection& c) {
             c.read_head();
             c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;");
             while (c.send(std::string(1000, 'x'))) {
             }
         },
         "malformed answer: endless line", Error::Kind::Unavailable},
        {"another protocol", send("220 mail.test ESMTP\r\n"), "malformed answer: bad version",
         Error::Kind::Unavailable},
    }));
    CAPTURE(name);
    World world;
    const Error error = world.error_of(script, kind == Error::Kind::Timeout ? 200ms : Duration(10s));
    CHECK(error.message == message);
    CHECK(error.kind == kind);
}

TEST_CASE("an answer that ends with its connection is whole", "[base][beast_client]") {
    RawServer server(answer_once("HTTP/1.1 200 OK\r\n\r\nuntil the end"));
    World world;
    CHECK(world.get(server.url())->body == "until the end");
}

TEST_CASE("a large answer comes whole", "[base][beast_client]") {
    const std::string body(5'000'000, 'x');
    RawServer server(answer_once("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + body));
    World world;
    HttpRequest request;
    request.url = server.url();
    request.answer_bytes_max = 5'000'000;
    CHECK(world.fetch(std::move(request))->body == body);
}

TEST_CASE("the addresses of a name are tried one after the other", "[base][beast_client]") {
    RawServer server(always(kOk));
    World world;
    world.resolver.add("node.test", std::vector<std::string>{"127.0.0.2", "127.0.0.1"});
    CHECK(world.get("http://node.test:" + std::to_string(server.port()))->body == "ok");
    CHECK(world.get("http://node.test:" + std::to_string(server.port()))->body == "ok");
    CHECK(world.resolver.asked().size() == 1);  // the second one found the first one's connection
}

TEST_CASE("a redirect to the same host is followed without a word", "[base][beast_client]") {
    RawServer server([&server](RawConnection& connection) {
        connection.read_until("body");
        connection.send("HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 4\r\n\r\nmove");
        server.note(connection.read_head());
        connection.send(kOk);
    });
    World world;
    HttpRequest request;
    request.method = "POST";
    request.url = server.url("/here");
    request.headers = {{"Authorization", "Bearer t"}};
    request.body = "body";
    int heads = 0;
    std::optional<Result<HttpResponse>> verdict;
    HttpEvents events;
    events.headers = [&](int, const std::vector<HttpHeader>&) { ++heads; };
    events.verdict = [&](Result<HttpResponse> result) { verdict = std::move(result); };
    world.client.send(std::move(request), std::move(events));
    REQUIRE(world.scheduler.run_until([&] { return verdict.has_value(); }, kLimit));
    CHECK((*verdict)->body == "ok");
    CHECK(heads == 1);
    const std::string second = server.notes().at(0);
    CHECK(second.starts_with("GET /there HTTP/1.1\r\n"));
    CHECK(second.find("Authorization: Bearer t") != std::string::npos);
    CHECK(server.connections() == 1);
}

TEST_CASE("a redirect that is not to be followed is the answer", "[base][beast_client]") {
    RawServer other(always(kOk));
    const bool follow = GENERATE(true, false);
    RawServer server(always("HTTP/1.1 302 Found\r\nLocation: " +
                            (follow ? "http://other.test:" + std::to_string(other.port()) : std::string("/there")) +
                            "\r\nContent-Length: 4\r\n\r\nmove"));
    World world;
    world.resolver.add("other.test", std::vector<std::string>{"127.0.0.1"});
    HttpOptions options;
    options.follow_redirects = follow;
    const auto response = world.get(server.url(), options);
    REQUIRE(response);
    CHECK(response->status == 302);
    CHECK(response->body == "move");
    CHECK(other.connections() == 0);
}

TEST_CASE("a cancelled request is never heard of again", "[base][beast_client]") {
    RawServer server(always(kOk));
    World world;
    bool heard = false;
    HttpEvents events;
    events.verdict = [&](const Result<HttpResponse>&) { heard = true; };
    HttpRequest request;
    request.url = server.url();
    world.client.cancel(world.client.send(request, events));
    world.client.cancel(12345);
    CHECK(world.get(server.url())->body == "ok");
    CHECK_FALSE(heard);
}

TEST_CASE("a verdict may send the next request", "[base][beast_client]") {
    RawServer server(always(kOk));
    World world;
    int left = 5;
    std::function<void()> next = [&] {
        HttpRequest request;
        request.url = server.url();
        HttpEvents events;
        events.verdict = [&](const Result<HttpResponse>& result) {
            REQUIRE(result);
            if (--left > 0) next();
        };
        world.client.send(std::move(request), std::move(events));
    };
    next();
    REQUIRE(world.scheduler.run_until([&] { return left == 0; }, kLimit));
    CHECK(server.connections() == 1);
}

TEST_CASE("nothing is called from within send, or after the client is gone", "[base][beast_client]") {
    RawServer server(never_answer);
    AsioScheduler scheduler;
    FakeResolver resolver(scheduler);
    auto client = std::make_unique<BeastClient>(scheduler, resolver);
    bool connected = false, heard = false;
    for (const std::string& url : {server.url(), std::string("not a url")}) {
        HttpEvents events;
        events.connected = [&] { connected = true; };
        events.verdict = [&](const Result<HttpResponse>&) { heard = true; };
        HttpRequest request;
        request.url = url;
        client->send(std::move(request), std::move(events));
        CHECK_FALSE(heard);
    }
    REQUIRE(scheduler.run_until([&] { return connected && heard; }, kLimit));
    heard = false;
    client.reset();
    bool later = false;
    scheduler.after(20ms, [&] { later = true; });
    REQUIRE(scheduler.run_until([&] { return later; }, kLimit));
    CHECK_FALSE(heard);
}

TEST_CASE("the answer to HEAD has no body, whatever its length says", "[base][beast_client]") {
    RawServer server(always("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"));
    World world;
    for (int i = 0; i < 2; ++i) {
        HttpRequest request;
        request.method = "HEAD";
        request.url = server.url();
        const auto response = world.fetch(std::move(request));
        REQUIRE(response);
        CHECK(response->body.empty());
    }
    CHECK(server.connections() == 1);
}

TEST_CASE("a connection under TLS is kept, and an address has to be in the certificate", "[base][beast_client]") {
    const TestCertificate certificate("DNS:node.test");
    World world;
    TlsServer server(world.scheduler, fakes::server_with(certificate), kOk);
    world.resolver.add("node.test", std::vector<std::string>{"127.0.0.1"});
    HttpOptions options;
    options.ca_file = certificate.cert_file();
    CHECK(world.get(server.url("node.test"), options)->body == "ok");
    CHECK(world.get(server.url("node.test"), options)->body == "ok");
    CHECK(server.handshakes() == 1);
    CHECK(world.get(server.url("127.0.0.1"), options).error().message == "tls: certificate: IP address mismatch");
}

TEST_CASE("certificates may be text instead of files", "[base][beast_client]") {
    const TestCertificate ours("IP:127.0.0.1"), theirs("DNS:client.test");
    World world;
    TlsServer server(world.scheduler, fakes::server_with(ours, &theirs), kOk);
    HttpOptions options;
    options.ca_pem = fakes::text_of_file(ours.cert_file());
    options.cert_pem = fakes::text_of_file(theirs.cert_file());
    CHECK_FALSE(world.get(server.url(), options));
    options.key_pem = Secret(fakes::text_of_file(theirs.key_file()));
    CHECK(world.get(server.url(), options)->body == "ok");
    options.key_pem = Secret("not a key at all");
    const auto refused = world.get(server.url(), options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.starts_with("tls: cannot use key in the configuration: "));
    CHECK(refused.error().message.find("at all") == std::string::npos);
}

TEST_CASE("the versions of TLS can be limited", "[base][beast_client]") {
    const TestCertificate certificate("IP:127.0.0.1");
    World world;
    TlsServer server(world.scheduler, fakes::server_with(certificate), kOk);
    HttpOptions options;
    options.ca_file = certificate.cert_file();
    for (const auto version : {TlsVersion::Tls12, TlsVersion::Tls13}) {
        options.tls_min = options.tls_max = version;
        CHECK(world.get(server.url(), options)->body == "ok");
    }
    CHECK(server.handshakes() == 2);  // they do not share a connection
    options.tls_min = TlsVersion::Tls13;
    options.tls_max = TlsVersion::Tls12;
    CHECK(world.get(server.url(), options).error().message.starts_with("tls: "));
}

TEST_CASE("a connection is not shared by requests that verify differently", "[base][beast_client]") {
    const TestCertificate certificate("DNS:node.test");
    World world;
    TlsServer server(world.scheduler, fakes::server_with(certificate), kOk);
    HttpOptions careless;
    careless.insecure_skip_verify = true;
    CHECK(world.get(server.url(), careless));
    HttpOptions careful;
    careful.ca_file = certificate.cert_file();
    CHECK_FALSE(world.get(server.url(), careful));
}

TEST_CASE("a server that answers TLS with something else is an error", "[base][beast_client]") {
    RawServer server([](RawConnection& connection) {
        connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
        connection.read_to_end();
    });
    World world;
    const auto response = world.get("https://127.0.0.1:" + std::to_string(server.port()) + "/");
    REQUIRE_FALSE(response);
    CHECK(response.error().message.starts_with("tls: "));
}

}  // namespace
}  // namespace tocsin
