#include "base/deadline_socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/outgoing_request.h"
#include "base/text.h"

namespace tocsin {

namespace {

constexpr Duration kNoLimit{24 * 3'600'000};

Error system_error(int code) {
    const std::string message = std::strerror(code);
    return {Error::Kind::Unavailable, to_lower(message.substr(0, 1)) + message.substr(1)};
}

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

SocketAddress socket_address(const std::string& literal, std::uint16_t port) {
    SocketAddress address;
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    if (inet_pton(AF_INET, literal.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        address.length = sizeof v4;
    } else if (inet_pton(AF_INET6, literal.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        address.length = sizeof v6;
    }
    return address;
}

class OwnedFd {
public:
    explicit OwnedFd(int fd) : fd_(fd) {}
    ~OwnedFd() {
        if (fd_ >= 0) ::close(fd_);
    }
    OwnedFd(const OwnedFd&) = delete;
    OwnedFd& operator=(const OwnedFd&) = delete;
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

Status outcome_of_connect(int fd) {
    int code = 0;
    socklen_t size = sizeof code;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0) return tl::unexpected(system_error(code));
    return {};
}

void make_blocking_without_delay(int fd) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
}

}  // namespace

DeadlineSocket::~DeadlineSocket() {
    if (watched_ >= 0) ::close(watched_);
}

Result<int> DeadlineSocket::connect(const std::vector<std::string>& addresses, std::uint16_t port, Duration each) {
    Result<int> outcome = fail(Error::Kind::NotFound, "no address");
    for (const std::string& address : addresses) {
        outcome = connect_to(address, port, each);
        if (outcome || outcome.error().kind == Error::Kind::Cancelled) break;
    }
    return outcome;
}

Result<int> DeadlineSocket::connect_to(const std::string& address, std::uint16_t port, Duration limit) {
    const SocketAddress to = socket_address(address, port);
    OwnedFd fd(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd.get() < 0) return tl::unexpected(system_error(errno));
    if (!watch(fd.get())) return fail(Error::Kind::Cancelled, "cancelled");
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.length) != 0 && errno != EINPROGRESS) {
        return tl::unexpected(system_error(errno));
    }
    if (!wait(fd.get(), POLLOUT, limit)) return tl::unexpected(timed_out(limit));
    if (auto connected = outcome_of_connect(fd.get()); !connected) return tl::unexpected(connected.error());
    make_blocking_without_delay(fd.get());
    return fd.release();
}

bool DeadlineSocket::watch(int fd) {
    const std::scoped_lock lock(mutex_);
    if (watched_ >= 0) ::close(watched_);
    watched_ = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return !aborted_ && watched_ >= 0;
}

bool DeadlineSocket::has_time() const {
    const std::scoped_lock lock(mutex_);
    return !aborted_ && clock_.monotonic() < deadline_;
}

bool DeadlineSocket::wait(int fd, short events) const {
    return wait(fd, events, kNoLimit);
}

bool DeadlineSocket::wait(int fd, short events, Duration limit) const {
    pollfd polled{fd, events, 0};
    const auto left = std::clamp(std::chrono::ceil<Duration>(deadline_ - clock_.monotonic()), Duration{0}, limit);
    return ::poll(&polled, 1, static_cast<int>(left.count())) == 1;
}

void DeadlineSocket::abort() {
    const std::scoped_lock lock(mutex_);
    aborted_ = true;
    if (watched_ >= 0) ::shutdown(watched_, SHUT_RDWR);
}

}  // namespace tocsin
