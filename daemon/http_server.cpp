#include "daemon/http_server.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/asio_address.h"
#include "base/asio_resolver.h"
#include "base/asio_stream.h"
#include "base/asio_tls.h"
#include "daemon/http_server_request.h"
#include "daemon/http_server_response.h"

namespace tocsin {

namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kWriteBytes = 256 * 1024;
// A connection that is closed while the client still sends is reset, and the answer may be lost with it. So for a while
// what comes is read and forgotten.
constexpr Duration kLingerTime{2'000};
constexpr std::size_t kLingerBytes = 1024 * 1024;
constexpr Duration kAcceptAgainAfter{50};

struct ListenAddress {
    std::string host;
    std::uint16_t port;
};

Result<ListenAddress> parse_listen_address(const std::string& text) {
    const auto wrong = [&] {
        return fail(Error::Kind::InvalidInput, "invalid listen address \"" + text + "\"; expected host:port");
    };
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) return wrong();
    ListenAddress address{text.substr(0, colon), 0};
    const char* const end = text.data() + text.size();
    const auto [parsed, error] = std::from_chars(text.data() + colon + 1, end, address.port);
    if (error != std::errc{} || parsed != end) return wrong();
    if (address.host.starts_with('[') && address.host.ends_with(']')) {
        address.host = address.host.substr(1, address.host.size() - 2);
    } else if (address.host.find(':') != std::string::npos) {
        return wrong();
    }
    return address;
}

Result<AsioListener> open_listener(AsioScheduler& scheduler, const ListenAddress& address, std::string& literal) {
    literal = address.host;
    if (literal.empty()) {
        literal = "::";
        if (auto listener = AsioListener::open(scheduler, literal, address.port)) return listener;
        literal = "0.0.0.0";  // a machine without IPv6
    } else if (literal == "localhost") {
        literal = "127.0.0.1";
    } else if (!is_ip_literal(literal)) {
        TOCSIN_TRY(const auto addresses, resolve_blocking(literal));
        literal = addresses.front();
    }
    return AsioListener::open(scheduler, literal, address.port);
}

bool asks_the_same_of_clients(const ServerTls& a, const ServerTls& b) {
    return a.clients == b.clients && a.client_authorities == b.client_authorities && a.client_names == b.client_names;
}

ServerResponse plain_answer(int status, std::string text) {
    ServerResponse response;
    response.status = status;
    response.body = std::move(text) + "\n";
    return response;
}

}  // namespace

// One client. Its state says what the deadline is for and what may be done to it.
class BeastServer::Connection : public std::enable_shared_from_this<Connection> {
    // First, since its return type is deduced. Holds the connection, and does nothing once it is closed.
    template <class Step>
    auto guarded(Step step) {
        return [self = shared_from_this(), step = std::move(step)](auto&&... results) {
            if (self->state_ != State::Closed) step(std::forward<decltype(results)>(results)...);
        };
    }

public:
    enum class Use { Any, HealthOnly };

    Connection(Connections& server, AsioStream stream, std::string remote_address, const Handler& handler, Use use);

    void start(std::shared_ptr<const AsioTls> tls);
    /// Closes at once, whatever goes on.
    void close();
    const std::string& remote_address() const { return remote_address_; }

private:
    friend class Connections;
    enum class State { Handshake, Head, Body, Handling, Writing, Lingering, Closed };

    // Given to the gate and to the handler; answers 500 when it is let go without an answer.
    struct Reply {
        std::weak_ptr<Connection> connection;
        void give(ServerResponse response) {
            const auto waiting = std::exchange(connection, {}).lock();
            if (waiting != nullptr) waiting->answer(std::move(response));
        }
        void let_in() {
            const auto waiting = std::exchange(connection, {}).lock();
            if (waiting != nullptr) waiting->let_in();
        }
        ~Reply() { give(plain_answer(500, "no answer")); }
    };

    void fail_handshake(const std::string& reason);
    void wait_for_request();
    void read();
    void take(const Result<std::size_t>& bytes);
    void use_received();
    void ask_gate();
    std::shared_ptr<Reply> make_reply();
    void let_in();
    void begin_body();
    void handle();
    void refuse(int status, std::string reason);
    void answer(ServerResponse response);
    AfterAnswer after_answer() const;
    void write_more();
    void written();
    void linger();
    void discard();
    void set_deadline(Duration time);
    void out_of_time();

    Connections& server_;
    AsioStream stream_;
    const std::string remote_address_;
    const Handler& handler_;
    const Use use_;
    const std::uint64_t generation_;
    State state_ = State::Handshake;
    Scheduler::TaskId deadline_ = 0;

