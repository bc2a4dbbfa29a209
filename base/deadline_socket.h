#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace tocsin {

/// The TCP connection of a thread that may block, but neither beyond a deadline nor after another thread has called
/// abort().
class DeadlineSocket {
public:
    /// `clock` must outlive this; only its monotonic() is used.
    DeadlineSocket(const Scheduler& clock, MonotonicTime deadline) : clock_(clock), deadline_(deadline) {}
    ~DeadlineSocket();
    DeadlineSocket(const DeadlineSocket&) = delete;
    DeadlineSocket& operator=(const DeadlineSocket&) = delete;

    /// A blocking socket with TCP_NODELAY to the first of the addresses (IP literals) that takes it within `each`; the
    /// caller closes it. The message is that of the last one: `connection refused`.
    Result<int> connect(const std::vector<std::string>& addresses, std::uint16_t port, Duration each);

    /// A socket that is connected already is what abort() ends from now on. False after it, or when that is impossible.
    bool watch(int fd);

    /// Whether neither the deadline has passed nor abort() been called.
    bool has_time() const;

    /// Whether `fd` became ready for the events of poll() in time. After abort() it is, and reads as ended.
    bool wait(int fd, short events) const;

    /// From any thread.
    void abort();

private:
    Result<int> connect_to(const std::string& address, std::uint16_t port, Duration limit);
    bool wait(int fd, short events, Duration limit) const;

    const Scheduler& clock_;
    const MonotonicTime deadline_;
    mutable std::mutex mutex_;
    bool aborted_ = false;  // guarded by mutex_
    int watched_ = -1;      // guarded by mutex_; a duplicate, which no other file can take over while abort() uses it
};

}  // namespace tocsin
