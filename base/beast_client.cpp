#include "base/beast_client.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/asio_address.h"
#include "base/asio_stream.h"
#include "base/beast_answer.h"
#include "base/idle_connections.h"
#include "base/outgoing_request.h"
#include "base/text.h"
#include "base/tls_cache.h"
#include "base/url.h"

namespace tocsin {

namespace {

// Large enough for most answers in two reads: Beast's own buffer begins with 512 bytes and costs a hundred system calls
// more.
constexpr std::size_t kBufferBytes = 64 * 1024;
constexpr std::size_t kSpareBuffersMax = 16;
// What may come from one connection, and be decoded of it, before the others have their turn.
constexpr std::uint64_t kBytesAtOnce = 1024 * 1024;
// What is reserved on a server's word that it will come.
constexpr std::uint64_t kTrustedBytesMax = 4 * 1024 * 1024;

using Buffer = std::array<char, kBufferBytes>;

bool may_be_repeated(std::string_view method) {
    return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

void append_header(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
}

bool has_content(const HttpRequest& request) {
    return !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
}

/// Requests with the same place may use each other's connections.
std::string place_of(const Url& url, const std::optional<Url>& proxy, const HttpOptions& options) {
    std::string place = url.scheme + "://" + join_host_port(url.host, url.port);
    if (proxy) place += "\nproxy " + basic_credentials(*proxy) + join_host_port(proxy->host, proxy->port);
    if (url.scheme != "https") return place;
    place += options.insecure_skip_verify ? "\nunverified" : "\nverified";
    for (const auto* part : {&options.ca_file, &options.cert_file, &options.key_file, &options.server_name,
                             &options.ca_pem, &options.cert_pem, &options.key_pem.reveal()}) {
        place += "\n" + *part;
    }
    for (const HttpHeader& header : options.proxy_connect_headers) place += "\n" + header.name + ": " + header.value;
    place += options.tls_min == TlsVersion::Tls13 ? "\n1.3 at least" : "";
    place += options.tls_max == TlsVersion::Tls12 ? "\n1.2 at most" : "";
    return place;
}

}  // namespace

struct BeastClient::Shared {
    Shared(AsioScheduler& its_scheduler, Resolver& its_resolver, BeastClientOptions its_options)
        : scheduler(its_scheduler),
          resolver(its_resolver),
          options(std::move(its_options)),
          idle(scheduler, {options.idle_timeout, options.idle_per_place_max, options.idle_max}),
          tls(scheduler) {}

    std::unique_ptr<Buffer> take_buffer() {
        if (spare_buffers.empty()) return std::unique_ptr<Buffer>(new Buffer);
        auto buffer = std::move(spare_buffers.back());
        spare_buffers.pop_back();
        return buffer;
    }

    void put_buffer(std::unique_ptr<Buffer> buffer) {
        if (buffer != nullptr && spare_buffers.size() < kSpareBuffersMax) spare_buffers.push_back(std::move(buffer));
    }

    AsioScheduler& scheduler;
    Resolver& resolver;
    BeastClientOptions options;
    IdleConnections idle;
    TlsCache tls;
    std::vector<std::unique_ptr<Buffer>> spare_buffers;
    std::unordered_map<RequestId, std::shared_ptr<Exchange>> exchanges;
    RequestId last_id = 0;
};

// One request from send() to its verdict, over as many connections as redirects and retries need. Each step starts the
// next from a callback; callbacks hold the exchange, and do nothing once it is over.
class BeastClient::Exchange : public std::enable_shared_from_this<Exchange> {
    // First, since its return type is deduced.
    /// `step`, unless the exchange is over by then. Holds the exchange, and with it all memory that the step was given.
    template <class Step>
    auto guarded(Step step) {
        return [self = shared_from_this(), step = std::move(step)](auto&&... results) {
            if (!self->over_) step(std::forward<decltype(results)>(results)...);
        };
    }

public:
    Exchange(Shared& shared, RequestId id, HttpRequest request, HttpEvents events)
        : shared_(shared), id_(id), request_(std::move(request)), events_(std::move(events)) {}

