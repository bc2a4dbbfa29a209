#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/asio_scheduler.h"
#include "base/http.h"
#include "base/time.h"

namespace tocsin {

/// What a client may take of the server, and what happens beyond it.
struct HttpLimits {
    std::size_t connections = 512;  // beyond: the one that has waited longest without a complete head is closed
    std::size_t connections_per_address = 64;  // beyond: closed at once
    bool loopback_is_limited = false;          // whether that holds for loopback addresses, too
    std::size_t reserve = 16;  // connections above the limit, for health_paths only, else 503; beyond: closed at once
    std::vector<std::string> health_paths = {"/health", "/api/health", "/healthz", "/-/healthy", "/-/ready"};

    std::size_t request_line_bytes = 8 * 1024;  // beyond: 414
    std::size_t header_bytes = 32 * 1024;       // beyond: 431
    std::size_t headers = 100;                  // beyond: 431
    std::uint64_t body_bytes = 1024 * 1024;     // beyond: 413
    /// The limit of a path that needs another than `body_bytes`; empty when all are alike.
    std::function<std::uint64_t(std::string_view method, std::string_view path)> body_bytes_of;

    Duration header_time{10'000};  // from its first byte, or from the connect; beyond: 408
    Duration body_time{30'000};    // beyond: 408
    Duration idle_time{75'000};    // between requests; beyond: closed
    Duration write_time{30'000};   // for each quarter MiB of an answer; beyond: closed
};

/// Serves HTTP/1.1 with Boost.Beast's parser on the scheduler's loop. Scheduler's thread only.
///
/// Handlers get requests that are complete and within the limits, one at a time from each connection. What is ambiguous
/// (two lengths, folded lines, bare line feeds, transfer encodings other than chunked) is refused with 400 and the
/// connection closed. A request that the gate refuses, or that finds no place but for `health_paths`, is answered
/// without its body being read. A HEAD request comes to the handler as such; the body of its answer is not sent. A
/// handler that lets go of `Respond` without calling it answers 500. Every answer says `X-Content-Type-Options:
/// nosniff`.
class BeastServer final : public HttpServer {
public:
    /// `scheduler` must outlive this.
    explicit BeastServer(AsioScheduler& scheduler, HttpLimits limits = {});
    ~BeastServer() override;
    BeastServer(const BeastServer&) = delete;
    BeastServer& operator=(const BeastServer&) = delete;

    /// The host is an IP address, a name of this machine (looked up now, which may block) or empty for all addresses.
    /// May be called several times, each with its own handler.
    Result<std::string> listen(const std::string& address, Handler handler) override;
    void use_gate(Gate gate) override;
    Status use_tls(const ServerTls& tls) override;
    void on_failed_handshake(Unsecured told) override;
    void drain(std::function<void()> done) override;

    std::size_t connections() const;

private:
    class Connection;
    class Connections;
    std::unique_ptr<Connections> connections_;
};

}  // namespace tocsin
