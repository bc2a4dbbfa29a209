#include "base/httplib_client.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/asio_scheduler.h"
#include "base/compression.h"
#include "base/httplib_connections.h"
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

using World = tests::HttpWorld<HttplibClient, HttplibClientOptions>;
const Duration kLimit = tests::kHttpLimit;
const std::string& kOk = tests::kHttpOk;

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
    RawServer server(answer_once(answer));
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
    const auto send = [](std::string bytes) { return answer_once(std::move(bytes)); };
    const auto [name, script, message, kind] = GENERATE_COPY(values<Case>({
        {"no answer", send(""), "connection closed before the end of the answer", Error::Kind::Unavailable},
        {"reset in the middle",
         [](RawConnection& c) {
             c.read_head();
             c.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort");
             c.reset();
         },
         "connection closed before the end of the answer", Error::Kind::Unavailable},
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
    }));
    CAPTURE(name);
    World world;
    const Error error = world.error_of(script, kind == Error::Kind::Timeout ? 200ms : Duration(10s));
    CHECK(error.message == message);
    CHECK(error.kind == kind);
}

TEST_CASE("the addresses of a receiver are tried one after the other", "[base][httplib_client]") {
    RawServer server(answer_once(kOk));
    World world;
    world.resolver.add("hook.test", std::vector<std::string>{"127.0.0.2", "127.0.0.1"});
    CHECK(world.get("http://hook.test:" + std::to_string(server.port()))->body == "ok");
}

