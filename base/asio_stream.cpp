#include "base/asio_stream.h"

#include <array>
#include <cctype>
#include <utility>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

#include "base/asio_address.h"
#include "base/asio_tls_context.h"

namespace tocsin {

namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;
// The concrete executor: the default one is type-erased, which costs time in each operation and each build.
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using SocketAcceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

std::string message_of(const error_code& error) {
    std::string message = error.message();
    if (message.size() > 1 && std::islower(static_cast<unsigned char>(message[1]))) {
        message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
    }
    return message;
}

Error error_of(const error_code& error) {
    if (error == asio::error::timed_out) return {Error::Kind::Timeout, "timed out"};
    if (error == ssl::error::stream_truncated) {
        return {Error::Kind::Unavailable, "connection closed without the end of TLS"};
    }
    return {Error::Kind::Unavailable, message_of(error)};
}

Status status_of(const error_code& error) {
    if (error) return tl::unexpected(error_of(error));
    return {};
}

Result<std::size_t> bytes_or_error(const error_code& error, std::size_t bytes) {
    if (!error) return bytes;
    if (error == asio::error::eof) return std::size_t{0};
    return tl::unexpected(error_of(error));
}

std::string address_text(asio::ip::address address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    return address.to_string();
}

}  // namespace

// Handlers of Asio hold it: an operation that is under way when the stream is closed ends later.
struct AsioStream::Connection : std::enable_shared_from_this<Connection> {
    explicit Connection(asio::io_context& io) : socket(io) {}
    explicit Connection(Socket accepted) : socket(std::move(accepted)) {}

    void open_on_connect(const error_code& error, const Opened& done) {
        error_code ignored;
        if (!error) socket.set_option(tcp::no_delay(true), ignored);
        done(status_of(error));
    }

    Status prepare_client(const std::string& server_name) {
        SSL* const session = tls->native_handle();
        const bool is_literal = is_ip_literal(server_name);
        const char* const name = server_name.c_str();
        // RFC 6066: names only, never addresses.
        bool accepted = is_literal || SSL_set_tlsext_host_name(session, name) == 1;
        if (accepted && tls_options->context_->verify) {
            accepted = (is_literal ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name)
                                   : SSL_set1_host(session, name)) == 1;
        }
        if (accepted) return {};
        return fail(Error::Kind::InvalidInput, "tls: invalid server name");
    }

    void handshake(ssl::stream_base::handshake_type side, Opened done) {
        tls->async_handshake(side, [self = shared_from_this(), done = std::move(done)](const error_code& error) {
            if (!self->closed) done(self->handshake_status(error));
        });
    }

    Status handshake_status(const error_code& error) const {
        if (!error) return {};
        const long verdict = SSL_get_verify_result(tls->native_handle());
        if (verdict == X509_V_OK) return fail(Error::Kind::Unavailable, "tls: " + error_of(error).message);
        return fail(Error::Kind::Unavailable,
                    std::string("tls: certificate: ") + X509_verify_cert_error_string(verdict));
    }

    Socket socket;
    std::shared_ptr<const AsioTls> tls_options;
    std::unique_ptr<ssl::stream<Socket&>> tls;
    bool closed = false;
};

