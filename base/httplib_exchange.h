#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline_socket.h"
#include "base/http.h"
#include "base/proxy.h"
#include "base/url.h"

namespace tocsin {

/// One request with cpp-httplib, which blocks the thread that runs it.
///
/// The library gives a deadline to each read and each address only, reads heads of any size, and tells no reason when
/// it cannot connect. So connecting and moving bytes is done by a DeadlineSocket; the library speaks HTTP and TLS over
/// it.
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
    Result<HttpResponse> run_plain();
    Result<HttpResponse> run_tls();
    template <class Base>
    Result<HttpResponse> perform(Client<Base>& client);
    void tell_connected();
    bool take_head(int status, const std::vector<HttpHeader>& headers, std::uint64_t length);
    bool take_body(std::string_view piece);

    Plan plan_;
    Events events_;
    DeadlineSocket socket_;
    bool told_connected_ = false;

    // of the request that runs, of which each redirect makes a new one
    bool has_head_ = false;
    std::size_t head_bytes_ = 0;
    std::uint64_t body_bytes_ = 0;
    std::optional<Error>
        error_;  // what went wrong on our side of the library; what it says itself is then a consequence
    std::optional<Url> redirect_;
    HttpResponse response_;
};

}  // namespace tocsin
