#include "base/httplib_exchange.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <exception>
#include <type_traits>
#include <utility>

#include <httplib.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/asio_address.h"
#include "base/asio_tls.h"
#include "base/beast_answer.h"
#include "base/outgoing_request.h"
#include "base/text.h"

namespace tocsin {

namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kTunnelReadBytes = 1024;
constexpr std::size_t kHeadBytesMax = 64 * 1024;
// The library matches the status line with std::regex, which recurses for each character.
constexpr std::size_t kLineBytesMax = 4 * 1024;

Error answer_too_large(const std::string& what, std::size_t bytes_max) {
    return {Error::Kind::LimitExceeded, what + " larger than " + std::to_string(bytes_max) + " bytes"};
}

bool is_decoded(const httplib::Response& response) {
    const std::string encoding = response.get_header_value("Content-Encoding");
    return encoding == "gzip" || encoding == "deflate" || encoding == "br";
}

std::vector<HttpHeader> headers_of(const httplib::Response& response) {
    const bool decoded = is_decoded(response);
    std::vector<HttpHeader> headers;
    for (const auto& [name, value] : response.headers) {
        const bool of_encoded = iequals(name, "Content-Encoding") || iequals(name, "Content-Length");
        if (!decoded || !of_encoded) headers.push_back({name, value});
    }
    return headers;
}

/// As far as it says something about the bytes that will be given.
std::uint64_t announced_length(const httplib::Response& response) {
    return is_decoded(response) ? 0 : response.get_header_value<std::uint64_t>("Content-Length");
}

httplib::Request to_httplib(const HttpRequest& request, const Url& url) {
    httplib::Request out;
    out.method = request.method;
    out.path = url.target();
    out.body = request.body;
    for (auto& [name, value] : headers_to_send(request, url)) out.headers.emplace(name, value);
    return out;
}

Error tls_error(const httplib::SSLClient& client, httplib::Error error, const HttpOptions& options) {
    if (error == httplib::Error::SSLLoadingCerts) {
        return {Error::Kind::InvalidInput, "tls: cannot use CA file " + options.ca_file};
    }
    if (error != httplib::Error::SSLServerVerification) return {Error::Kind::Unavailable, "tls: handshake failed"};
    long verdict = client.get_openssl_verify_result();
    // The library looks at the name itself, after OpenSSL has found no fault with the chain.
    if (verdict == X509_V_OK) verdict = X509_V_ERR_HOSTNAME_MISMATCH;
    return {Error::Kind::Unavailable, std::string("tls: certificate: ") + X509_verify_cert_error_string(verdict)};
}

Error library_error(httplib::Error error) {
    switch (error) {
        case httplib::Error::Read:
            return {Error::Kind::Unavailable, "connection closed before the end of the answer"};
        case httplib::Error::Write:
            return {Error::Kind::Unavailable, "connection lost while the request was sent"};
        default:
            return {Error::Kind::Unavailable, "request failed: " + to_lower(httplib::to_string(error))};
    }
}

}  // namespace

// What the library reads from and writes to: the socket, or TLS over it.
class HttplibExchange::Wire final : public httplib::Stream {
public:
    Wire(HttplibExchange& exchange, int fd, SSL* ssl, bool body_follows)
        : exchange_(exchange), fd_(fd), ssl_(ssl), body_follows_(body_follows) {}
    /// What came behind the answer belongs to nothing.
    ~Wire() override { exchange_.has_excess_ = begin_ < end_; }

    bool is_readable() const override {
        return begin_ < end_ || (ssl_ != nullptr && SSL_pending(ssl_) > 0) || exchange_.socket_.wait(fd_, POLLIN);
    }
    bool is_writable() const override { return exchange_.socket_.wait(fd_, POLLOUT); }

    // The library reads heads byte by byte; the buffer keeps the system calls few.
    ssize_t read(char* into, std::size_t size) override {
        if (begin_ == end_) {
            if (const ssize_t got = fill(); got <= 0) return got;
        }
        const std::size_t count = std::min(size, end_ - begin_);
        std::memcpy(into, buffer_.data() + begin_, count);
        begin_ += count;
        if (!exchange_.has_head_ && !count_head({into, count})) return -1;
        return static_cast<ssize_t>(count);
    }

    ssize_t write(const char* from, std::size_t size) override {
        if (ssl_ == nullptr) return send(from, size);
        if (!is_writable()) return -1;
        return SSL_write(ssl_, from, static_cast<int>(std::min<std::size_t>(size, INT_MAX)));
    }

