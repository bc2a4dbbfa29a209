#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/http.h"
#include "base/proxy.h"
#include "base/time.h"

namespace tocsin {

struct HttplibClientOptions {
    /// Started when they are needed; a few stay.
    unsigned threads = 512;
    /// How many of them one line may hold: a receiver that hangs leaves the others to the rest. What a receiver may be
    /// told at once is decided before; these are as many as hang until their time is over.
    unsigned threads_per_line = 40;
    /// So many at first: who answers promptly needs no more. A line whose requests wait for longer than `patience` gets
    /// twice as many, again and again.
    unsigned threads_at_first = 4;
    Duration patience{10};
    std::size_t waiting_per_line_max = 10'000;
    Duration connect_timeout{5'000};  // of each address of a name
    ProxyEnvironment proxies = {};
    /// Asked before each connect with an IP literal, be it from the URL or from the resolver; empty allows all.
    std::function<bool(const std::string& address)> may_connect = {};
};

/// Requests to receivers, discovery and other services, on a few threads of its own. Requests that follow one another
/// within a second share a connection.
///
/// Requests of one label to one host (and port; the proxy's, when there is one) wait in one line, and lines take turns.
/// When three quarters of the threads are held, a line gets one only if it has none: so however many receivers hang,
/// up to a quarter as many as there are threads, none of them keeps others from being told. The time in the line counts
/// against the deadline. The verdict of a request whose deadline passes comes at the deadline, whatever its thread does
/// then. A cancelled request may have reached the other side. Answers in gzip, deflate and br come
/// decoded.
///
/// The destructor ends what is under way and waits for the threads; nothing is called afterwards.
class HttplibClient final : public HttpClient {
public:
    /// Both must outlive this.
    HttplibClient(Scheduler& scheduler, Resolver& resolver, HttplibClientOptions options = {});
    ~HttplibClient() override;
    HttplibClient(const HttplibClient&) = delete;
    HttplibClient& operator=(const HttplibClient&) = delete;

    RequestId send(HttpRequest request, HttpEvents events) override;
    void cancel(RequestId id) override;
    std::optional<LinePlace> place_in_line(RequestId id) const override;

private:
    struct Job;
    struct Pending;
    class Pool;
    class Requests;
    std::shared_ptr<Requests> requests_;
};

}  // namespace tocsin
