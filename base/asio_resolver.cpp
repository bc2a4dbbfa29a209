#include "base/asio_resolver.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include <netdb.h>
#include <sys/socket.h>

#include "base/duration.h"
#include "base/worker_thread.h"

namespace tocsin {

namespace {

using Addresses = std::vector<std::string>;
using Answered = std::function<void(Result<Addresses>)>;

constexpr std::size_t kAddressesMax = 16;
constexpr std::size_t kThreadsMax = 4;
constexpr std::size_t kWaitersMax = 10'000;
constexpr Duration kDeadline{5'000};

Error lookup_error(const std::string& host, int code) {
    if (code == EAI_NONAME || code == EAI_NODATA) return {Error::Kind::NotFound, "name not found: " + host};
    if (code == EAI_AGAIN) return {Error::Kind::Unavailable, "name server does not answer for " + host};
    return {Error::Kind::Unavailable, "name lookup of " + host + " failed"};
}

std::string numeric_text(const addrinfo& entry) {
    std::array<char, NI_MAXHOST> text{};
    const int failed =
        getnameinfo(entry.ai_addr, entry.ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
    return failed != 0 ? std::string() : std::string(text.data());
}

Addresses addresses_of(const addrinfo* entry) {
    Addresses addresses;
    for (; entry != nullptr && addresses.size() < kAddressesMax; entry = entry->ai_next) {
        std::string text = numeric_text(*entry);
        const bool known = std::find(addresses.begin(), addresses.end(), text) != addresses.end();
        if (!text.empty() && !known) addresses.push_back(std::move(text));
    }
    return addresses;
}

}  // namespace

Result<Addresses> resolve_blocking(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0) {
        return tl::unexpected(lookup_error(host, code));
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
    Addresses addresses = addresses_of(found);
    if (addresses.empty()) return tl::unexpected(lookup_error(host, EAI_NONAME));
    return addresses;
}

// Who waits for which name. Scheduler's thread only.
struct AsioResolver::Waiters {
    struct Waiter {
        std::uint64_t id;
        Scheduler::TaskId deadline;
        Answered done;
    };

    explicit Waiters(Scheduler& its_scheduler) : scheduler(its_scheduler) {}

    ~Waiters() {
        for (const auto& [host, waiting] : by_host) {
            for (const Waiter& waiter : waiting) scheduler.cancel(waiter.deadline);
        }
    }

    bool is_full() const { return count >= kWaitersMax || by_host.size() >= kWaitersMax; }

    void add(const std::string& host, Answered done) {
        auto& waiting = by_host[host];
        const std::uint64_t id = ++last_id;
        const auto deadline = scheduler.after(kDeadline, [this, host, id] { give_up(host, id); });
        waiting.push_back({id, deadline, std::move(done)});
        ++count;
    }

    void give_up(const std::string& host, std::uint64_t id) {
        auto& waiting = by_host[host];
        const auto late = std::find_if(waiting.begin(), waiting.end(), [id](const Waiter& w) { return w.id == id; });
        const Answered done = std::move(late->done);
        waiting.erase(late);
        --count;
        // The name stays: the next question joins the lookup that hangs instead of hanging one more thread.
        done(fail(Error::Kind::Timeout, "name lookup of " + host + " timed out after " + to_string(kDeadline)));
    }

    void answer(const std::string& host, const Result<Addresses>& addresses) {
        const auto found = by_host.find(host);
        if (found == by_host.end()) return;
        const auto waiting = std::move(found->second);
        by_host.erase(found);
        count -= waiting.size();
        for (const Waiter& waiter : waiting) scheduler.cancel(waiter.deadline);
        for (const Waiter& waiter : waiting) waiter.done(addresses);
    }

    bool is_being_looked_up(const std::string& host) const { return by_host.find(host) != by_host.end(); }

    Scheduler& scheduler;
    std::map<std::string, std::vector<Waiter>> by_host;  // of all names that are being looked up
    std::size_t count = 0;
    std::uint64_t last_id = 0;
};

// The threads and their queue. Lives as long as the last thread does.
struct AsioResolver::Threads : std::enable_shared_from_this<Threads> {
    Threads(Scheduler& its_scheduler, Lookup its_lookup, std::weak_ptr<Waiters> its_waiters)
        : scheduler(its_scheduler), lookup(std::move(its_lookup)), waiters(std::move(its_waiters)) {}

    void enqueue(const std::string& host) {
        const std::scoped_lock lock(mutex);
        queue.push_back(host);
        if (idle == 0 && started < kThreadsMax) {
            ++started;
            start_worker_thread([self = shared_from_this()] { self->serve(); }).detach();
        }
        work_came.notify_one();
    }

    void serve() {
        for (std::string host; take(host);) report(host, lookup(host));
    }

    bool take(std::string& host) {
        std::unique_lock lock(mutex);
        ++idle;
        work_came.wait(lock, [this] { return closed || !queue.empty(); });
        --idle;
        if (closed) return false;
        host = std::move(queue.front());
        queue.pop_front();
        return true;
    }

    void report(const std::string& host, Result<Addresses> addresses) {
        // Under the lock, so that close() cannot come between and the scheduler go away.
        const std::scoped_lock lock(mutex);
        if (closed) return;
        scheduler.post([weak = waiters, host, addresses = std::move(addresses)] {
            if (const auto alive = weak.lock()) alive->answer(host, addresses);
        });
    }

    void close() {
        const std::scoped_lock lock(mutex);
        closed = true;
        work_came.notify_all();
    }

    Scheduler& scheduler;
    const Lookup lookup;
    const std::weak_ptr<Waiters> waiters;
    std::mutex mutex;
    std::condition_variable work_came;
    std::deque<std::string> queue;
    std::size_t started = 0;
    std::size_t idle = 0;
    bool closed = false;
};

AsioResolver::AsioResolver(Scheduler& scheduler, Lookup lookup)
    : waiters_(std::make_shared<Waiters>(scheduler)),
      threads_(std::make_shared<Threads>(scheduler, std::move(lookup), waiters_)) {}

AsioResolver::~AsioResolver() {
    threads_->close();
}

void AsioResolver::resolve(const std::string& host, Answered done) {
    if (waiters_->is_full()) {
        return waiters_->scheduler.post(
            [done = std::move(done)] { done(fail(Error::Kind::LimitExceeded, "too many names are being looked up")); });
    }
    const bool is_new = !waiters_->is_being_looked_up(host);
    waiters_->add(host, std::move(done));
    if (is_new) threads_->enqueue(host);
}

}  // namespace tocsin