    void get_remote_ip_and_port(std::string&, int&) const override {}
    void get_local_ip_and_port(std::string&, int&) const override {}
    socket_t socket() const override { return fd_; }

private:
    // The head, which comes first, goes with the body.
    ssize_t send(const char* from, std::size_t size) {
        const bool more = std::exchange(body_follows_, false);
        const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
        ssize_t sent = ::send(fd_, from, size, flags);
        while (sent < 0 && errno == EAGAIN && is_writable()) sent = ::send(fd_, from, size, flags);
        return sent;
    }

    ssize_t fill() {
        if (!is_readable()) return -1;
        const ssize_t got = ssl_ == nullptr ? ::recv(fd_, buffer_.data(), buffer_.size(), 0)
                                            : SSL_read(ssl_, buffer_.data(), static_cast<int>(buffer_.size()));
        begin_ = 0;
        end_ = got > 0 ? static_cast<std::size_t>(got) : 0;
        return got;
    }

    bool count_head(std::string_view bytes) {
        exchange_.head_bytes_ += bytes.size();
        const std::size_t line_feed = bytes.rfind('\n');
        line_bytes_ = line_feed == bytes.npos ? line_bytes_ + bytes.size() : bytes.size() - line_feed - 1;
        if (exchange_.head_bytes_ > kHeadBytesMax) {
            exchange_.error_ = answer_too_large("head of the answer", kHeadBytesMax);
        } else if (line_bytes_ > kLineBytesMax) {
            exchange_.error_ = answer_too_large("line in the head of the answer", kLineBytesMax);
        }
        return !exchange_.error_;
    }

    HttplibExchange& exchange_;
    const int fd_;
    SSL* const ssl_;
    std::array<char, kReadBytes> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t line_bytes_ = 0;
    bool body_follows_;  // on what is written next, which is the head
};

// The library's client, plain or with TLS, on our socket.
template <class Base>
class HttplibExchange::Client final : public Base, public HttplibConnection {
public:
    template <class... Arguments>
    explicit Client(HttplibExchange& exchange, Arguments&&... arguments)
        : Base(std::forward<Arguments>(arguments)...), exchange_(&exchange) {
        this->set_keep_alive(true);
        this->set_url_encode(false);
        this->set_follow_location(false);  // its own would follow to any host
        const auto left = exchange.plan_.request.timeout;
        this->set_connection_timeout(left);  // of the TLS handshake; the owner's abort() ends it at the deadline
        if (const auto& proxy = exchange.plan_.proxy; proxy && !kTls) use_proxy(*proxy);
    }

    // Without the farewell of TLS: the other side may be gone, and who writes to it on the scheduler's thread is ended
    // by a signal.
    ~Client() override {
        if (this->socket_.ssl != nullptr) SSL_set_quiet_shutdown(this->socket_.ssl, 1);
    }

    /// Requests from now on are those of another exchange.
    bool serve(HttplibExchange& exchange) {
        exchange_ = &exchange;
        return exchange.socket_.watch(this->socket_.sock);
    }

    bool is_open() const { return this->socket_.is_open(); }
    bool is_quiet() const override {
        pollfd polled{this->socket_.sock, POLLIN, 0};
        return ::poll(&polled, 1, 0) == 0;
    }

private:
    using Socket = httplib::ClientImpl::Socket;
    static constexpr bool kTls = std::is_same_v<Base, httplib::SSLClient>;

    void use_proxy(const Url& proxy) {
        this->set_proxy(proxy.host, proxy.port);
        if (!proxy.user.empty()) this->set_proxy_basic_auth(proxy.user, proxy.password);
    }

    bool create_and_connect_socket(Socket& socket, httplib::Error& error) override {
        const Plan& plan = exchange_->plan_;
        const auto connected = exchange_->socket_.connect(plan.addresses, plan.proxy ? plan.proxy->port : plan.url.port,
                                                          plan.connect_timeout);
        if (!connected) {
            exchange_->error_ = fail_with_context("connect", connected.error()).value();
            error = httplib::Error::Connection;
            return false;
        }
        exchange_->tell_connected();
        if (kTls && plan.proxy && !open_tunnel(*connected)) {
            error = httplib::Error::Connection;
            return false;
        }
        socket.sock = *connected;
        return true;
    }

