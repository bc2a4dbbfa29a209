#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/asio_scheduler.h"
#include "base/asio_tls.h"
#include "base/result.h"

namespace tocsin {

/// One TCP connection, plain or under TLS. Scheduler's thread only.
///
/// At most one read and one write are under way at a time. Memory given to them belongs to the stream until `done` was
/// called or destroyed, so `done` should hold its owner. After close(), and so after the destructor, no `done` is
/// called; before, each is called once, never within the call that it was given to. Messages are the system's, as
/// `connection refused`.
class AsioStream {
public:
    using Done = std::function<void(Result<std::size_t> bytes)>;
    using Opened = std::function<void(Status)>;

    explicit AsioStream(AsioScheduler& scheduler);
    ~AsioStream();
    AsioStream(AsioStream&& other) noexcept;
    AsioStream& operator=(AsioStream&& other) noexcept;

    /// `address` is an IP literal.
    void connect(const std::string& address, std::uint16_t port, Opened done);
    /// Makes a client of it. The certificate must be for `server_name`, unless `tls` verifies nothing.
    void start_tls(std::shared_ptr<const AsioTls> tls, const std::string& server_name, Opened done);
    /// Makes a server of it.
    void accept_tls(std::shared_ptr<const AsioTls> tls, Opened done);

    /// At least one byte, or 0 for the orderly end.
    void read_some(char* into, std::size_t bytes, Done done);
    /// Calls `done` when read_ready() has something to tell; without TLS only. No memory is needed meanwhile.
    void wait_ready(std::function<void()> done);
    bool has_tls() const;
    /// What has come already, without waiting, while no read is under way; 0 for the orderly end. None when nothing has
    /// come, and always with TLS: then only read_some() can tell.
    std::optional<Result<std::size_t>> read_ready(char* into, std::size_t bytes);
    /// All of both, one after the other.
    void write(std::string_view first, std::string_view second, Done done);
    /// Tells the other side that nothing more comes; reading goes on.
    void shutdown_send();
    void close();

    /// Open, and nothing has come that nobody asked for: good for another request.
    bool is_quiet() const;
    /// The other side's address without its port; empty when there is none.
    std::string remote_address() const;

private:
    friend class AsioListener;
    struct Connection;
    explicit AsioStream(std::shared_ptr<Connection> connection);
    std::shared_ptr<Connection> connection_;
};

/// A port that is listened on. Scheduler's thread only; nothing is called after close() or the destructor.
class AsioListener {
public:
    using Accepted = std::function<void(Result<AsioStream>)>;

    /// `address` is an IP literal; port 0 takes a free one. `::` takes IPv4 as well.
    static Result<AsioListener> open(AsioScheduler& scheduler, const std::string& address, std::uint16_t port);
    ~AsioListener();
    AsioListener(AsioListener&& other) noexcept;
    AsioListener& operator=(AsioListener&& other) noexcept;

    /// The next connection. One at a time.
    void accept(Accepted done);
    std::uint16_t port() const;
    void close();

private:
    struct Acceptor;
    explicit AsioListener(std::shared_ptr<Acceptor> acceptor);
    std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace tocsin
