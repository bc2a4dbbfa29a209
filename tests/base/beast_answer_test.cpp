#include "base/beast_answer.h"

#include <string>

#include "base/compression.h"
#include "tests/catch.h"

namespace tocsin {
namespace {

struct Read {
    int status = 0;
    std::string body;
    std::string error;
    bool done = false;
    bool keep_alive = false;
    std::size_t left_over = 0;
};

/// Puts `bytes` in pieces of `step`, then the end of the connection when the answer is not done.
Read read_answer(const std::string& bytes, std::size_t step, BeastAnswer::Body body = BeastAnswer::Body::Expected,
                 BeastAnswer::Limits limits = {}) {
    Read read;
    BeastAnswer answer(body, limits,
                       {.head = {}, .body = [&](std::string_view piece) { read.body += piece; }, .stopped = {}});
    std::string waiting;
    for (std::size_t at = 0; at < bytes.size() && !answer.done() && read.error.empty(); at += step) {
        waiting += bytes.substr(at, step);
        const auto used = answer.put(waiting);
        if (!used) read.error = used.error().message;
        waiting.erase(0, used.value_or(0));
        if (answer.done()) read.left_over = waiting.size() + bytes.size() - std::min(bytes.size(), at + step);
    }
    if (read.error.empty() && !answer.done()) {
        if (const auto ended = answer.end(); !ended) read.error = ended.error().message;
    }
    read.status = answer.status();
    read.done = answer.done();
    read.keep_alive = read.done && answer.keep_alive();
    return read;
}

std::string gzip_answer(const std::string& text) {
    const std::string body = gzip(text);
    return "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

TEST_CASE("an answer is read in whatever pieces it comes", "[base][beast_answer]") {
    struct Case {
        std::string bytes;
        int status;
        std::string body;
        bool keep_alive;
    };
    const auto [bytes, status, body, keep_alive] = GENERATE_COPY(values<Case>({
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", true},
        {"HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", true},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false},
        {"HTTP/1.1 500 \r\n\r\nuntil the end", 500, "until the end", false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n",
         200, "abcde", true},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
         "2\r\n\r\nok",
         200, "ok", true},
        {gzip_answer("decoded text"), 200, "decoded text", true},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nxy", 200, "xy", true},
    }));
    const std::size_t step = GENERATE(1U, 3U, 10'000U);
    CAPTURE(bytes, step);
    const Read read = read_answer(bytes, step);
    CHECK(read.error.empty());
    CHECK(read.done);
    CHECK(read.status == status);
    CHECK(read.body == body);
    CHECK(read.keep_alive == keep_alive);
    CHECK(read.left_over == 0);
}

TEST_CASE("what is no answer, or only a part of one, is an error that says so", "[base][beast_answer]") {
    struct Case {
        std::string bytes, message;
    };
    const auto [bytes, message] = GENERATE_COPY(values<Case>({
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "connection closed before the end of the answer"},
        {"HTTP/1.1 200 OK\r\nContent-Le", "connection closed before the end of the answer"},
        {"", "connection closed before the end of the answer"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
         "connection closed before the end of the answer"},
        {"SSH-2.0-OpenSSH_9.2\r\n", "malformed answer: bad version"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
         "malformed answer: multiple Content-Length"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
         "malformed answer: bad Transfer-Encoding"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "malformed answer: bad chunk"},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "malformed answer: status 101"},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", "invalid gzip data"},
        {gzip_answer("decoded text").substr(0, 70), "connection closed before the end of the answer"},
    }));
    const std::size_t step = GENERATE(1U, 10'000U);
    CAPTURE(bytes, step);
    CHECK(read_answer(bytes, step).error == message);
}

TEST_CASE("no more than the limit is given on", "[base][beast_answer]") {
    const std::string big(1000, 'x');
    struct Case {
        std::string bytes;
    };
    const auto [bytes] = GENERATE_COPY(values<Case>({
        {"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + big},
        {"HTTP/1.1 200 OK\r\n\r\n" + big},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + big + "\r\n0\r\n\r\n"},
        {gzip_answer(big)},
    }));
    const std::size_t step = GENERATE(1U, 10'000U);
    const Read enough = read_answer(bytes, step, BeastAnswer::Body::Expected, {.bytes_max = 1000});
    CHECK(enough.error.empty());
    CHECK(enough.body == big);
    const Read read = read_answer(bytes, step, BeastAnswer::Body::Expected, {.bytes_max = 999});
    CHECK(read.error == "answer larger than 999 bytes");
    CHECK(read.body.size() <= 999);
}

TEST_CASE("gzip that blows up too much is refused long before its end", "[base][beast_answer]") {
    const std::string bomb = gzip_answer(std::string(200'000'000, 'a'));
    const Read read = read_answer(bomb, 1000, BeastAnswer::Body::Expected, {.bytes_max = 1'000'000'000});
    CHECK(read.error == "answer compressed more than 100:1");
    CHECK(read.body.size() < 5'000'000);
}

TEST_CASE("a head that never ends is refused", "[base][beast_answer]") {
    const std::string head = "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x');
    CHECK(read_answer(head, 1000).error == "malformed answer: header limit exceeded");
    std::string many = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 2000; ++i) many += "A: b\r\n";
    CHECK(read_answer(many + "\r\n", 1000).error == "malformed answer: header limit exceeded");
}

TEST_CASE("the answer to HEAD has a length and no body", "[base][beast_answer]") {
    const Read read = read_answer("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n", 1000, BeastAnswer::Body::None);
    CHECK(read.error.empty());
    CHECK(read.done);
    CHECK(read.keep_alive);
}

TEST_CASE("what comes behind an answer is left over", "[base][beast_answer]") {
    CHECK(read_answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP", 10'000).left_over == 4);
}

TEST_CASE("a decoded answer no longer says that it is encoded", "[base][beast_answer]") {
    BeastAnswer answer(BeastAnswer::Body::Expected, {}, {});
    const std::string bytes = gzip_answer("text");
    REQUIRE(answer.put(bytes) == bytes.size());
    CHECK(answer.headers().empty());
}

TEST_CASE("reading stops when the listener has had enough", "[base][beast_answer]") {
    bool stopped = false;
    std::string body;
    BeastAnswer answer(BeastAnswer::Body::Expected, {},
                       {.head = [&] { stopped = true; },
                        .body = [&](std::string_view piece) { body += piece; },
                        .stopped = [&] { return stopped; }});
    REQUIRE(answer.put("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    CHECK(body.empty());
    CHECK_FALSE(answer.done());
}

}  // namespace
}  // namespace tocsin