    // The library's own tunnel knows no headers for the proxy, leads to the name that the certificate is to have, and
    // takes a refusal for the beginning of TLS.
    bool open_tunnel(int fd) {
        const auto opened = exchange_->open_tunnel(fd);
        if (opened) return true;
        if (!exchange_->error_) exchange_->error_ = opened.error();
        ::close(fd);
        return false;
    }

    bool process_socket(const Socket& socket, std::function<bool(httplib::Stream&)> callback) override {
        Wire wire(*exchange_, socket.sock, socket.ssl, !exchange_->plan_.request.body.empty());
        return callback(wire);
    }

    HttplibExchange* exchange_;
};

HttplibExchange::HttplibExchange(const Scheduler& clock, Plan plan, Events events)
    : clock_(clock), plan_(std::move(plan)), events_(std::move(events)), socket_(clock, plan_.deadline) {}

Result<HttpResponse> HttplibExchange::run() {
    for (int redirects = 0; redirects <= kRedirectsMax; ++redirects) {
        auto response = run_once();
        if (!response || !redirect_) return response;
        if (auto same = check_same_way(*redirect_); !same) return tl::unexpected(same.error());
        plan_.url = *std::move(redirect_);
        rewrite_for_redirect(plan_.request, response->status);
    }
    return tl::unexpected(too_many_redirects());
}

// The addresses that are known are those of one way.
Status HttplibExchange::check_same_way(const Url& next) const {
    TOCSIN_TRY(const std::optional<Url> proxy, proxy_of(options_of(plan_.request), next, plan_.proxies));
    const bool same = proxy.has_value() == plan_.proxy.has_value() &&
                      (!proxy || (proxy->host == plan_.proxy->host && proxy->port == plan_.proxy->port));
    if (same) return {};
    return fail(Error::Kind::Unavailable, "redirected to where another proxy leads");
}

Result<HttpResponse> HttplibExchange::run_once() {
    try {
        return plan_.url.scheme == "https" ? run_over<httplib::SSLClient>() : run_over<httplib::ClientImpl>();
    } catch (const std::exception&) {
        // What it throws may quote the answer, and the answer may quote a secret.
        return fail(Error::Kind::Unavailable, "malformed answer");
    }
}

void HttplibExchange::forget_answer() {
    has_head_ = false;
    has_excess_ = false;
    head_bytes_ = 0;
    body_bytes_ = 0;
    redirect_.reset();
    response_ = {};
}

template <class Base>
Result<HttpResponse> HttplibExchange::run_over() {
    if (auto kept = take_kept<Base>()) {
        tell_connected();
        auto answer = perform(*kept);
        if (!was_lost(answer)) {
            if (answer) keep(std::move(kept));
            return answer;
        }
    }
    TOCSIN_TRY(auto client, make_client<Base>());
    auto answer = perform(*client);
    if (answer) keep(std::move(client));
    return answer;
}

/// Whether a connection that had waited was closed by the other side before it heard of the request, as far as that
/// can be known.
bool HttplibExchange::was_lost(const Result<HttpResponse>& answer) const {
    return !answer && !error_ && head_bytes_ == 0 && socket_.has_time();
}

HttplibPlace HttplibExchange::place() const {
    const auto name = [](const Url& url) { return url.scheme + "://" + join_host_port(url.host, url.port); };
    return {plan_.request.options, plan_.proxy ? name(*plan_.proxy) + " " + name(plan_.url) : name(plan_.url)};
}

template <class Base>
std::unique_ptr<HttplibExchange::Client<Base>> HttplibExchange::take_kept() {
    if (plan_.connections == nullptr) return nullptr;
    auto kept = plan_.connections->take(place());
    // A place has one scheme, and so one kind of client.
    std::unique_ptr<Client<Base>> client(static_cast<Client<Base>*>(kept.release()));
    if (client != nullptr && !client->serve(*this)) client.reset();
    return client;
}

template <class Base>
void HttplibExchange::keep(std::unique_ptr<Client<Base>> client) {
    if (plan_.connections == nullptr || has_excess_ || !client->is_open()) return;
    plan_.connections->put(place(), std::move(client), clock_.monotonic());
}

template <>
Result<std::unique_ptr<HttplibExchange::Client<httplib::ClientImpl>>> HttplibExchange::make_client() {
    return std::make_unique<Client<httplib::ClientImpl>>(*this, plan_.url.host, plan_.url.port);
}

