#include "tests/fakes/raw_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/assert.h"

namespace tocsin::fakes {

namespace {

constexpr int kGiveUpMs = 20'000;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int connect_to(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    TOCSIN_ASSERT(fd >= 0);
    TOCSIN_ASSERT(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

int bind_to_free_port(std::uint16_t& port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    TOCSIN_ASSERT(::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    TOCSIN_ASSERT(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    return fd;
}

}  // namespace

RawConnection RawConnection::to(std::uint16_t port) {
    return RawConnection(connect_to(port));
}

RawConnection RawConnection::to(const std::string& address) {
    std::uint16_t port = 0;
    std::from_chars(address.data() + address.rfind(':') + 1, address.data() + address.size(), port);
    return to(port);
}

RawConnection::RawConnection(int fd) : fd_(fd) {}

RawConnection::~RawConnection() {
    close();
}

bool RawConnection::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool RawConnection::receive(bool wait) {
    pollfd readable{fd_, POLLIN, 0};
    if (ended_ || fd_ < 0 || ::poll(&readable, 1, wait ? kGiveUpMs : 0) != 1) return false;
    std::array<char, 65536> buffer;
    const auto got = ::recv(fd_, buffer.data(), buffer.size(), 0);
    ended_ = got <= 0;
    if (!ended_) received_.append(buffer.data(), static_cast<std::size_t>(got));
    return !ended_;
}

std::string RawConnection::read_until(std::string_view text) {
    while (received_.find(text) == std::string::npos && receive(true)) {
    }
    const std::size_t found = received_.find(text);
    std::string taken = received_.substr(0, found == std::string::npos ? found : found + text.size());
    received_.erase(0, taken.size());
    return taken;
}

std::string RawConnection::read_to_end() {
    while (receive(true)) {
    }
    return take();
}

void RawConnection::pause(Duration time) const {
    pollfd hung_up{fd_, POLLRDHUP, 0};
    ::poll(&hung_up, 1, static_cast<int>(time.count()));
}

const std::string& RawConnection::peek() {
    while (receive(false)) {
    }
    return received_;
}

bool RawConnection::is_closed() {
    peek();
    return ended_;
}

void RawConnection::shutdown_send() const {
    ::shutdown(fd_, SHUT_WR);
}

void RawConnection::reset() {
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

void RawConnection::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

RawServer::RawServer(Script script) : script_(std::move(script)), listener_(bind_to_free_port(port_)) {
    TOCSIN_ASSERT(::listen(listener_, 128) == 0);
    accepting_ = std::thread([this] { accept_all(); });
}

RawServer::~RawServer() {
    ::shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    ::close(listener_);
    {
        const std::scoped_lock lock(mutex_);
        for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& script : scripts_) script.join();
}

std::string RawServer::url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

void RawServer::note(std::string heard) {
    const std::scoped_lock lock(mutex_);
    notes_.push_back(std::move(heard));
}

std::vector<std::string> RawServer::notes() {
    const std::scoped_lock lock(mutex_);
    return notes_;
}

std::uint16_t RawServer::closed_port() {
    std::uint16_t port = 0;
    ::close(bind_to_free_port(port));
    return port;
}

void RawServer::accept_all() {
    for (int fd = ::accept(listener_, nullptr, nullptr); fd >= 0; fd = ::accept(listener_, nullptr, nullptr)) {
        ++connections_;
        {
            const std::scoped_lock lock(mutex_);
            open_.push_back(fd);
        }
        scripts_.emplace_back([this, fd] {
            RawConnection connection(fd);
            script_(connection);
            // Under the lock, so that the destructor never shuts down a number that is another file's by then.
            const std::scoped_lock lock(mutex_);
            std::erase(open_, fd);
            connection.close();
        });
    }
}

}  // namespace tocsin::fakes
