#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/asio_scheduler.h"
#include "base/http.h"
#include "tests/catch.h"
#include "tests/fakes/fake_resolver.h"
#include "tests/fakes/raw_socket.h"

namespace tocsin::tests {

inline constexpr Duration kHttpLimit{20'000};
inline const std::string kHttpOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A client of HTTP on a real event loop, whose names are made up.
template <class Client, class Options>
struct HttpWorld {
    explicit HttpWorld(Options options = {}) : client(scheduler, resolver, std::move(options)) {}

    Result<HttpResponse> fetch(HttpRequest request) {
        std::optional<Result<HttpResponse>> verdict;
        HttpEvents events;
        events.verdict = [&](Result<HttpResponse> result) { verdict = std::move(result); };
        client.send(std::move(request), std::move(events));
        REQUIRE(scheduler.run_until([&] { return verdict.has_value(); }, kHttpLimit));
        return *std::move(verdict);
    }

    Result<HttpResponse> get(std::string url, HttpOptions options = {}) {
        HttpRequest request;
        request.url = std::move(url);
        request.options = std::make_shared<const HttpOptions>(std::move(options));
        return fetch(std::move(request));
    }

    /// What a request ends with whose server does that.
    Error error_of(fakes::RawServer::Script script, Duration timeout) {
        fakes::RawServer server(std::move(script));
        HttpRequest request;
        request.url = server.url("/secret-token");
        request.timeout = timeout;
        const auto verdict = fetch(std::move(request));
        REQUIRE_FALSE(verdict);
        return verdict.error();
    }

    AsioScheduler scheduler;
    fakes::FakeResolver resolver{scheduler};
    Client client;
};

/// Answers one request, then closes.
inline fakes::RawServer::Script answer_once(std::string answer) {
    return [answer = std::move(answer)](fakes::RawConnection& connection) {
        connection.read_head();
        connection.send(answer);
    };
}

inline void never_answer(fakes::RawConnection& connection) {
    connection.read_to_end();
}

}  // namespace tocsin::tests