AsioStream::AsioStream(AsioScheduler& scheduler) : connection_(std::make_shared<Connection>(scheduler.io_context())) {}
AsioStream::AsioStream(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
AsioStream::AsioStream(AsioStream&& other) noexcept = default;

AsioStream& AsioStream::operator=(AsioStream&& other) noexcept {
    if (this == &other) return *this;
    close();
    connection_ = std::move(other.connection_);
    return *this;
}

AsioStream::~AsioStream() {
    close();
}

void AsioStream::connect(const std::string& address, std::uint16_t port, Opened done) {
    error_code error;
    const tcp::endpoint endpoint(asio::ip::make_address(address, error), port);
    if (!error) connection_->socket.open(endpoint.protocol(), error);
    auto handler = [connection = connection_, done = std::move(done)](const error_code& outcome) {
        if (!connection->closed) connection->open_on_connect(outcome, done);
    };
    if (!error) return connection_->socket.async_connect(endpoint, std::move(handler));
    asio::post(connection_->socket.get_executor(), [handler = std::move(handler), error] { handler(error); });
}

void AsioStream::start_tls(std::shared_ptr<const AsioTls> tls, const std::string& server_name, Opened done) {
    connection_->tls_options = std::move(tls);
    auto& context = connection_->tls_options->context_->ssl;
    connection_->tls = std::make_unique<ssl::stream<Socket&>>(connection_->socket, context);
    if (Status prepared = connection_->prepare_client(server_name); !prepared) {
        return asio::post(connection_->socket.get_executor(),
                          [connection = connection_, done = std::move(done), prepared] {
                              if (!connection->closed) done(prepared);
                          });
    }
    connection_->handshake(ssl::stream_base::client, std::move(done));
}

void AsioStream::accept_tls(std::shared_ptr<const AsioTls> tls, Opened done) {
    connection_->tls_options = std::move(tls);
    auto& context = connection_->tls_options->context_->ssl;
    connection_->tls = std::make_unique<ssl::stream<Socket&>>(connection_->socket, context);
    connection_->handshake(ssl::stream_base::server, std::move(done));
}

void AsioStream::read_some(char* into, std::size_t bytes, Done done) {
    auto handler = [connection = connection_, done = std::move(done)](const error_code& error, std::size_t count) {
        if (!connection->closed) done(bytes_or_error(error, count));
    };
    const auto buffer = asio::buffer(into, bytes);
    if (connection_->tls != nullptr) return connection_->tls->async_read_some(buffer, std::move(handler));
    connection_->socket.async_read_some(buffer, std::move(handler));
}

// Why it failed, reading tells.
void AsioStream::wait_ready(std::function<void()> done) {
    connection_->socket.async_wait(Socket::wait_read,
                                   [connection = connection_, done = std::move(done)](const error_code&) {
                                       if (!connection->closed) done();
                                   });
}

bool AsioStream::has_tls() const {
    return connection_->tls != nullptr;
}

// An error is told here: the system tells each one once.
std::optional<Result<std::size_t>> AsioStream::read_ready(char* into, std::size_t bytes) {
    if (connection_->closed || connection_->tls != nullptr || bytes == 0) return std::nullopt;
    const auto got = ::recv(connection_->socket.native_handle(), into, bytes, MSG_DONTWAIT);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return std::nullopt;
    return tl::unexpected(error_of(error_code(errno, boost::system::system_category())));
}

void AsioStream::write(std::string_view first, std::string_view second, Done done) {
    auto handler = [connection = connection_, done = std::move(done)](const error_code& error, std::size_t count) {
        if (connection->closed) return;
        done(error ? Result<std::size_t>(tl::unexpected(error_of(error))) : Result<std::size_t>(count));
    };
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(first), asio::buffer(second)};
    if (connection_->tls != nullptr) return asio::async_write(*connection_->tls, buffers, std::move(handler));
    asio::async_write(connection_->socket, buffers, std::move(handler));
}

void AsioStream::shutdown_send() {
    error_code ignored;
    connection_->socket.shutdown(Socket::shutdown_send, ignored);
}

void AsioStream::close() {
    if (connection_ == nullptr || connection_->closed) return;
    connection_->closed = true;
    error_code ignored;
    connection_->socket.close(ignored);
}

bool AsioStream::is_quiet() const {
    if (connection_->closed || !connection_->socket.is_open()) return false;
    char byte = 0;
    const auto peeked = ::recv(connection_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return peeked < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::string AsioStream::remote_address() const {
    error_code error;
    const auto endpoint = connection_->socket.remote_endpoint(error);
    return error ? std::string() : address_text(endpoint.address());
}

struct AsioListener::Acceptor {
    explicit Acceptor(asio::io_context& io) : socket(io) {}

    error_code listen(const tcp::endpoint& endpoint) {
        error_code error;
        socket.open(endpoint.protocol(), error);
        if (!error) socket.set_option(SocketAcceptor::reuse_address(true), error);
        if (!error && endpoint.address().is_v6()) socket.set_option(asio::ip::v6_only(false), error);
        if (!error) socket.bind(endpoint, error);
        if (!error) socket.listen(SocketAcceptor::max_listen_connections, error);
        return error;
    }

    SocketAcceptor socket;
    bool closed = false;
};

AsioListener::AsioListener(std::shared_ptr<Acceptor> acceptor) : acceptor_(std::move(acceptor)) {}
AsioListener::AsioListener(AsioListener&& other) noexcept = default;

AsioListener& AsioListener::operator=(AsioListener&& other) noexcept {
    if (this == &other) return *this;
    close();
    acceptor_ = std::move(other.acceptor_);
    return *this;
}

AsioListener::~AsioListener() {
    close();
}

Result<AsioListener> AsioListener::open(AsioScheduler& scheduler, const std::string& address, std::uint16_t port) {
    error_code error;
    const tcp::endpoint endpoint(asio::ip::make_address(address, error), port);
    auto acceptor = std::make_shared<Acceptor>(scheduler.io_context());
    if (!error) error = acceptor->listen(endpoint);
    if (!error) return AsioListener(std::move(acceptor));
    return fail(Error::Kind::Unavailable, "listen " + join_host_port(address, port) + ": " + message_of(error));
}

void AsioListener::accept(Accepted done) {
    acceptor_->socket.async_accept(
        [acceptor = acceptor_, done = std::move(done)](const error_code& error, Socket socket) {
            if (acceptor->closed) return;
            if (error) return done(tl::unexpected(error_of(error)));
            error_code ignored;
            socket.set_option(tcp::no_delay(true), ignored);
            done(AsioStream(std::make_shared<AsioStream::Connection>(std::move(socket))));
        });
}

std::uint16_t AsioListener::port() const {
    error_code error;
    return acceptor_->socket.local_endpoint(error).port();
}

void AsioListener::close() {
    if (acceptor_ == nullptr || acceptor_->closed) return;
    acceptor_->closed = true;
    error_code ignored;
    acceptor_->socket.close(ignored);
}

}  // namespace tocsin