    void start() {
        deadline_ = shared_.scheduler.after(request_.timeout, guarded([this] { end_with(timed_out_where()); }));
        shared_.scheduler.post(guarded([this] { check(); }));
    }

    /// Nothing is called from here on.
    void drop() {
        over_ = true;
        shared_.scheduler.cancel(deadline_);
        shared_.scheduler.cancel(connect_deadline_);
        stream_.reset();
    }

private:
    enum class Stage { Name, Connect, Tls, Answer };

    void check() {
        auto url = check_outgoing(request_);
        if (!url) return end_with(url.error());
        url_ = *std::move(url);
        begin();
    }

    void begin() {
        auto proxy = proxy_of(options_of(request_), url_, shared_.options.proxies);
        if (!proxy) return end_with(proxy.error());
        proxy_ = *std::move(proxy);
        place_ = place_of(url_, proxy_, options_of(request_));
        stream_ = shared_.idle.take(place_);
        reused_ = stream_.has_value();
        if (reused_) return ask();
        open();
    }

    void open() {
        stage_ = Stage::Name;
        const std::string& host = proxy_ ? proxy_->host : url_.host;
        if (is_ip_literal(host)) return connect_to({host});
        shared_.resolver.resolve(host, guarded([this](Result<std::vector<std::string>> addresses) {
                                     if (!addresses) return end_with(addresses.error());
                                     connect_to(*std::move(addresses));
                                 }));
    }

    void connect_to(std::vector<std::string> addresses) {
        stage_ = Stage::Connect;
        addresses_ = std::move(addresses);
        next_address_ = 0;
        connect_error_ = {Error::Kind::NotFound, "no address"};
        try_next_address();
    }

    void try_next_address() {
        if (next_address_ >= addresses_.size()) return end_with(fail_with_context("connect", connect_error_).value());
        const std::string& address = addresses_[next_address_++];
        if (shared_.options.may_connect && !shared_.options.may_connect(address)) {
            return address_failed({Error::Kind::Unavailable, "address " + address + " is denied"});
        }
        stream_.emplace(shared_.scheduler);
        const Duration limit = shared_.options.connect_timeout;
        connect_deadline_ =
            shared_.scheduler.after(limit, guarded([this, limit] { address_failed(timed_out(limit)); }));
        stream_->connect(address, (proxy_ ? *proxy_ : url_).port, guarded([this](Status connected) {
                             if (!connected) return address_failed(connected.error());
                             shared_.scheduler.cancel(connect_deadline_);
                             connected_to_address();
                         }));
    }

    void address_failed(Error error) {
        shared_.scheduler.cancel(connect_deadline_);
        stream_.reset();
        connect_error_ = std::move(error);
        try_next_address();
    }

    void connected_to_address() {
        if (url_.scheme != "https") return ask();
        if (proxy_) return open_tunnel();
        secure();
    }

    void open_tunnel() {
        head_ = tunnel_request(url_, *proxy_, options_of(request_));
        answer_.emplace(BeastAnswer::Body::None, BeastAnswer::Limits{}, BeastAnswer::Events{});
        write({}, &Exchange::tunnel_answered);
    }

    void tunnel_answered() {
        if (const auto opened = check_tunnel(answer_->status()); !opened) return end_with(opened.error());
        secure();
    }

    void secure() {
        stage_ = Stage::Tls;
        const HttpOptions& options = options_of(request_);
        auto tls = shared_.tls.get(AsioTls::client_of(options));
        if (!tls) return end_with(tls.error());
        stream_->start_tls(*std::move(tls), options.server_name.empty() ? url_.host : options.server_name,
                           guarded([this](Status secured) {
                               if (!secured) return end_with(secured.error());
                               ask();
                           }));
    }

    void ask() {
        stage_ = Stage::Answer;
        if (!std::exchange(told_connected_, true) && events_.connected) events_.connected();
        if (over_) return;
        write_head();
        response_ = {};
        redirect_.reset();
        answer_.emplace(request_.method == "HEAD" ? BeastAnswer::Body::None : BeastAnswer::Body::Expected,
                        BeastAnswer::Limits{.bytes_max = request_.answer_bytes_max},
                        BeastAnswer::Events{.head = [this] { see_head(); },
                                            .body = [this](std::string_view piece) { see_body(piece); },
                                            .stopped = [this] { return over_; }});
        write(request_.body, &Exchange::answered);
    }