TEST_CASE("a redirect to the same host is followed without a word, and one to another is the answer",
          "[base][httplib_client]") {
    RawServer other(answer_once(kOk));
    RawServer server([&](RawConnection& connection) {
        const std::string head = connection.read_head();
        const bool first = head.starts_with("POST /here");
        server.note(head);
        connection.send(first ? "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
                              : "HTTP/1.1 302 Found\r\nLocation: http://other.test:" + std::to_string(other.port()) +
                                    "/\r\nContent-Length: 4\r\n\r\nmove");
    });
    World world;
    world.resolver.add("other.test", std::vector<std::string>{"127.0.0.1"});
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

TEST_CASE("a redirect to another port of the same host takes the message along", "[base][httplib_client]") {
    RawServer other([&other](RawConnection& connection) {
        other.note(connection.read_head());
        other.note(connection.read_until("body"));
        connection.send(kOk);
    });
    RawServer server([&](RawConnection& connection) {
        connection.read_head();
        connection.send("HTTP/1.1 307 Temporary Redirect\r\nLocation: " + other.url("/there") +
                        "\r\nContent-Length: 0\r\n\r\n");
    });
    World world;
    HttpRequest request;
    request.method = "POST";
    request.url = server.url("/here");
    request.body = "body";
    CHECK(world.fetch(std::move(request))->body == "ok");
    REQUIRE(other.notes().size() == 2);
    CHECK(other.notes()[0].starts_with("POST /there HTTP/1.1\r\n"));
    CHECK(other.notes()[1] == "body");
}

/// Answers each request until the other side closes.
void answer_all(RawConnection& connection) {
    while (!connection.read_head().empty()) connection.send(kOk);
}

TEST_CASE("requests that follow one another share a connection", "[base][httplib_client]") {
    RawServer server(answer_all);
    World world;
    for (int i = 0; i < 3; ++i) CHECK(world.get(server.url())->body == "ok");
    CHECK(server.connections() == 1);
    HttpOptions others;
    others.follow_redirects = false;
    CHECK(world.get(server.url(), others)->body == "ok");
    CHECK(server.connections() == 2);
}

TEST_CASE("a connection that the other side closed meanwhile is not one to send over", "[base][httplib_client]") {
    RawServer server([&server](RawConnection& connection) {
        const bool first = server.connections() == 1;
        connection.read_head();
        connection.send(kOk);
        if (!first) answer_all(connection);
        // The first one takes another request, and says nothing.
        connection.read_head();
    });
    World world;
    for (int i = 0; i < 3; ++i) CHECK(world.get(server.url())->body == "ok");
    CHECK(server.connections() == 2);
}

TEST_CASE("a connection with more than the answer is not kept", "[base][httplib_client]") {
    RawServer server([](RawConnection& connection) {
        while (!connection.read_head().empty()) connection.send(kOk + "HTTP/1.1 500 Not asked\r\n\r\n");
    });
    World world;
    for (int i = 0; i < 3; ++i) CHECK(world.get(server.url())->status == 200);
    CHECK(server.connections() == 3);
}

TEST_CASE("a connection that nobody wants is closed after a moment", "[base][httplib_client]") {
    std::atomic<bool> closed{false};
    RawServer server([&](RawConnection& connection) {
        connection.read_head();
        connection.send(kOk);
        connection.read_to_end();
        closed = true;
    });
    World world;
    const MonotonicTime before = world.scheduler.monotonic();
    CHECK(world.get(server.url())->body == "ok");
    REQUIRE(world.scheduler.run_until([&] { return closed.load(); }, kLimit));
    CHECK(world.scheduler.monotonic() - before >= HttplibConnections::kIdleMax);
}

TEST_CASE("a receiver that hangs does not hold all threads, and the others go on", "[base][httplib_client]") {
    RawServer hanging([](RawConnection& connection) { never_answer(connection); });
    RawServer prompt(answer_once(kOk));
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

TEST_CASE("however many receivers hang, another one is told", "[base][httplib_client]") {
    RawServer hanging([](RawConnection& connection) { never_answer(connection); });
    RawServer prompt(answer_once(kOk));
    AsioScheduler scheduler;
    FakeResolver resolver(scheduler);
    HttplibClientOptions options;
    options.threads = 16;
    HttplibClient client(scheduler, resolver, options);
    int hung = 0, answered = 0;
    const auto send = [&](const std::string& label, const std::string& url, int& told) {
        HttpRequest request;
        request.label = label;
        request.url = url;
        HttpEvents events;
        events.verdict = [&told](const Result<HttpResponse>&) { ++told; };
        return client.send(std::move(request), std::move(events));
    };
    std::vector<HttpClient::RequestId> ids;
    for (const char* label : {"webhook a", "webhook b", "webhook c", "webhook d"}) {
        for (int i = 0; i < 10; ++i) ids.push_back(send(label, hanging.url(), hung));
    }
    REQUIRE(scheduler.run_until([&] { return hanging.connections() >= 12; }, kLimit));
    for (int i = 0; i < 5; ++i) send("webhook e", prompt.url(), answered);
    REQUIRE(scheduler.run_until([&] { return answered == 5; }, kLimit));
    CHECK(hung == 0);
    CHECK(hanging.connections() < 16);
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
    for (unsigned i = 0; i < HttplibClientOptions{}.threads_per_line; ++i) send(1h);
    send(50ms);
    REQUIRE(world.scheduler.run_until([&] { return !message.empty(); }, kLimit));
    CHECK(message == "timed out after 50ms behind other requests to the same host");
}

TEST_CASE("a request that waits for others says behind how many and since when", "[base][httplib_client]") {
    RawServer hanging([](RawConnection& connection) { never_answer(connection); });
    HttplibClientOptions options;
    options.threads_per_line = 2;
    World world(options);
    std::vector<HttpClient::RequestId> ids;
    for (int i = 0; i < 4; ++i) {
        HttpRequest request;
        request.url = hanging.url();
        request.timeout = 1h;
        HttpEvents events;
        events.verdict = [](const Result<HttpResponse>&) {};
        ids.push_back(world.client.send(std::move(request), std::move(events)));
    }
    REQUIRE(world.scheduler.run_until([&] { return hanging.connections() == 2; }, kLimit));
    CHECK_FALSE(world.client.place_in_line(ids[0]));
    CHECK_FALSE(world.client.place_in_line(ids[1]));
    const auto third = world.client.place_in_line(ids[2]), fourth = world.client.place_in_line(ids[3]);
    REQUIRE(third);
    REQUIRE(fourth);
    CHECK(third->behind == 2);
    CHECK(fourth->behind == 3);
    CHECK(third->since <= world.scheduler.monotonic());
    world.client.cancel(ids[0]);
    REQUIRE(world.scheduler.run_until([&] { return hanging.connections() == 3; }, kLimit));
    CHECK_FALSE(world.client.place_in_line(ids[2]));
    CHECK(world.client.place_in_line(ids[3])->behind == 2);
    CHECK_FALSE(world.client.place_in_line(12345));
    for (const auto id : ids) world.client.cancel(id);
}

TEST_CASE("cancelling gives the thread back and is never heard of again", "[base][httplib_client]") {
    const int all = static_cast<int>(HttplibClientOptions{}.threads_per_line);
    RawServer server([&server, all](RawConnection& connection) {
        if (server.connections() <= all) return never_answer(connection);
        connection.read_head();
        connection.send(kOk);
    });
    World world;
    bool heard = false;
    int connected = 0;
    std::vector<HttpClient::RequestId> ids;
    for (int i = 0; i < all; ++i) {
        HttpRequest request;
        request.url = server.url();
        HttpEvents events;
        events.connected = [&] { ++connected; };
        events.verdict = [&](const Result<HttpResponse>&) { heard = true; };
        ids.push_back(world.client.send(std::move(request), std::move(events)));
    }
    REQUIRE(world.scheduler.run_until([&] { return connected == all && server.connections() == all; }, kLimit));
    for (const auto id : ids) world.client.cancel(id);
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
    REQUIRE(scheduler.run_until([&] { return connected == 10; }, kLimit));
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

TEST_CASE("a key that cannot be read is told by the name of its file", "[base][httplib_client]") {
    const TestCertificate ours("IP:127.0.0.1"), theirs("DNS:client.test");
    World world;
    TlsServer server(world.scheduler, fakes::server_with(ours, &theirs), kOk);
    HttpOptions options;
    options.ca_file = ours.cert_file();
    options.cert_file = theirs.cert_file();
    options.key_file = "/nonexistent/key.pem";
    CHECK(world.get(server.url(), options).error().message.starts_with("tls: cannot use certificate file "));
}

}  // namespace
}  // namespace tocsin
