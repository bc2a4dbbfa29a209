#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/time.h"

namespace tocsin::fakes {

/// One end of a TCP connection on loopback, without any idea of what is said over it. Reads give up after 20 s.
class RawConnection {
public:
    /// Connects to `127.0.0.1:port`.
    static RawConnection to(std::uint16_t port);
    /// To what HttpServer::listen() returned.
    static RawConnection to(const std::string& address);

    explicit RawConnection(int fd);
    ~RawConnection();
    RawConnection(RawConnection&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}
    RawConnection& operator=(RawConnection&&) = delete;

    /// False when the other side does not take it any more.
    bool send(std::string_view bytes) const;

    /// Blocks until the text has come or the connection has ended; returns all up to its end and keeps the rest.
    std::string read_until(std::string_view text);
    std::string read_head() { return read_until("\r\n\r\n"); }
    /// Blocks until the other side closes.
    std::string read_to_end();
    /// Lets time pass, but no longer than the other side stays: for slow servers.
    void pause(Duration time) const;

    /// All that has come up to now, without waiting and without taking it.
    const std::string& peek();
    /// Whether the other side has closed. Does not wait.
    bool is_closed();
    std::string take() { return std::exchange(received_, {}); }

    void shutdown_send() const;
    /// Closes so that the other side gets a reset.
    void reset();
    void close();

private:
    friend class RawServer;
    bool receive(bool wait);

    int fd_;
    std::string received_;
    bool ended_ = false;
};

/// A server on a free port of 127.0.0.1 that does with each connection, on a thread of its own, what its script says.
/// The connection is closed at the end of the script. The destructor ends all connections.
class RawServer {
public:
    using Script = std::function<void(RawConnection&)>;

    explicit RawServer(Script script);
    ~RawServer();
    RawServer(const RawServer&) = delete;
    RawServer& operator=(const RawServer&) = delete;

    std::uint16_t port() const { return port_; }
    std::string url(std::string_view path = "/") const;
    int connections() const { return connections_; }

    /// For scripts to tell what they were asked, and for the test to see it.
    void note(std::string heard);
    std::vector<std::string> notes();

    /// A port of 127.0.0.1 on which nobody listens.
    static std::uint16_t closed_port();

private:
    void accept_all();

    const Script script_;
    std::uint16_t port_ = 0;
    int listener_;
    std::atomic<int> connections_{0};
    std::mutex mutex_;
    std::vector<int> open_;           // guarded by mutex_
    std::vector<std::string> notes_;  // guarded by mutex_
    std::list<std::thread> scripts_;  // of the accepting thread until it has ended
    std::thread accepting_;
};

}  // namespace tocsin::fakes