    void write_head() {
        const bool to_proxy = proxy_ && url_.scheme == "http";
        head_ = request_.method + " ";
        if (to_proxy) head_ += "http://" + join_host_port(url_.host, url_.port);
        head_ += url_.target() + " HTTP/1.1\r\n";
        for (const auto& [name, value] : headers_to_send(request_, url_)) append_header(head_, name, value);
        if (to_proxy && !proxy_->user.empty()) append_header(head_, "Proxy-Authorization", basic_credentials(*proxy_));
        if (has_content(request_)) append_header(head_, "Content-Length", std::to_string(request_.body.size()));
        head_ += "\r\n";
    }

    /// Sends head_ and `body`, reads the answer, then goes on with `next`.
    void write(std::string_view body, void (Exchange::*next)()) {
        received_ = 0;
        stream_->write(head_, body, guarded([this, next](const Result<std::size_t>& written) {
                           // A server may answer and close before it has read everything: its answer is worth reading.
                           write_error_ = written ? std::nullopt : std::optional(written.error());
                           read(next);
                       }));
    }

    /// Who waits has no buffer, so that many who wait do not read into as many of them.
    void read(void (Exchange::*next)()) {
        if (stream_->has_tls()) {
            take_buffer();
            return stream_->read_some(buffer_->data() + received_, buffer_->size() - received_,
                                      guarded([this, next](const Result<std::size_t>& bytes) { take(bytes, next); }));
        }
        if (received_ == 0) shared_.put_buffer(std::move(buffer_));
        stream_->wait_ready(guarded([this, next] {
            take_buffer();
            take(read_ready(), next);
        }));
    }

    void take_buffer() {
        if (buffer_ == nullptr) buffer_ = shared_.take_buffer();
    }

    std::optional<Result<std::size_t>> read_ready() {
        return stream_->read_ready(buffer_->data() + received_, buffer_->size() - received_);
    }

    /// Goes on with what has come meanwhile, so that an answer that is there is done with before the next one begins:
    /// of a fleet that answers at once only a few are held at a time.
    void take(std::optional<Result<std::size_t>> came, void (Exchange::*next)()) {
        for (const std::uint64_t enough = handled_bytes_ + kBytesAtOnce; came; came = read_ready()) {
            if (!*came) return connection_failed(came->error());
            if (!digest(**came, next)) return;
            if (handled_bytes_ >= enough) break;
        }
        read(next);
    }

    /// Whether there is more to read.
    bool digest(std::size_t bytes, void (Exchange::*next)()) {
        const auto used = bytes == 0 ? Result<std::size_t>(0) : put(bytes);
        if (over_) return false;
        if (bytes == 0) {
            connection_ended(next);
        } else if (!used) {
            end_with(used.error());
        } else if (answer_->done()) {
            (this->*next)();
        } else if (received_ == buffer_->size()) {
            end_with({Error::Kind::Unavailable, "malformed answer: endless line"});
        } else {
            return true;
        }
        return false;
    }

    /// Keeps in the buffer what the answer cannot take yet.
    Result<std::size_t> put(std::size_t bytes) {
        received_ += bytes;
        handled_bytes_ += bytes;
        const auto used = answer_->put({buffer_->data(), received_});
        if (over_ || !used) return used;
        std::copy(buffer_->begin() + static_cast<std::ptrdiff_t>(*used),
                  buffer_->begin() + static_cast<std::ptrdiff_t>(received_), buffer_->begin());
        received_ -= *used;
        return used;
    }

    void connection_ended(void (Exchange::*next)()) {
        const auto ended = answer_->end();
        if (over_) return;
        if (ended) return (this->*next)();
        connection_failed(ended.error());
    }

