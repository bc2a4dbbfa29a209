#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "base/tls_version.h"

namespace tocsin {

struct ServerTls;

struct HttpHeader {
    std::string name;
    std::string value;

    bool operator==(const HttpHeader&) const = default;
};

/// The first header of that name (case does not count), or an empty view.
std::string_view find_header(const std::vector<HttpHeader>& headers, std::string_view name);

/// How to reach a server: everything of a request that does not change from one to the next. Shared by all requests of
/// a target or receiver; immutable.
struct HttpOptions {
    bool follow_redirects = true;  // to the same host only; credentials never travel to another
    bool insecure_skip_verify = false;
    std::string ca_file, cert_file, key_file, server_name;
    std::string ca_pem, cert_pem;  // text instead of the file
    Secret key_pem;
    TlsVersion tls_min = TlsVersion::Tls12, tls_max = TlsVersion::Tls13;
    std::string proxy_url, no_proxy;
    bool proxy_from_environment = false;            // then the two above are empty
    std::vector<HttpHeader> proxy_connect_headers;  // of the request for a tunnel; they may be secrets

    bool operator==(const HttpOptions&) const = default;
};

/// One request that goes out. `url` may hold a secret: it must not be logged or put into an error, `label` is for that.
struct HttpRequest {
    std::string method = "GET";
    std::string url;
    std::string label;  // how messages name the other side: `webhook oncall`, `target node/10.0.0.7:9100`
    std::vector<HttpHeader> headers;
    std::string body;
    Duration timeout{10'000};                    // for all of it: name, connect, TLS, answer to its last byte
    std::uint64_t answer_bytes_max = 64 * 1024;  // decoded; more is Error::Kind::LimitExceeded
    std::shared_ptr<const HttpOptions> options;  // null means HttpOptions{}
};

struct HttpResponse {
    int status = 0;
    std::vector<HttpHeader> headers;
    std::string body;
};

/// What becomes of a request, step by step, each called on the scheduler's thread. All but `verdict` may be empty.
/// `verdict` comes exactly once and last, unless the request was cancelled: then nothing comes.
struct HttpEvents {
    std::function<void()> connected;
    std::function<void(int status, const std::vector<HttpHeader>&)> headers;
    /// When set, the body is given piece by piece and not kept in the response.
    std::function<void(std::string_view piece)> body;
    /// An error is the connection's (name, connect, TLS, reset, time-out, too large); any status is a success.
    std::function<void(Result<HttpResponse>)> verdict;
};

/// Where a request stands that nobody has begun with, since others have their turn first.
struct LinePlace {
    std::size_t behind = 0;  // so many, those under way included
    MonotonicTime since{};
};

/// The door through which requests go out. Scheduler's thread only; never blocks.
class HttpClient {
public:
    using RequestId = std::uint64_t;

    virtual ~HttpClient() = default;
    virtual RequestId send(HttpRequest request, HttpEvents events) = 0;
    virtual void cancel(RequestId id) = 0;
    /// Nothing: it does not wait for its turn.
    virtual std::optional<LinePlace> place_in_line(RequestId) const { return std::nullopt; }
};

/// One request that came in, complete and within the limits.
struct ServerRequest {
    std::string method;
    std::string path;   // percent-decoded, always begins with '/'
    std::string query;  // as sent, without '?'
    std::vector<HttpHeader> headers;
    std::string body;
    std::string remote_address;
};

struct ServerResponse {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
    std::vector<HttpHeader> headers;
};

/// The door through which requests come in. Scheduler's thread only.
class HttpServer {
public:
    /// Called once, at once or later, on the scheduler's thread.
    using Respond = std::function<void(ServerResponse)>;
    using Handler = std::function<void(ServerRequest, Respond)>;
    /// Nothing lets the request in, an answer refuses it. Called once, at once or later, on the scheduler's thread.
    using Decide = std::function<void(std::optional<ServerResponse> refusal)>;
    /// Sees a request before its body is read; `head` has none and lasts as long as the call.
    using Gate = std::function<void(const ServerRequest& head, Decide decide)>;

    virtual ~HttpServer() = default;

    /// Listens on `host:port` (port 0 takes a free one) and returns the address it got. Requests go to `handler`.
    virtual Result<std::string> listen(const std::string& address, Handler handler) = 0;

    /// Decides from now on which requests come to a handler; at first all do.
    virtual void use_gate(Gate gate) = 0;

    /// Connections that are accepted from now on speak TLS. For a certificate that changed, call it again; when what is
    /// asked of clients changed, those that are connected have to come anew. After an error all is as before. Messages
    /// say nothing of what is in the texts.
    virtual Status use_tls(const ServerTls& tls) = 0;

    /// Told of each connection that ended before TLS was agreed on; at first nobody is.
    using Unsecured = std::function<void(const std::string& remote_address, const std::string& reason)>;
    virtual void on_failed_handshake(Unsecured told) = 0;

    /// Takes no new connection, lets what is being answered finish, then calls `done`.
    virtual void drain(std::function<void()> done) = 0;
};

/// Names to addresses. Scheduler's thread only; never blocks.
class Resolver {
public:
    virtual ~Resolver() = default;
    /// At most 16 addresses in text form, or an error after 5 s.
    virtual void resolve(const std::string& host, std::function<void(Result<std::vector<std::string>>)> done) = 0;
};

}  // namespace tocsin
