#include "daemon/http_server.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/beast_client.h"
#include "tests/catch.h"
#include "tests/fakes/fake_resolver.h"
#include "tests/fakes/raw_socket.h"
#include "tests/fakes/test_certificate.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using fakes::RawConnection;

constexpr Duration kLimit{20'000};

ServerResponse text(std::string body) {
    ServerResponse response;
    response.body = std::move(body);
    return response;
}

/// A server whose handler tells what it was asked, and clients that live on the same thread: whatever they wait for,
/// the scheduler runs meanwhile.
struct World {
    explicit World(HttpLimits limits = {}) : server(scheduler, std::move(limits)) {
        address = *server.listen("127.0.0.1:0", [this](ServerRequest request, HttpServer::Respond respond) {
            asked.push_back(request);
            if (request.path == "/hold") return held.push_back(std::move(respond));
            if (request.path == "/forget") return;
            if (request.path == "/large") return respond(text(std::string(3'000'000, 'x')));
            if (request.path == "/none") {
                ServerResponse none;
                none.status = 204;
                return respond(std::move(none));
            }
            respond(text(request.method + " " + request.path + "?" + request.query + " " + request.body));
        });
    }

    bool run_until(const std::function<bool()>& done) { return scheduler.run_until(done, kLimit); }

    /// Sends and waits for what comes back until the server closes, or `until` has come.
    std::string ask(RawConnection& client, std::string_view bytes, std::string_view until) {
        client.send(bytes);
        run_until([&] { return client.is_closed() || client.peek().find(until) != std::string::npos; });
        return client.take();
    }
    std::string ask_to_end(std::string_view bytes) {
        RawConnection client = RawConnection::to(address);
        client.send(bytes);
        REQUIRE(run_until([&] { return client.is_closed(); }));
        return client.take();
    }
    int status_of(std::string_view bytes) {
        const std::string answer = ask_to_end(bytes);
        return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
    }

    AsioScheduler scheduler;
    std::vector<ServerRequest> asked;
    std::vector<HttpServer::Respond> held;
    BeastServer server;
    std::string address;
};

std::string get(std::string_view path, std::string_view more = "Connection: close\r\n") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" + std::string(more) + "\r\n";
}

TEST_CASE("a request comes to the handler in its parts", "[daemon][http_server]") {
    World world;
    const std::string answer = world.ask_to_end(
        "POST /a%2Fb/c%20d?x=%31&y HTTP/1.1\r\nHost: localhost\r\nX-Team:  a \r\nContent-Length: 4\r\nConnection: "
        "close\r\n\r\nbody");
    REQUIRE(world.asked.size() == 1);
    const ServerRequest& asked = world.asked[0];
    CHECK(asked.method == "POST");
    CHECK(asked.path == "/a/b/c d");
    CHECK(asked.query == "x=%31&y");
    CHECK(find_header(asked.headers, "x-team") == "a");
    CHECK(asked.body == "body");
    CHECK(asked.remote_address == "127.0.0.1");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\nDate: "));
    CHECK(answer.find("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 26\r\n") != std::string::npos);
    CHECK(answer.find("\r\nX-Content-Type-Options: nosniff\r\n") != std::string::npos);
    CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(answer.ends_with("\r\n\r\nPOST /a/b/c d?x=%31&y body"));
}