    void connection_failed(const Error& error) {
        if (reused_ && !answer_->started() && may_be_repeated(request_.method)) {
            stream_.reset();
            reused_ = false;
            return open();
        }
        end_with(write_error_ && !answer_->started() ? *write_error_ : error);
    }

    void see_head() {
        response_.status = answer_->status();
        if (options_of(request_).follow_redirects) {
            redirect_ = redirect_target(url_, answer_->status(), find_header(answer_->headers(), "Location"));
        }
        if (redirect_) return;
        if (!events_.body) response_.body.reserve(std::min(answer_->announced_bytes(), kTrustedBytesMax));
        if (events_.headers) events_.headers(answer_->status(), answer_->headers());
    }

    void see_body(std::string_view piece) {
        handled_bytes_ += piece.size();
        if (redirect_) return;
        if (events_.body) return events_.body(piece);
        response_.body.append(piece);
    }

    void answered() {
        if (answer_->keep_alive() && received_ == 0 && !write_error_) {
            shared_.idle.put(place_, std::move(*stream_));
        }
        stream_.reset();
        if (redirect_) return redirected();
        response_.headers = std::move(answer_->headers());
        end_with(std::move(response_));
    }

    void redirected() {
        if (++redirects_ > kRedirectsMax) return end_with(too_many_redirects());
        url_ = *std::move(redirect_);
        rewrite_for_redirect(request_, response_.status);
        begin();
    }

    Error timed_out_where() const {
        Error error = timed_out(request_.timeout);
        if (stage_ == Stage::Name) error.message = "name lookup: " + error.message;
        if (stage_ == Stage::Connect) error.message = "connect: " + error.message;
        if (stage_ == Stage::Tls) error.message = "tls: " + error.message;
        return error;
    }

    void end_with(Error error) { end_with(Result<HttpResponse>(tl::unexpected(std::move(error)))); }

    void end_with(Result<HttpResponse> verdict) {
        const auto self = shared_from_this();
        // A buffer that a read may still write to goes with the exchange, not to the next one.
        if (!stream_) shared_.put_buffer(std::move(buffer_));
        drop();
        shared_.exchanges.erase(id_);
        events_.verdict(std::move(verdict));
    }

    Shared& shared_;
    const RequestId id_;
    HttpRequest request_;
    HttpEvents events_;
    bool over_ = false;
    bool told_connected_ = false;
    Stage stage_ = Stage::Name;
    int redirects_ = 0;
    Scheduler::TaskId deadline_ = 0;

    Url url_;
    std::optional<Url> proxy_;
    std::string place_;
    std::vector<std::string> addresses_;
    std::size_t next_address_ = 0;
    Scheduler::TaskId connect_deadline_ = 0;
    Error connect_error_;

    std::optional<AsioStream> stream_;
    bool reused_ = false;
    std::string head_;
    std::optional<Error> write_error_;
    std::uint64_t handled_bytes_ = 0;  // that came, and that were decoded
    std::unique_ptr<Buffer> buffer_;
    std::size_t received_ = 0;  // bytes in the buffer that the answer has not used yet
    std::optional<BeastAnswer> answer_;
    std::optional<Url> redirect_;
    HttpResponse response_;
};

BeastClient::BeastClient(AsioScheduler& scheduler, Resolver& resolver, BeastClientOptions options)
    : shared_(std::make_unique<Shared>(scheduler, resolver, std::move(options))) {}

BeastClient::~BeastClient() {
    for (const auto& [id, exchange] : shared_->exchanges) exchange->drop();
}

HttpClient::RequestId BeastClient::send(HttpRequest request, HttpEvents events) {
    const RequestId id = ++shared_->last_id;
    auto exchange = std::make_shared<Exchange>(*shared_, id, std::move(request), std::move(events));
    shared_->exchanges.emplace(id, exchange);
    exchange->start();
    return id;
}

void BeastClient::cancel(RequestId id) {
    const auto found = shared_->exchanges.find(id);
    if (found == shared_->exchanges.end()) return;
    found->second->drop();
    shared_->exchanges.erase(found);
}

std::size_t BeastClient::idle_connections() const {
    return shared_->idle.count();
}

}  // namespace tocsin
