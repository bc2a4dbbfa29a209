#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/asio_scheduler.h"
#include "base/http.h"
#include "base/proxy.h"
#include "base/time.h"

namespace tocsin {

struct BeastClientOptions {
    Duration connect_timeout{5'000};  // of each address of a name
    Duration idle_timeout{300'000};   // of a connection that waits for the next request
    std::size_t idle_per_place_max = 16;
    std::size_t idle_max = 16'384;
    ProxyEnvironment proxies = {};
    /// Asked before each connect with an IP literal, be it from the URL or from the resolver; empty allows all.
    std::function<bool(const std::string& address)> may_connect = {};
};

/// Polls thousands of servers from the scheduler's thread.
///
/// Connections are kept and used again for the same scheme, host, port, proxy and TLS options. When the other side had
/// closed a kept one, a request that may be repeated (GET, HEAD, OPTIONS) is repeated once on a fresh connection.
/// Certificate files are read again after a minute at the latest when a new connection is made. Answers in gzip come
/// decoded; whether to ask for them (`Accept-Encoding`) is the caller's choice. A redirect that is followed shows in no
/// event. Nothing is called from within send(); after the destructor nothing is called at all.
class BeastClient final : public HttpClient {
public:
    /// Both must outlive this.
    BeastClient(AsioScheduler& scheduler, Resolver& resolver, BeastClientOptions options = {});
    ~BeastClient() override;
    BeastClient(const BeastClient&) = delete;
    BeastClient& operator=(const BeastClient&) = delete;

    RequestId send(HttpRequest request, HttpEvents events) override;
    void cancel(RequestId id) override;

    std::size_t idle_connections() const;

private:
    class Exchange;
    struct Shared;
    std::unique_ptr<Shared> shared_;
};

}  // namespace tocsin