TEST_CASE("a request line may name the server too", "[daemon][http_server]") {
    World world;
    world.ask_to_end("GET http://other:9/path?q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    REQUIRE(world.asked.size() == 1);
    CHECK(world.asked[0].path == "/path");
    CHECK(world.asked[0].query == "q");
    CHECK(find_header(world.asked[0].headers, "Host") == "other:9");
}

TEST_CASE("what is wrong, ambiguous or too large never comes to the handler", "[daemon][http_server]") {
    struct Case {
        std::string name, bytes;
        int status;
    };
    const std::string host = "Host: x\r\n";
    std::string many_headers = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (int i = 0; i < 100; ++i) many_headers += "A: b\r\n";
    const auto [name, bytes, status] = GENERATE_COPY(values<Case>({
        {"both lengths",
         "POST / HTTP/1.1\r\n" + host + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"both lengths, the other way round",
         "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400},
        {"two lengths", "POST / HTTP/1.1\r\n" + host + "Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody", 400},
        {"a list of lengths", "POST / HTTP/1.1\r\n" + host + "Content-Length: 4, 4\r\n\r\nbody", 400},
        {"signed length", "POST / HTTP/1.1\r\n" + host + "Content-Length: +4\r\n\r\nbody", 400},
        {"negative length", "POST / HTTP/1.1\r\n" + host + "Content-Length: -4\r\n\r\nbody", 400},
        {"unknown transfer encoding",
         "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
        {"no transfer encoding", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\n\r\n", 400},
        {"disguised transfer encoding",
         "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400},
        {"chunks in HTTP/1.0", "POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"blank before the colon", "POST / HTTP/1.1\r\n" + host + "Content-Length : 4\r\n\r\nbody", 400},
        {"folded line", "GET / HTTP/1.1\r\n" + host + "X: a\r\n b\r\n\r\n", 400},
        {"folded line with a tab", "GET / HTTP/1.1\r\n" + host + "X: a\r\n\tb\r\n\r\n", 400},
        {"folded request line", "GET / HTTP/1.1\r\n X: a\r\n" + host + "\r\n", 400},
        {"NUL", "GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n"s, 400},
        {"bare line feeds", "GET / HTTP/1.1\nHost: x\n\n", 400},
        {"bare carriage return", "GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n", 400},
        {"HTTP/0.9", "GET /\r\n\r\n", 400},
        {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
        {"TLS", "\x16\x03\x01\r\n\r\n", 400},
        {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"two hosts", "GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},
        {"path without a slash", "GET path HTTP/1.1\r\n" + host + "\r\n", 400},
        {"tunnel", "CONNECT x:443 HTTP/1.1\r\n" + host + "\r\n", 400},
        {"bad escape", "GET /%zz HTTP/1.1\r\n" + host + "\r\n", 400},
        {"escape cut short", "GET /%2 HTTP/1.1\r\n" + host + "\r\n", 400},
        {"escaped NUL", "GET /%00 HTTP/1.1\r\n" + host + "\r\n", 400},
        {"bad chunk", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
        {"negative chunk", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400},
        {"chunk beyond its size", "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", 400},
        {"chunk size beyond all numbers",
         "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400},
        {"endless chunk extension",
         "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(5000, 'x'), 400},
        {"long request line", "GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n" + host + "\r\n", 414},
        {"endless request line", "GET /" + std::string(9000, 'x'), 414},
        {"large headers", "GET / HTTP/1.1\r\n" + host + "X: " + std::string(33'000, 'x') + "\r\n\r\n", 431},
        {"endless header", "GET / HTTP/1.1\r\n" + host + "X: " + std::string(33'000, 'x'), 431},
        {"many headers", many_headers + "\r\n", 431},
        {"endless headers", many_headers, 431},
        {"large body", "POST / HTTP/1.1\r\n" + host + "Content-Length: 1048577\r\n\r\n", 413},
        {"absurd body", "POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999999\r\n\r\n", 400},
        {"large body in chunks",
         "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n100001\r\n" + std::string(1'048'577, 'x') +
             "\r\n",
         413},
        {"encoded body", "POST / HTTP/1.1\r\n" + host + "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbody", 415},
        {"unknown expectation", "POST / HTTP/1.1\r\n" + host + "Expect: miracles\r\nContent-Length: 4\r\n\r\nbody",
         417},
    }));
    CAPTURE(name);
    World world;
    const std::string answer = world.ask_to_end(bytes);
    CHECK(answer.starts_with("HTTP/1.1 " + std::to_string(status) + " "));
    CHECK(answer.find("\r\nX-Content-Type-Options: nosniff\r\n") != std::string::npos);
    CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(world.asked.empty());
    CHECK(world.run_until([&] { return world.server.connections() == 0; }));
}

TEST_CASE("what is just within the limits comes through", "[daemon][http_server]") {
    struct Case {
        std::string name, bytes;
    };
    std::string many_headers = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    for (int i = 0; i < 98; ++i) many_headers += "A: b\r\n";
    const std::string close = "Host: x\r\nConnection: close\r\n";
    const auto [name, bytes] = GENERATE_COPY(values<Case>({
        {"request line", "GET /" + std::string(8000, 'x') + " HTTP/1.1\r\n" + close + "\r\n"},
        {"headers", "GET / HTTP/1.1\r\n" + close + "X: " + std::string(32'000, 'x') + "\r\n\r\n"},
        {"number of headers", many_headers + "\r\n"},
        {"body", "POST / HTTP/1.1\r\n" + close + "Content-Length: 1048576\r\n\r\n" + std::string(1'048'576, 'x')},
        {"chunks", "POST / HTTP/1.1\r\n" + close + "Transfer-Encoding: Chunked\r\n\r\n100000;a=b\r\n" +
                       std::string(1'048'576, 'x') + "\r\n0\r\nTrailer: x\r\n\r\n"},
        {"empty line before it", "\r\nGET / HTTP/1.1\r\n" + close + "\r\n"},
        {"HTTP/1.0 without host", "GET / HTTP/1.0\r\n\r\n"},
        {"options of all", "OPTIONS * HTTP/1.1\r\n" + close + "\r\n"},
    }));
    CAPTURE(name);
    World world;
    CHECK(world.status_of(bytes) == 200);
    CHECK(world.asked.size() == 1);
}

TEST_CASE("a request may come byte by byte", "[daemon][http_server]") {
    World world;
    RawConnection client = RawConnection::to(world.address);
    const std::string bytes =
        "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: "
        "close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    for (const char& byte : bytes) {
        client.send({&byte, 1});
        world.scheduler.run_until([] { return false; }, 0ms);
    }
    REQUIRE(world.run_until([&] { return client.is_closed(); }));
    CHECK(client.take().ends_with("POST /p? abcde"));
}

TEST_CASE("a connection serves one request after the other", "[daemon][http_server]") {
    World world;
    RawConnection client = RawConnection::to(world.address);
    for (const std::string path : {"/one", "/two", "/three"}) {
        CHECK(world.ask(client, get(path, ""), "GET " + path + "? ").starts_with("HTTP/1.1 200 OK\r\n"));
    }
    CHECK(world.server.connections() == 1);
}

TEST_CASE("requests that come together are answered in their order", "[daemon][http_server]") {
    World world;
    RawConnection client = RawConnection::to(world.address);
    client.send(get("/hold", "") + get("/two", "") + get("/three"));
    REQUIRE(world.run_until([&] { return !world.held.empty(); }));
    CHECK(world.asked.size() == 1);
    world.held[0](text("held"));
    REQUIRE(world.run_until([&] { return client.is_closed(); }));
    const std::string answers = client.take();
    CHECK(answers.find("held") < answers.find("GET /two"));
    CHECK(answers.find("GET /two") < answers.find("GET /three"));
}

TEST_CASE("HTTP/1.0 keeps a connection only when asked to", "[daemon][http_server]") {
    World world;
    CHECK(world.ask_to_end("GET / HTTP/1.0\r\n\r\n").find("\r\nConnection: close\r\n") != std::string::npos);
    RawConnection client = RawConnection::to(world.address);
    const std::string kept = world.ask(client, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /? ");
    CHECK(kept.find("\r\nConnection: keep-alive\r\n") != std::string::npos);
    CHECK_FALSE(client.is_closed());
}

TEST_CASE("the answer to HEAD has the length of the body and no body", "[daemon][http_server]") {
    World world;
    const std::string answer = world.ask_to_end("HEAD /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(world.asked.at(0).method == "HEAD");
    CHECK(answer.find("\r\nContent-Length: 3000000\r\n") != std::string::npos);
    CHECK(answer.ends_with("\r\n\r\n"));
}

TEST_CASE("an answer that cannot have a body says no length", "[daemon][http_server]") {
    World world;
    const std::string answer = world.ask_to_end(get("/none"));
    CHECK(answer.starts_with("HTTP/1.1 204 No Content\r\n"));
    CHECK(answer.find("Content-") == answer.find("Content-Type-Options"));
    CHECK(answer.ends_with("\r\n\r\n"));
}

TEST_CASE("a large answer comes whole", "[daemon][http_server]") {
    World world;
    const std::string answer = world.ask_to_end(get("/large"));
    CHECK(answer.size() - answer.find("\r\n\r\n") - 4 == 3'000'000);
}

TEST_CASE("a client that waits to be asked for its body is asked", "[daemon][http_server]") {
    World world;
    RawConnection client = RawConnection::to(world.address);
    const std::string head =
        "POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 4\r\n\r\n";
    CHECK(world.ask(client, head, "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(world.ask(client, "body", "POST /p? body").starts_with("HTTP/1.1 200 OK\r\n"));

    const std::string too_large =
        "POST /p HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n";
    CHECK(world.status_of(too_large) == 413);
}

TEST_CASE("who is refused is told so before the body is read", "[daemon][http_server]") {
    World world;
    world.server.use_gate([](const ServerRequest&, HttpServer::Decide decide) {
        ServerResponse refusal = text("no");
        refusal.status = 401;
        decide(std::move(refusal));
    });
    const std::string head = "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n";
    for (const std::string& more : {"\r\n"s, "Expect: 100-continue\r\n\r\n"s, "\r\nwhat came along"s}) {
        CAPTURE(more);
        RawConnection client = RawConnection::to(world.address);
        CHECK(world.ask(client, head + more, "\r\n\r\nno").starts_with("HTTP/1.1 401 Unauthorized\r\n"));
        CHECK(world.run_until([&] { return client.is_closed(); }));
    }
    RawConnection kept = RawConnection::to(world.address);
    CHECK(world.ask(kept, get("/a", ""), "\r\n\r\nno").find("Connection: close") == std::string::npos);
    CHECK(world.ask(kept, get("/b", ""), "\r\n\r\nno").starts_with("HTTP/1.1 401 "));
    CHECK(world.asked.empty());
}

TEST_CASE("who is let in later comes with the whole body", "[daemon][http_server]") {
    World world;
    std::vector<HttpServer::Decide> undecided;
    world.server.use_gate([&](const ServerRequest& head, HttpServer::Decide decide) {
        CHECK(head.path == "/p");
        CHECK(head.body.empty());
        CHECK_FALSE(head.remote_address.empty());
        undecided.push_back(std::move(decide));
    });
    RawConnection client = RawConnection::to(world.address);
    client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nbody");
    REQUIRE(world.run_until([&] { return undecided.size() == 1; }));
    client.send("more" + get("/p"));
    undecided[0](std::nullopt);
    REQUIRE(world.run_until([&] { return undecided.size() == 2; }));
    REQUIRE(world.asked.size() == 1);
    CHECK(world.asked[0].body == "bodymore");
    undecided[0](text("too late"));
    undecided[1](std::nullopt);
    REQUIRE(world.run_until([&] { return client.is_closed(); }));
    CHECK(world.asked.size() == 2);
    CHECK(client.take().find("too late") == std::string::npos);
}

TEST_CASE("a gate that does not decide answers 500", "[daemon][http_server]") {
    World world;
    world.server.use_gate([](const ServerRequest&, const HttpServer::Decide&) {});
    CHECK(world.status_of(get("/")) == 500);
    CHECK(world.asked.empty());
}

TEST_CASE("the limit of the body depends on the path", "[daemon][http_server]") {
    HttpLimits limits;
    limits.body_bytes_of = [](std::string_view method, std::string_view path) {
        return method == "POST" && path == "/alerts" ? 10U : 2U;
    };
    World world(std::move(limits));
    const auto post = [](const std::string& path, std::size_t bytes) {
        return "POST " + path +
               " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" +
               std::string(bytes, 'x');
    };
    CHECK(world.status_of(post("/alerts", 10)) == 200);
    CHECK(world.status_of(post("/alerts", 11)) == 413);
    CHECK(world.status_of(post("/silences", 2)) == 200);
    CHECK(world.status_of(post("/silences", 3)) == 413);
}

TEST_CASE("a handler that lets go of the request answers 500", "[daemon][http_server]") {
    World world;
    CHECK(world.status_of(get("/forget")) == 500);
}

TEST_CASE("an answer to a client that has gone is dropped", "[daemon][http_server]") {
    World world;
    {
        RawConnection client = RawConnection::to(world.address);
        client.send(get("/hold"));
        REQUIRE(world.run_until([&] { return world.held.size() == 1; }));
        client.reset();
    }
    world.held[0](text("late"));
    REQUIRE(world.run_until([&] { return world.server.connections() == 0; }));
    world.held[0](text("and again"));
}

TEST_CASE("no text of an answer can end its header", "[daemon][http_server]") {
    AsioScheduler scheduler;
    BeastServer server(scheduler);
    const auto address = server.listen("127.0.0.1:0", [](ServerRequest, HttpServer::Respond respond) {
        ServerResponse response;
        response.headers = {{"X-Text", "a\r\nX-Evil: 1"}, {"Content-Length", "9"}, {"connection", "upgrade"}};
        respond(std::move(response));
    });
    RawConnection client = RawConnection::to(*address);
    client.send(get("/"));
    REQUIRE(scheduler.run_until([&] { return client.is_closed(); }, kLimit));
    const std::string answer = client.take();
    CHECK(answer.find("\r\nX-Text: a  X-Evil: 1\r\n") != std::string::npos);
    CHECK(answer.find("\r\nContent-Length: 0\r\n") != std::string::npos);
    CHECK(answer.find("upgrade") == std::string::npos);
}

HttpLimits hasty() {
    HttpLimits limits;
    limits.header_time = limits.body_time = limits.idle_time = limits.write_time = 50ms;
    return limits;
}

TEST_CASE("a client that is too slow is told, and one that says nothing is not", "[daemon][http_server]") {
    struct Case {
        std::string name, bytes;
        int status;
    };
    const auto [name, bytes, status] = GENERATE(values<Case>({
        {"no request", "", 0},
        {"half a head", "GET / HTTP/1.1\r\nHost:", 408},
        {"half a body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbo", 408},
        {"half a second request", "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT", 200},
        {"no second request", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 200},
    }));
    CAPTURE(name);
    World world(hasty());
    const std::string answer = world.ask_to_end(bytes);
    CHECK((answer.empty() ? 0 : std::stoi(answer.substr(9, 3))) == status);
    CHECK((answer.find("HTTP/1.1 408 Request Timeout\r\n") != std::string::npos) == (name.starts_with("half")));
}

TEST_CASE("bytes that drip do not stretch the time of a head", "[daemon][http_server]") {
    World world(hasty());
    RawConnection client = RawConnection::to(world.address);
    client.send("GET / HTTP/1.1\r\n");
    std::function<void()> drip = [&] {
        client.send("X: y\r\n");
        world.scheduler.after(5ms, drip);
    };
    drip();
    REQUIRE(world.run_until([&] { return client.is_closed(); }));
    CHECK(world.asked.empty());
}

TEST_CASE("a client that does not read its answer is let go", "[daemon][http_server]") {
    AsioScheduler scheduler;
    BeastServer server(scheduler, hasty());
    const auto address = server.listen(
        "127.0.0.1:0", [](ServerRequest, HttpServer::Respond respond) { respond(text(std::string(50'000'000, 'x'))); });
    RawConnection client = RawConnection::to(*address);
    client.send(get("/"));
    bool accepted = false;
    REQUIRE(scheduler.run_until(
        [&] {
            accepted = accepted || server.connections() == 1;
            return accepted && server.connections() == 0;
        },
        kLimit));
}

TEST_CASE("health is answered while a thousand half-sent requests are open", "[daemon][http_server]") {
    World world;
    std::vector<RawConnection> slow;
    slow.reserve(1000);
    for (int i = 0; i < 1000; ++i) {
        slow.push_back(RawConnection::to(world.address));
        slow.back().send("GET / HTTP/1.1\r\nHost: x\r\n");
        world.scheduler.run_until([] { return false; }, 0ms);
    }
    REQUIRE(world.run_until([&] { return slow[487].is_closed(); }));
    CHECK(world.server.connections() == 512);

    const MonotonicTime before = world.scheduler.monotonic();
    for (int i = 0; i < 20; ++i) CHECK(world.status_of(get("/health")) == 200);
    CHECK(world.scheduler.monotonic() - before < 5s);  // of a machine that may be busy; it takes milliseconds
    CHECK_FALSE(slow.back().is_closed());              // the oldest had to go, not the youngest
    CHECK(slow.front().is_closed());
}

TEST_CASE("when all connections are at work, there is room for health and nothing else", "[daemon][http_server]") {
    HttpLimits limits;
    limits.connections = 10;
    limits.reserve = 2;
    World world(std::move(limits));
    std::vector<RawConnection> busy;
    for (int i = 0; i < 10; ++i) {
        busy.push_back(RawConnection::to(world.address));
        busy.back().send(get("/hold"));
    }
    REQUIRE(world.run_until([&] { return world.held.size() == 10; }));
    for (const std::string path : {"/health", "/api/health", "/healthz", "/-/healthy", "/-/ready"}) {
        CHECK(world.status_of(get(path)) == 200);
    }
    CHECK(world.status_of(get("/api/v1/query")) == 503);

    // Those in the reserve that say nothing give way, too.
    std::vector<RawConnection> silent;
    for (int i = 0; i < 20; ++i) silent.push_back(RawConnection::to(world.address));
    CHECK(world.status_of(get("/health")) == 200);

    // Once there is room again, everything is answered.
    for (auto& respond : world.held) respond(text("done"));
    REQUIRE(world.run_until([&] { return world.server.connections() <= 2; }));
    CHECK(world.status_of(get("/api/v1/query")) == 200);
}

TEST_CASE("when the reserve is at work too, a connection is closed at once", "[daemon][http_server]") {
    HttpLimits limits;
    limits.connections = 1;
    limits.reserve = 1;
    limits.health_paths = {"/hold"};
    World world(std::move(limits));
    RawConnection one = RawConnection::to(world.address), two = RawConnection::to(world.address);
    one.send(get("/hold"));
    REQUIRE(world.run_until([&] { return world.held.size() == 1; }));
    two.send(get("/hold"));
    REQUIRE(world.run_until([&] { return world.held.size() == 2; }));
    CHECK(world.ask_to_end(get("/hold")).empty());
    world.held[0](text("done"));
    REQUIRE(world.run_until([&] { return world.server.connections() == 1; }));
    RawConnection three = RawConnection::to(world.address);
    three.send(get("/hold"));
    CHECK(world.run_until([&] { return world.held.size() == 3; }));
}

TEST_CASE("no address has more than its share of connections", "[daemon][http_server]") {
    HttpLimits limits;
    limits.connections_per_address = 3;
    limits.loopback_is_limited = true;
    World world(std::move(limits));
    std::vector<RawConnection> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(RawConnection::to(world.address));
        clients.back().send(get("/hold"));
    }
    REQUIRE(world.run_until([&] { return world.held.size() == 3; }));
    CHECK(world.ask_to_end(get("/a")).empty());
    clients.pop_back();
    world.held.back()(text("late"));
    REQUIRE(world.run_until([&] { return world.server.connections() == 2; }));
    CHECK(world.status_of(get("/a")) == 200);
}

TEST_CASE("an idle connection makes room for a new one", "[daemon][http_server]") {
    HttpLimits limits;
    limits.connections = 2;
    World world(std::move(limits));
    RawConnection first = RawConnection::to(world.address), second = RawConnection::to(world.address);
    world.ask(first, get("/a", ""), "GET /a? ");
    world.ask(second, get("/b", ""), "GET /b? ");
    CHECK(world.status_of(get("/c")) == 200);
    CHECK(first.is_closed());
    CHECK_FALSE(second.is_closed());
}

TEST_CASE("draining lets answers finish and closes what is idle", "[daemon][http_server]") {
    World world;
    RawConnection idle = RawConnection::to(world.address), half = RawConnection::to(world.address),
                  busy = RawConnection::to(world.address);
    world.ask(idle, get("/a", ""), "GET /a? ");
    half.send("GET / HT");
    busy.send(get("/hold", ""));
    REQUIRE(world.run_until([&] { return world.held.size() == 1 && world.server.connections() == 3; }));
    bool drained = false;
    world.server.drain([&] { drained = true; });
    REQUIRE(world.run_until([&] { return idle.is_closed() && half.is_closed(); }));
    CHECK_FALSE(drained);
    CHECK_FALSE(busy.is_closed());

    world.held[0](text("held"));
    REQUIRE(world.run_until([&] { return drained && busy.is_closed(); }));
    const std::string answer = busy.take();
    CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(answer.ends_with("held"));
}

TEST_CASE("draining a server that nobody uses is done at once", "[daemon][http_server]") {
    World world;
    bool drained = false;
    world.server.drain([&] { drained = true; });
    CHECK_FALSE(drained);
    CHECK(world.run_until([&] { return drained; }));
}

TEST_CASE("the server may go while clients are there", "[daemon][http_server]") {
    AsioScheduler scheduler;
    auto server = std::make_unique<BeastServer>(scheduler);
    std::vector<HttpServer::Respond> held;
    const auto address = server->listen(
        "127.0.0.1:0", [&](ServerRequest, HttpServer::Respond respond) { held.push_back(std::move(respond)); });
    RawConnection waiting = RawConnection::to(*address), half = RawConnection::to(*address);
    waiting.send(get("/"));
    half.send("GET");
    REQUIRE(scheduler.run_until([&] { return held.size() == 1 && server->connections() == 2; }, kLimit));
    server.reset();
    CHECK(scheduler.run_until([&] { return waiting.is_closed() && half.is_closed(); }, kLimit));
    held[0](text("late"));
}

TEST_CASE("an address to listen on is an address, localhost, or nothing for all", "[daemon][http_server]") {
    AsioScheduler scheduler;
    BeastServer server(scheduler);
    const auto listen = [&](const std::string& address) { return server.listen(address, [](auto, auto) {}); };
    CHECK(listen("127.0.0.1:0")->starts_with("127.0.0.1:"));
    CHECK(listen("localhost:0")->starts_with("127.0.0.1:"));
    CHECK((listen(":0")->starts_with("[::]:") || listen(":0")->starts_with("0.0.0.0:")));
    CHECK(listen("127.0.0.1").error().message == "invalid listen address \"127.0.0.1\"; expected host:port");
    CHECK(listen("127.0.0.1:http").error().kind == Error::Kind::InvalidInput);
    CHECK(listen("127.0.0.1:65536").error().kind == Error::Kind::InvalidInput);
    CHECK(listen("::1:80").error().kind == Error::Kind::InvalidInput);
    const auto taken = listen(*listen("127.0.0.1:0"));
    REQUIRE_FALSE(taken);
    CHECK(taken.error().message.ends_with(": address already in use"));
}

TEST_CASE("the server speaks TLS when it has a certificate", "[daemon][http_server]") {
    const fakes::TestCertificate certificate("IP:127.0.0.1");
    World world;
    REQUIRE(world.server.use_tls(fakes::server_with(certificate)));
    std::vector<std::string> failed;
    world.server.on_failed_handshake(
        [&](const std::string& address, const std::string& reason) { failed.push_back(address + " " + reason); });
    fakes::FakeResolver resolver(world.scheduler);
    BeastClient client(world.scheduler, resolver);
    HttpOptions options;
    options.ca_file = certificate.cert_file();
    std::optional<Result<HttpResponse>> verdict;
    HttpEvents events;
    events.verdict = [&](Result<HttpResponse> result) { verdict = std::move(result); };
    HttpRequest request;
    request.url = "https://" + world.address + "/large";
    request.answer_bytes_max = 3'000'000;
    request.options = std::make_shared<const HttpOptions>(options);
    client.send(std::move(request), std::move(events));
    REQUIRE(world.run_until([&] { return verdict.has_value(); }));
    REQUIRE(*verdict);
    CHECK((*verdict)->body.size() == 3'000'000);
    CHECK(failed.empty());
    CHECK(world.ask_to_end("GET / HTTP/1.1\r\n\r\n").find("HTTP/1.1") == std::string::npos);  // no plain text beside it
    REQUIRE(failed.size() == 1);
    CHECK(failed.front().starts_with("127.0.0.1 tls: http request"));
}

TEST_CASE("who came in before clients had to show a certificate has to come anew", "[daemon][http_server]") {
    const fakes::TestCertificate own("IP:127.0.0.1"), renewed("IP:127.0.0.1"), of_client("DNS:client.test");
    World world;
    REQUIRE(world.server.use_tls(fakes::server_with(own)));
    fakes::FakeResolver resolver(world.scheduler);
    BeastClient client(world.scheduler, resolver);
    HttpOptions options;
    options.insecure_skip_verify = true;
    const auto shared = std::make_shared<const HttpOptions>(options);
    const auto is_answered = [&] {
        std::optional<bool> answered;
        HttpEvents events;
        events.verdict = [&](const Result<HttpResponse>& result) { answered = result.has_value(); };
        HttpRequest request;
        request.url = "https://" + world.address + "/";
        request.options = shared;
        client.send(std::move(request), std::move(events));
        REQUIRE(world.run_until([&] { return answered.has_value(); }));
        return *answered;
    };
    CHECK(is_answered());
    CHECK(world.server.connections() == 1);
    REQUIRE(world.server.use_tls(fakes::server_with(renewed)));
    CHECK(world.server.connections() == 1);  // asks for the same
    CHECK(is_answered());
    REQUIRE(world.server.use_tls(fakes::server_with(renewed, &of_client)));
    CHECK(world.server.connections() == 0);
    CHECK_FALSE(is_answered());
}

}  // namespace
}  // namespace tocsin
