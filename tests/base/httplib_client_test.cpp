#include "base/httplib_client.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/asio_scheduler.h"
#include "base/compression.h"
#include "tests/catch.h"
#include "tests/fakes/fake_resolver.h"
#include "tests/fakes/raw_socket.h"
#include "tests/fakes/tls_server.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using fakes::FakeResolver;
using fakes::RawConnection;
using fakes::RawServer;
using fakes::TestCertificate;
using fakes::TlsServer;

constexpr Duration kLimit{20'000};
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct World {
    AsioScheduler scheduler;
    FakeResolver resolver{scheduler};
    HttplibClient client{scheduler, resolver};

    Result<HttpResponse> fetch(HttpRequest request) {
        std::optional<Result<HttpResponse>> verdict;
        HttpEvents events;
        events.verdict = [&](Result<HttpResponse> result) { verdict = std::move(result); };
        client.send(std::move(request), std::move(events));
        REQUIRE(scheduler.run_until([&] { return verdict.has_value(); }, kLimit));
        return *std::move(verdict);
    }

    Result<HttpResponse> get(std::string url, HttpOptions options = {}) {
        HttpRequest request;
        request.url = std::move(url);
        request.options = std::make_shared<const HttpOptions>(std::move(options));
        return fetch(std::move(request));
    }
};

RawServer::Script once(std::string answer) {
    return [answer = std::move(answer)](RawConnection& connection) {
        connection.read_head();
        connection.send(answer);
    };
}

void never_answer(RawConnection& connection) {
    connection.read_to_end();
}

TEST_CASE("a message goes out as it was given and its answer comes back step by step", "[base][httplib_client]") {
    RawServer server([&server](RawConnection& connection) {
        const std::string head = connection.read_head();
        server.note(head);
        server.note(connection.read_until("body"));
        connection.send("HTTP/1.1 201 Created\r\nX-One: 1\r\nContent-Length: 5\r\n\r\nhello");
    });
    World world;
    HttpRequest request;
    request.method = "POST";
    request.url = server.url("/path?q=%2F+1");
    request.headers = {{"X-Team", "a b"}, {"Content-Type", "application/json"}, {"User-Agent", "Alertmanager/0.27.0"}};
    request.body = "the body";
    std::string steps;
    std::optional<Result<HttpResponse>> verdict;
    HttpEvents events;
    events.connected = [&] { steps += "connected "; };
    events.headers = [&](int status, const std::vector<HttpHeader>& headers) {
        steps += std::to_string(status) + " " + std::string(find_header(headers, "x-one")) + " ";
    };
    events.body = [&](std::string_view piece) { steps += piece; };
    events.verdict = [&](Result<HttpResponse> result) { verdict = std::move(result); };
    world.client.send(std::move(request), std::move(events));
    REQUIRE(world.scheduler.run_until([&] { return verdict.has_value(); }, kLimit));

    REQUIRE(*verdict);
    CHECK(steps == "connected 201 1 hello");
    CHECK((*verdict)->status == 201);
    CHECK((*verdict)->body.empty());  // it was given piece by piece
    const std::string head = server.notes().at(0);
    CHECK(head.starts_with("POST /path?q=%2F+1 HTTP/1.1\r\n"));
    CHECK(head.find("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n") != std::string::npos);
    CHECK(head.find("X-Team: a b\r\n") != std::string::npos);
    CHECK(head.find("Content-Type: application/json\r\n") != std::string::npos);
    CHECK(head.find("User-Agent: Alertmanager/0.27.0\r\n") != std::string::npos);
    CHECK(head.find("Content-Length: 8\r\n") != std::string::npos);
    CHECK(head.find("httplib") == std::string::npos);
    CHECK(server.notes().at(1) == "the body");
}

TEST_CASE("all methods and answers come through", "[base][httplib_client]") {
    struct Case {
        std::string method, answer;
        int status;
        std::string body;
    };
    const auto [method, answer, status, body] = GENERATE_COPY(values<Case>({
        {"GET", kOk, 200, "ok"},
        {"PUT", kOk, 200, "ok"},
        {"DELETE", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
        {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", 200, ""},
        {"GET", "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nslow", 429, "slow"},
        {"GET", "HTTP/1.1 500 \r\n\r\nuntil the end", 500, "until the end"},
        {"GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 200, "abcde"},
        {"GET", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip("decoded"), 200, "decoded"},
    }));
    CAPTURE(method, answer);
    RawServer server(once(answer));
    World world;
    HttpRequest request;
    request.method = method;
    request.url = server.url();
    const auto response = world.fetch(std::move(request));
    REQUIRE(response);
    CHECK(response->status == status);
    CHECK(response->body == body);
    CHECK(find_header(response->headers, "Content-Encoding").empty());
}

TEST_CASE("a receiver that misbehaves is an error that says how", "[base][httplib_client]") {
    struct Case {
        std::string name;
        RawServer::Script script;
        std::string message;
        Error::Kind kind;
    };
    const auto send = [](std::string bytes) { return once(std::move(bytes)); };
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
        {"no answer", send(""), "connection closed before the end of the answer", Error::Kind::Unavailable},
        {"reset in the middle",
         [](RawConnection& c) {
             c.read_head();
             c.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort");
             c.reset();
         },
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
        {"endless head",
         [](RawConnection& c) {
             c.read_head();
             c.send("HTTP/1.1 200 OK\r\n");
             while (c.send("X-Header: " + std::string(1000, 'x') + "\r\n")) {
             }
         },
         "head of the answer larger than 65536 bytes", Error::Kind::LimitExceeded},
        {"endless status line",
         [](RawConnection& c) {
             c.read_head();
             c.send("HTTP/1.1 200 ");
             while (c.send(std::string(1000, 'x'))) {
             }
         },
         "line in the head of the answer larger than 4096 bytes", Error::Kind::LimitExceeded},
        {"long status line", send("HTTP/1.1 200 " + std::string(4000, 'x') + "\r\nContent-Length: 9\r\n\r\nshort"),
         "connection closed before the end of the answer", Error::Kind::Unavailable},
        {"another protocol", send("220 mail.test ESMTP\r\n"), "connection closed before the end of the answer",
         Error::Kind::Unavailable},
        {"redirect loop", send("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
         "stopped after 5 redirects", Error::Kind::Unavailable},
    }));
    CAPTURE(name);
    RawServer server(script);
    World world;
    HttpRequest request;
    request.url = server.url("/secret-token");
    request.timeout = kind == Error::Kind::Timeout ? 200ms : Duration(10s);
    const auto verdict = world.fetch(std::move(request));
    REQUIRE_FALSE(verdict);
    CHECK(verdict.error().message == message);
    CHECK(verdict.error().kind == kind);
}

TEST_CASE("a receiver that does not listen refuses the connection", "[base][httplib_client]") {
    World world;
    const auto verdict = world.get("http://127.0.0.1:" + std::to_string(RawServer::closed_port()) + "/secret");
    REQUIRE_FALSE(verdict);
    CHECK(verdict.error().message == "connect: connection refused");
    CHECK(verdict.error().kind == Error::Kind::Unavailable);
}

TEST_CASE("the addresses of a receiver are tried one after the other", "[base][httplib_client]") {
    RawServer server(once(kOk));
    World world;
    world.resolver.add("hook.test", std::vector<std::string>{"127.0.0.2", "127.0.0.1"});
    CHECK(world.get("http://hook.test:" + std::to_string(server.port()))->body == "ok");
}

TEST_CASE("a receiver whose name does not exist is an error, and one that is never found times out",
          "[base][httplib_client]") {
    World world;
    CHECK(world.get("http://missing.test/").error().message.find("missing.test") != std::string::npos);
    world.resolver.add("slow.test", std::vector<std::string>{"127.0.0.1"}, 1h);
    HttpRequest request;
    request.url = "http://slow.test/";
    request.timeout = 20ms;
    CHECK(world.fetch(std::move(request)).error().message == "name lookup: timed out after 20ms");
}

TEST_CASE("a redirect to the same host is followed without a word, and one to another is the answer",
          "[base][httplib_client]") {
    RawServer other(once(kOk));
    RawServer server([&](RawConnection& connection) {
        const std::string head = connection.read_head();
        const bool first = head.starts_with("POST /here");
        server.note(head);
        connection.send(first ? "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
                              : "HTTP/1.1 302 Found\r\nLocation: " + other.url() + "\r\nContent-Length: 4\r\n\r\nmove");
    });
    World world;
    HttpRequest request;
    request.method = "POST";
    request.url = server.url("/here");
    request.headers = {{"Authorization", "Bearer t"}};
    request.body = "body";
    const auto response = world.fetch(std::move(request));
    REQUIRE(response);
    CHECK(response->status == 302);
    CHECK(response->body == "move");
    REQUIRE(server.notes().size() == 2);
    CHECK(server.notes()[1].starts_with("GET /there HTTP/1.1\r\n"));
    CHECK(server.notes()[1].find("Authorization: Bearer t") != std::string::npos);
    CHECK(other.connections() == 0);
}

TEST_CASE("a receiver that hangs holds two threads, and the others go on", "[base][httplib_client]") {
    RawServer hanging([](RawConnection& connection) { never_answer(connection); });
    RawServer prompt(once(kOk));
    AsioScheduler scheduler;
    FakeResolver resolver(scheduler);
    HttplibClientOptions options;
    options.threads = 3;
    HttplibClient client(scheduler, resolver, options);
    int hung = 0, answered = 0;
    std::vector<HttpClient::RequestId> ids;
    for (int i = 0; i < 20; ++i) {
        HttpRequest request;
        request.url = hanging.url();
        HttpEvents events;
        events.verdict = [&](const Result<HttpResponse>&) { ++hung; };
        ids.push_back(client.send(std::move(request), std::move(events)));
    }
    for (int i = 0; i < 20; ++i) {
        HttpRequest request;
        request.url = prompt.url();
        HttpEvents events;
        events.verdict = [&](const Result<HttpResponse>& result) { answered += result ? 1 : 0; };
        client.send(std::move(request), std::move(events));
    }
    REQUIRE(scheduler.run_until([&] { return answered == 20; }, kLimit));
    CHECK(hung == 0);
    CHECK(hanging.connections() == 2);
    for (const auto id : ids) client.cancel(id);
}

TEST_CASE("the time in the queue counts, and the verdict says so", "[base][httplib_client]") {
    RawServer hanging([](RawConnection& connection) { never_answer(connection); });
    World world;
    std::string message;
    const auto send = [&](Duration timeout) {
        HttpRequest request;
        request.url = hanging.url();
        request.timeout = timeout;
        HttpEvents events;
        events.verdict = [&](const Result<HttpResponse>& result) { message = result.error().message; };
        world.client.send(std::move(request), std::move(events));
    };
    send(1h);
    send(1h);
    send(50ms);
    REQUIRE(world.scheduler.run_until([&] { return !message.empty(); }, kLimit));
    CHECK(message == "timed out after 50ms behind other requests to the same host");
}

TEST_CASE("cancelling gives the thread back and is never heard of again", "[base][httplib_client]") {
    RawServer server([&server](RawConnection& connection) {
        if (server.connections() <= 2) return never_answer(connection);
        connection.read_head();
        connection.send(kOk);
    });
    World world;
    bool heard = false;
    int connected = 0;
    std::vector<HttpClient::RequestId> ids;
    for (int i = 0; i < 2; ++i) {
        HttpRequest request;
        request.url = server.url();
        HttpEvents events;
        events.connected = [&] { ++connected; };
        events.verdict = [&](const Result<HttpResponse>&) { heard = true; };
        ids.push_back(world.client.send(std::move(request), std::move(events)));
    }
    REQUIRE(world.scheduler.run_until([&] { return connected == 2 && server.connections() == 2; }, kLimit));
    for (const auto id : ids) world.client.cancel(id);
    CHECK(world.get(server.url())->body == "ok");
    CHECK_FALSE(heard);
}

TEST_CASE("a message may be cancelled from each of its events", "[base][httplib_client]") {
    RawServer server(once(kOk));
    World world;
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
    REQUIRE(world.scheduler.run_until([&] { return cancelled; }, kLimit));
    CHECK(world.get(server.url())->body == "ok");
    CHECK_FALSE(heard);
}

TEST_CASE("the client goes at once, whatever is under way", "[base][httplib_client]") {
    RawServer hanging([](RawConnection& connection) { never_answer(connection); });
    AsioScheduler scheduler;
    FakeResolver resolver(scheduler);
    auto client = std::make_unique<HttplibClient>(scheduler, resolver);
    bool heard = false;
    int connected = 0;
    for (int i = 0; i < 10; ++i) {
        HttpRequest request;
        request.url = i % 2 == 0 ? hanging.url() : "https://127.0.0.1:" + std::to_string(hanging.port());
        request.timeout = 1h;
        HttpEvents events;
        events.connected = [&] { ++connected; };
        events.verdict = [&](const Result<HttpResponse>&) { heard = true; };
        client->send(std::move(request), std::move(events));
    }
    REQUIRE(scheduler.run_until([&] { return connected == 2; }, kLimit));
    const MonotonicTime before = scheduler.monotonic();
    client.reset();
    CHECK(scheduler.monotonic() - before < 10s);
    bool later = false;
    scheduler.after(20ms, [&] { later = true; });
    REQUIRE(scheduler.run_until([&] { return later; }, kLimit));
    CHECK_FALSE(heard);
}

TEST_CASE("a TLS handshake that never ends is ended at the deadline", "[base][httplib_client]") {
    RawServer hanging([](RawConnection& connection) { never_answer(connection); });
    World world;
    HttpRequest request;
    request.url = "https://127.0.0.1:" + std::to_string(hanging.port());
    request.timeout = 100ms;
    CHECK(world.fetch(std::move(request)).error().message == "timed out after 100ms");
}

TEST_CASE("a receiver whose address is denied is not connected to", "[base][httplib_client]") {
    RawServer server(once(kOk));
    AsioScheduler scheduler;
    FakeResolver resolver(scheduler);
    HttplibClientOptions options;
    options.may_connect = [](const std::string& address) { return address != "127.0.0.1"; };
    HttplibClient client(scheduler, resolver, std::move(options));
    std::string message;
    HttpEvents events;
    events.verdict = [&](const Result<HttpResponse>& result) { message = result.error().message; };
    HttpRequest request;
    request.url = server.url();
    client.send(std::move(request), std::move(events));
    REQUIRE(scheduler.run_until([&] { return !message.empty(); }, kLimit));
    CHECK(message == "connect: address 127.0.0.1 is denied");
    CHECK(server.connections() == 0);
}

TEST_CASE("a message goes through a proxy by its whole URL", "[base][httplib_client]") {
    RawServer proxy([&proxy](RawConnection& connection) {
        proxy.note(connection.read_head());
        connection.send(kOk);
    });
    World world;
    HttpOptions options;
    options.proxy_url = "http://user:pass@127.0.0.1:" + std::to_string(proxy.port());
    CHECK(world.get("http://hook.test/path", options)->body == "ok");
    const std::string asked = proxy.notes().at(0);
    CHECK(asked.starts_with("GET http://hook.test:80/path HTTP/1.1\r\n"));
    CHECK(asked.find("Host: hook.test\r\n") != std::string::npos);
    CHECK(asked.find("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n") != std::string::npos);
    CHECK(world.resolver.asked().empty());
}

TEST_CASE("the certificate of a receiver is verified, unless told not to", "[base][httplib_client]") {
    const TestCertificate trusted("DNS:hook.test,IP:127.0.0.1"), other("DNS:hook.test"), expired("DNS:hook.test", -10);
    struct Case {
        const TestCertificate* shown;
        std::string host, server_name, ca_file;
        bool skip_verify;
        std::string message;  // empty: good
    };
    const std::vector<Case> cases = {
        {&trusted, "hook.test", "", trusted.cert_file(), false, ""},
        {&trusted, "127.0.0.1", "", trusted.cert_file(), false, ""},
        {&trusted, "else.test", "hook.test", trusted.cert_file(), false, ""},
        {&trusted, "else.test", "", trusted.cert_file(), true, ""},
        {&other, "else.test", "", "", true, ""},
        {&trusted, "else.test", "", trusted.cert_file(), false, "tls: certificate: hostname mismatch"},
        {&other, "hook.test", "", trusted.cert_file(), false, "tls: certificate: "},
        {&trusted, "hook.test", "", "", false, "tls: certificate: self-signed certificate"},
        {&expired, "hook.test", "", expired.cert_file(), false, "tls: certificate: certificate has expired"},
        {&trusted, "hook.test", "", "/nonexistent/ca.pem", false, "tls: cannot use CA file /nonexistent/ca.pem"},
    };
    for (const auto& [shown, host, server_name, ca_file, skip_verify, message] : cases) {
        CAPTURE(host, server_name, message);
        World world;
        TlsServer server(world.scheduler, {shown->cert_file(), shown->key_file(), ""}, kOk);
        world.resolver.add("hook.test", std::vector<std::string>{"127.0.0.1"});
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
            CHECK(response.error().message.starts_with(message));
        }
    }
}

TEST_CASE("a receiver that wants a certificate gets it", "[base][httplib_client]") {
    const TestCertificate ours("IP:127.0.0.1"), theirs("DNS:client.test");
    World world;
    TlsServer server(world.scheduler, {ours.cert_file(), ours.key_file(), theirs.cert_file()}, kOk);
    HttpOptions options;
    options.ca_file = ours.cert_file();
    CHECK_FALSE(world.get(server.url(), options));
    options.cert_file = theirs.cert_file();
    options.key_file = theirs.key_file();
    CHECK(world.get(server.url(), options)->body == "ok");
    options.key_file = "/nonexistent/key.pem";
    CHECK(world.get(server.url(), options).error().message.starts_with("tls: cannot use certificate file "));
}

TEST_CASE("certificates of receivers may be text instead of files", "[base][httplib_client]") {
    const TestCertificate ours("IP:127.0.0.1"), theirs("DNS:client.test");
    World world;
    TlsServer server(world.scheduler, {ours.cert_file(), ours.key_file(), theirs.cert_file()}, kOk);
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