template <>
Result<std::unique_ptr<HttplibExchange::Client<httplib::SSLClient>>> HttplibExchange::make_client() {
    const HttpOptions& options = options_of(plan_.request);
    // Only the handshake sees this name: the Host header and the tunnel are written by us, the addresses are known.
    const std::string& name = options.server_name.empty() ? plan_.url.host : options.server_name;
    auto client =
        std::make_unique<Client<httplib::SSLClient>>(*this, name, plan_.url.port, options.cert_file, options.key_file);
    if (!client->is_valid()) {
        return fail(Error::Kind::InvalidInput,
                    "tls: cannot use certificate file " + options.cert_file + " with key file " + options.key_file);
    }
    // Certificates as text, and the versions, which the library has no option for.
    if (auto used = AsioTls::use_texts(client->ssl_context(), AsioTls::client_of(options)); !used) {
        return tl::unexpected(used.error());
    }
    client->enable_server_certificate_verification(!options.insecure_skip_verify);
    if (!options.ca_file.empty()) client->set_ca_cert_path(options.ca_file);
    // Where nothing is named the library adds what the system trusts; in this folder there is nothing to add.
    if (!options.ca_pem.empty()) client->set_ca_cert_path("", "/nonexistent");
    return client;
}

template <class Base>
Result<HttpResponse> HttplibExchange::perform(Client<Base>& client) {
    forget_answer();
    httplib::Request request = to_httplib(plan_.request, plan_.url);
    request.response_handler = [this](const httplib::Response& head) {
        return take_head(head.status, headers_of(head), announced_length(head));
    };
    request.content_receiver = [this](const char* piece, std::size_t bytes, std::uint64_t, std::uint64_t) {
        return take_body({piece, bytes});
    };
    const httplib::Result result = client.send(request);
    if (error_) return tl::unexpected(*error_);
    if constexpr (std::is_same_v<Base, httplib::SSLClient>) {
        const auto error = result.error();
        if (!result && (error == httplib::Error::SSLConnection || error == httplib::Error::SSLLoadingCerts ||
                        error == httplib::Error::SSLServerVerification)) {
            return tl::unexpected(tls_error(client, error, options_of(plan_.request)));
        }
    }
    if (!result) return tl::unexpected(library_error(result.error()));
    // For an answer that cannot have a body the library does not call the handler.
    if (!has_head_) take_head(result->status, headers_of(*result), 0);
    return std::move(response_);
}

Status HttplibExchange::open_tunnel(int fd) {
    Wire wire(*this, fd, nullptr, false);
    const std::string head = tunnel_request(plan_.url, *plan_.proxy, options_of(plan_.request));
    for (std::string_view rest = head; !rest.empty();) {
        const ssize_t sent = wire.write(rest.data(), rest.size());
        if (sent <= 0) return fail(Error::Kind::Unavailable, "proxy: connection lost while the request was sent");
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    BeastAnswer answer(BeastAnswer::Body::None, {}, {});
    std::string received;
    std::array<char, kTunnelReadBytes> piece;
    while (!answer.done()) {
        const ssize_t got = wire.read(piece.data(), piece.size());
        if (got <= 0) return fail(Error::Kind::Unavailable, "proxy: connection closed before the end of the answer");
        received.append(piece.data(), static_cast<std::size_t>(got));
        TOCSIN_TRY(const std::size_t used, answer.put(received));
        received.erase(0, used);
    }
    head_bytes_ = 0;
    return check_tunnel(answer.status());
}

void HttplibExchange::tell_connected() {
    if (!std::exchange(told_connected_, true) && events_.connected) events_.connected();
}

bool HttplibExchange::take_head(int status, const std::vector<HttpHeader>& headers, std::uint64_t length) {
    has_head_ = true;
    response_.status = status;
    response_.headers = headers;
    if (length > plan_.request.answer_bytes_max) {
        error_ = answer_too_large(plan_.request.answer_bytes_max);
        return false;
    }
    if (options_of(plan_.request).follow_redirects) {
        redirect_ = redirect_target(plan_.url, status, find_header(headers, "Location"));
    }
    if (!redirect_ && events_.headers) events_.headers(status, headers);
    return true;
}

bool HttplibExchange::take_body(std::string_view piece) {
    body_bytes_ += piece.size();
    if (body_bytes_ > plan_.request.answer_bytes_max) {
        error_ = answer_too_large(plan_.request.answer_bytes_max);
        return false;
    }
    if (redirect_) return true;
    if (events_.body) {
        events_.body(piece);
    } else {
        response_.body.append(piece);
    }
    return true;
}

}  // namespace tocsin