    std::array<char, kReadBytes> buffer_;
    std::string received_;
    HttpRequestReader reader_;
    bool head_began_ = false;
    bool head_only_ = false;  // HEAD
    bool refused_ = false;
    std::size_t discarded_ = 0;

    AfterAnswer after_ = AfterAnswer::Close;
    std::string head_;
    std::string body_;
    std::size_t body_written_ = 0;
};

// All clients and the ports they come through.
class BeastServer::Connections {
public:
    Connections(AsioScheduler& its_scheduler, HttpLimits its_limits)
        : scheduler(its_scheduler), limits(std::move(its_limits)) {}

    ~Connections() {
        drained_ = nullptr;
        for (const Listening& listening : listening_) scheduler.cancel(listening.accept_again);
        listening_.clear();
        while (!open_.empty()) (*open_.begin())->close();
    }

    Result<std::string> listen(const std::string& text, Handler handler) {
        TOCSIN_TRY(const auto address, parse_listen_address(text));
        std::string literal;
        TOCSIN_TRY(auto listener, open_listener(scheduler, address, literal));
        const std::uint16_t port = listener.port();
        listening_.push_back({std::move(listener), std::move(handler), 0});
        accept(listening_.back());
        return join_host_port(literal, port);
    }

    void drain(std::function<void()> done) {
        draining_ = true;
        for (Listening& listening : listening_) listening.listener.close();
        while (!waiting_.empty()) waiting_.front()->close();
        drained_ = std::move(done);
        scheduler.post([alive = std::weak_ptr<bool>(alive_), this] {
            if (!alive.expired()) tell_when_drained();
        });
    }

    Status use_tls(const ServerTls& wanted) {
        TOCSIN_TRY(tls, AsioTls::make_server(wanted));
        if (asks_the_same_of_clients(wanted, asked_)) return {};
        asked_ = wanted;
        ++generation_;
        while (!waiting_.empty()) waiting_.front()->close();
        return {};
    }

    /// Of what is asked of clients; a connection of an earlier one showed something else.
    std::uint64_t generation() const { return generation_; }

    bool is_draining() const { return draining_; }
    std::size_t count() const { return open_.size(); }

    bool is_health(const std::string& path) const {
        return std::find(limits.health_paths.begin(), limits.health_paths.end(), path) != limits.health_paths.end();
    }

    /// It has sent no complete head and may be closed for another's sake; `first` before all others.
    void begin_waiting(const std::shared_ptr<Connection>& connection, bool first = false) {
        end_waiting(connection);
        place_in_waiting_[connection.get()] = waiting_.insert(first ? waiting_.begin() : waiting_.end(), connection);
    }

    void end_waiting(const std::shared_ptr<Connection>& connection) {
        const auto place = place_in_waiting_.find(connection.get());
        if (place == place_in_waiting_.end()) return;
        waiting_.erase(place->second);
        place_in_waiting_.erase(place);
    }

    void remove(const std::shared_ptr<Connection>& connection) {
        end_waiting(connection);
        open_.erase(connection);
        const auto of_address = by_address_.find(connection->remote_address());
        if (--of_address->second == 0) by_address_.erase(of_address);
        tell_when_drained();
    }

    AsioScheduler& scheduler;
    const HttpLimits limits;
    Gate gate;
    Unsecured unsecured;
    std::shared_ptr<const AsioTls> tls;

private:
    struct Listening {
        AsioListener listener;
        Handler handler;
        Scheduler::TaskId accept_again = 0;
    };

    void accept(Listening& listening) {
        if (draining_) return;
        listening.listener.accept([this, &listening](Result<AsioStream> stream) {
            if (!stream) return accept_later(listening);
            accepted(*std::move(stream), listening.handler);
            accept(listening);
        });
    }

    // Most likely there are no more file descriptors.
    void accept_later(Listening& listening) {
        close_longest_waiting();
        listening.accept_again = scheduler.after(kAcceptAgainAfter, [this, &listening] { accept(listening); });
    }

    void accepted(AsioStream stream, const Handler& handler) {
        const std::string address = stream.remote_address();
        if (is_over_its_share(address)) return;
        if (open_.size() >= limits.connections) close_longest_waiting();
        if (open_.size() >= limits.connections + limits.reserve) return;
        const auto use = open_.size() >= limits.connections ? Connection::Use::HealthOnly : Connection::Use::Any;
        auto connection = std::make_shared<Connection>(*this, std::move(stream), address, handler, use);
        open_.insert(connection);
        ++by_address_[address];
        connection->start(tls);
    }

