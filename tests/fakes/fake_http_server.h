#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "base/server_tls.h"
#include "base/virtual_scheduler.h"

namespace tocsin::fakes {

/// An HttpServer without sockets: tests hand requests in and get the responses.
class FakeHttpServer final : public HttpServer {
public:
    explicit FakeHttpServer(VirtualScheduler& scheduler) : scheduler_(scheduler) {}

    Result<std::string> listen(const std::string& address, Handler handler) override;
    void use_gate(Gate gate) override { gate_ = std::move(gate); }
    Status use_tls(const ServerTls& tls) override;
    void on_failed_handshake(Unsecured told) override { unsecured_ = std::move(told); }
    void drain(std::function<void()> done) override;

    /// From now on listen() fails: `listen tcp 127.0.0.1:9099: bind: address already in use`.
    void occupy() { occupied_ = true; }
    /// The address listened on; empty before.
    const std::string& address() const { return address_; }

    /// What it shows of itself; nothing while it speaks plain text.
    const std::optional<ServerTls>& tls() const { return tls_; }

    /// A client that does not come to terms about TLS.
    void fail_handshake(const std::string& remote_address, const std::string& reason) {
        if (unsecured_) unsecured_(remote_address, reason);
    }

    /// What a client says; `target` is path and query. Without a Host header it gets the server's address.
    struct Call {
        std::string method = "GET";
        std::string target = "/";
        std::string body = {};
        std::vector<HttpHeader> headers = {};
        std::string remote_address = "127.0.0.1:50000";
    };

    /// Empty until the server answers; stays so when nobody listens or the server drains.
    using Reply = std::shared_ptr<const std::optional<ServerResponse>>;
    /// Hands a request in at the present instant; the reply comes as virtual time goes on.
    Reply start(Call call);

    /// The same, and runs what is due now. Nothing when the answer needs more time than that. Not to be called from
    /// within a task.
    std::optional<ServerResponse> request(Call call);
    std::optional<ServerResponse> get(std::string target) { return request({.target = std::move(target)}); }
    std::optional<ServerResponse> post(std::string target, std::string body,
                                       std::string content_type = "application/json");

private:
    using Slot = std::shared_ptr<std::optional<ServerResponse>>;

    void admit(ServerRequest request, const Slot& slot);
    void hand_over(ServerRequest request, const Slot& slot);
    void answer(const Slot& slot, ServerResponse response);

    VirtualScheduler& scheduler_;
    Gate gate_;
    Unsecured unsecured_;
    Handler handler_;
    std::string address_;
    std::optional<ServerTls> tls_;
    bool occupied_ = false;
    bool draining_ = false;
    std::size_t open_ = 0;  // requests without answer
    std::function<void()> drained_;
};

}  // namespace tocsin::fakes
