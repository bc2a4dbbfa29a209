#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline_socket.h"
#include "base/http.h"
#include "base/httplib_connections.h"
#include "base/proxy.h"
#include "base/url.h"

namespace tocsin {

/// One request with cpp-httplib, which blocks the thread that runs it.
///
/// The library gives a deadline to each read and each address only, reads heads of any size, and tells no reason when
/// it cannot connect. So connecting and moving bytes is done by a DeadlineSocket; the library speaks HTTP and TLS over
/// it.
///
/// A connection that is left over after a whole answer goes back to those of the plan, from which one is taken before a
/// new one is made. When one that was taken turns out to be lost before a byte of the answer has come, a new one is
/// made.
class HttplibExchange {
public:
    struct Plan {
        HttpRequest request;
        Url url;
        std::optional<Url> proxy;
        ProxyEnvironment proxies;
        std::vector<std::string> addresses;  // of the proxy, or else of the URL's host; IP literals, tried in order
        MonotonicTime deadline;
        Duration connect_timeout{5'000};  // of each address
        HttplibConnections* connections = nullptr;  // outlives this; null: none is kept
    };
    /// Called on the thread of run(), and not for a redirect that is followed. When `body` is set, the pieces are not
    /// kept in the response.
    struct Events {
        std::function<void()> connected;
        std::function<void(int status, std::vector<HttpHeader>)> headers;
        std::function<void(std::string_view piece)> body;
    };

    /// `clock` must outlive this; only its monotonic() is used.
    HttplibExchange(const Scheduler& clock, Plan plan, Events events);

    /// Returns at the deadline at the latest.
    Result<HttpResponse> run();

    /// Makes run() return soon, whatever it waits for. From any thread.
    void abort() { socket_.abort(); }

private:
    class Wire;
    template <class Base>
    class Client;

    Status check_same_way(const Url& next) const;
    Result<HttpResponse> run_once();
    void forget_answer();
    HttplibPlace place() const;
    template <class Base>
    Result<HttpResponse> run_over();
    template <class Base>
    std::unique_ptr<Client<Base>> take_kept();
    template <class Base>
    void keep(std::unique_ptr<Client<Base>> client);
    template <class Base>
    Result<std::unique_ptr<Client<Base>>> make_client();
    bool was_lost(const Result<HttpResponse>& answer) const;
    template <class Base>
    Result<HttpResponse> perform(Client<Base>& client);
    Status open_tunnel(int fd);
    void tell_connected();
    bool take_head(int status, const std::vector<HttpHeader>& headers, std::uint64_t length);
    bool take_body(std::string_view piece);

    const Scheduler& clock_;
    Plan plan_;
    Events events_;
    DeadlineSocket socket_;
    bool told_connected_ = false;

    // of the request that runs, of which each redirect makes a new one
    bool has_head_ = false;
    bool has_excess_ = false;  // bytes behind the end of the answer
    std::size_t head_bytes_ = 0;
    std::uint64_t body_bytes_ = 0;
    std::optional<Error>
        error_;  // what went wrong on our side of the library; what it says itself is then a consequence
    std::optional<Url> redirect_;
    HttpResponse response_;
};

}  // namespace tocsin