    bool is_over_its_share(const std::string& address) const {
        if (!limits.loopback_is_limited && is_loopback_literal(address)) return false;
        const auto of_address = by_address_.find(address);
        return of_address != by_address_.end() && of_address->second >= limits.connections_per_address;
    }

    void close_longest_waiting() {
        if (!waiting_.empty()) waiting_.front()->close();
    }

    void tell_when_drained() {
        if (!draining_ || !open_.empty() || !drained_) return;
        const auto done = std::exchange(drained_, nullptr);
        done();
    }

    std::list<Listening> listening_;
    std::set<std::shared_ptr<Connection>> open_;
    std::map<std::string, std::size_t> by_address_;
    std::list<std::shared_ptr<Connection>> waiting_;  // the longest first
    std::map<const Connection*, std::list<std::shared_ptr<Connection>>::iterator> place_in_waiting_;
    ServerTls asked_;
    std::uint64_t generation_ = 0;
    bool draining_ = false;
    std::function<void()> drained_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

BeastServer::Connection::Connection(Connections& server, AsioStream stream, std::string remote_address,
                                    const Handler& handler, Use use)
    : server_(server),
      stream_(std::move(stream)),
      remote_address_(std::move(remote_address)),
      handler_(handler),
      use_(use),
      generation_(server.generation()),
      reader_(server.limits) {}

void BeastServer::Connection::start(std::shared_ptr<const AsioTls> tls) {
    if (tls == nullptr) return wait_for_request();
    server_.begin_waiting(shared_from_this());
    set_deadline(server_.limits.header_time);
    stream_.accept_tls(std::move(tls), guarded([this](const Status& accepted) {
                           if (!accepted) return fail_handshake(accepted.error().message);
                           wait_for_request();
                       }));
}

void BeastServer::Connection::fail_handshake(const std::string& reason) {
    if (server_.unsecured) server_.unsecured(remote_address_, reason);
    close();
}

void BeastServer::Connection::close() {
    if (state_ == State::Closed) return;
    const auto self = shared_from_this();
    state_ = State::Closed;
    server_.scheduler.cancel(deadline_);
    stream_.close();
    server_.remove(self);
}

void BeastServer::Connection::wait_for_request() {
    const bool is_first = state_ == State::Handshake;
    state_ = State::Head;
    head_began_ = !received_.empty();
    head_only_ = false;
    reader_.reset();
    server_.begin_waiting(shared_from_this());
    set_deadline(is_first || head_began_ ? server_.limits.header_time : server_.limits.idle_time);
    if (head_began_) return use_received();
    read();
}

void BeastServer::Connection::read() {
    stream_.read_some(buffer_.data(), buffer_.size(),
                      guarded([this](const Result<std::size_t>& bytes) { take(bytes); }));
}

void BeastServer::Connection::take(const Result<std::size_t>& bytes) {
    if (!bytes || *bytes == 0) return close();
    received_.append(buffer_.data(), *bytes);
    if (state_ == State::Head && !std::exchange(head_began_, true)) set_deadline(server_.limits.header_time);
    use_received();
}

void BeastServer::Connection::use_received() {
    const bool in_head = reader_.state() == HttpRequestReader::State::Head;
    switch (reader_.put(received_)) {
        case HttpRequestReader::State::Head:
            return read();
        case HttpRequestReader::State::Body:
            return in_head ? ask_gate() : read();
        case HttpRequestReader::State::Complete:
            return in_head ? ask_gate() : handle();
        case HttpRequestReader::State::Refused:
            return refuse(reader_.refusal().status, reader_.refusal().reason);
    }
}

void BeastServer::Connection::ask_gate() {
    if (generation_ != server_.generation()) return close();
    state_ = State::Handling;
    server_.end_waiting(shared_from_this());
    server_.scheduler.cancel(deadline_);
    ServerRequest& request = reader_.request();
    request.remote_address = remote_address_;
    head_only_ = request.method == "HEAD";
    if (use_ == Use::HealthOnly && !server_.is_health(request.path)) return refuse(503, "too many connections");
    if (!server_.gate) return let_in();
    server_.gate(request, [reply = make_reply()](std::optional<ServerResponse> refusal) {
        return refusal ? reply->give(*std::move(refusal)) : reply->let_in();
    });
}

std::shared_ptr<BeastServer::Connection::Reply> BeastServer::Connection::make_reply() {
    auto reply = std::make_shared<Reply>();
    reply->connection = weak_from_this();
    return reply;
}

void BeastServer::Connection::let_in() {
    if (state_ != State::Handling) return;
    if (reader_.state() == HttpRequestReader::State::Complete) return handle();
    begin_body();
}

void BeastServer::Connection::begin_body() {
    state_ = State::Body;
    set_deadline(server_.limits.body_time);
    if (!received_.empty()) return use_received();
    if (!reader_.wants_continue()) return read();
    stream_.write("HTTP/1.1 100 Continue\r\n\r\n", {}, guarded([this](const Result<std::size_t>& written) {
                      if (!written) return close();
                      read();
                  }));
}

void BeastServer::Connection::handle() {
    if (generation_ != server_.generation()) return close();
    state_ = State::Handling;
    server_.scheduler.cancel(deadline_);
    handler_(std::move(reader_.request()),
             [reply = make_reply()](ServerResponse response) { reply->give(std::move(response)); });
}

void BeastServer::Connection::refuse(int status, std::string reason) {
    server_.end_waiting(shared_from_this());
    refused_ = true;
    state_ = State::Handling;
    answer(plain_answer(status, std::move(reason)));
}

void BeastServer::Connection::answer(ServerResponse response) {
    if (state_ != State::Handling) return;
    const bool leaves_the_body = reader_.state() == HttpRequestReader::State::Body;
    refused_ = refused_ || leaves_the_body;
    state_ = State::Writing;
    after_ = after_answer();
    head_ = write_response_head(response, server_.scheduler.now(), after_);
    body_ = head_only_ || has_no_body(response.status) ? std::string() : std::move(response.body);
    body_written_ = 0;
    write_more();
}

AfterAnswer BeastServer::Connection::after_answer() const {
    const bool is_outdated = generation_ != server_.generation();
    if (refused_ || is_outdated || !reader_.keep_alive() || server_.is_draining()) return AfterAnswer::Close;
    return reader_.is_http_1_0() ? AfterAnswer::SayKeepAlive : AfterAnswer::KeepAlive;
}

void BeastServer::Connection::write_more() {
    set_deadline(server_.limits.write_time);
    const std::string_view piece = std::string_view(body_).substr(body_written_, kWriteBytes);
    body_written_ += piece.size();
    stream_.write(head_, piece, guarded([this](const Result<std::size_t>& bytes) {
                      if (!bytes) return close();
                      head_.clear();
                      if (body_written_ < body_.size()) return write_more();
                      written();
                  }));
}

void BeastServer::Connection::written() {
    body_ = {};
    if (refused_) return linger();
    if (after_ == AfterAnswer::Close || server_.is_draining()) return close();
    wait_for_request();
}

void BeastServer::Connection::linger() {
    state_ = State::Lingering;
    stream_.shutdown_send();
    set_deadline(kLingerTime);
    server_.begin_waiting(shared_from_this(), true);
    discard();
}

void BeastServer::Connection::discard() {
    stream_.read_some(buffer_.data(), buffer_.size(), guarded([this](const Result<std::size_t>& bytes) {
                          discarded_ += bytes.value_or(0);
                          if (!bytes || *bytes == 0 || discarded_ > kLingerBytes) return close();
                          discard();
                      }));
}

void BeastServer::Connection::set_deadline(Duration time) {
    server_.scheduler.cancel(deadline_);
    deadline_ = server_.scheduler.after(time, guarded([this] { out_of_time(); }));
}

void BeastServer::Connection::out_of_time() {
    const bool owes_an_answer = (state_ == State::Head && head_began_) || state_ == State::Body;
    if (owes_an_answer) return refuse(408, "the request took too long");
    if (state_ == State::Handshake) return fail_handshake("timed out");
    close();
}

BeastServer::BeastServer(AsioScheduler& scheduler, HttpLimits limits)
    : connections_(std::make_unique<Connections>(scheduler, std::move(limits))) {}

BeastServer::~BeastServer() = default;

void BeastServer::use_gate(Gate gate) {
    connections_->gate = std::move(gate);
}

void BeastServer::on_failed_handshake(Unsecured told) {
    connections_->unsecured = std::move(told);
}

Status BeastServer::use_tls(const ServerTls& tls) {
    return connections_->use_tls(tls);
}

Result<std::string> BeastServer::listen(const std::string& address, Handler handler) {
    return connections_->listen(address, std::move(handler));
}

void BeastServer::drain(std::function<void()> done) {
    connections_->drain(std::move(done));
}

std::size_t BeastServer::connections() const {
    return connections_->count();
}

}  // namespace tocsin
