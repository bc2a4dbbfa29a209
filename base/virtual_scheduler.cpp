#include "base/virtual_scheduler.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>

#include "base/saturated.h"

namespace tocsin {

namespace {

constexpr Duration kStepTold{1000};

/// The last step of SplitMix64: each bit of the input changes half of the output.
std::uint64_t scramble(std::uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
    x = (x ^ x >> 27) * 0x94d049bb133111ebU;
    return x ^ x >> 31;
}

// Time stands still while the pool works; then it must not be written either, since the pool may read it.
void move_on(std::int64_t& time, std::int64_t to) {
    if (to > time) time = to;
}

}  // namespace

VirtualScheduler::VirtualScheduler(Timestamp start) : wall_start_(start) {}

VirtualScheduler::~VirtualScheduler() = default;

Timestamp VirtualScheduler::now() const {
    return from_unix_ms(saturated_add(to_unix_ms(wall_start_), elapsed_ms_));
}

MonotonicTime VirtualScheduler::monotonic() const {
    return MonotonicTime{Duration{elapsed_ms_}};
}

Scheduler::TaskId VirtualScheduler::at(Timestamp due, Task task) {
    return add(saturated_subtract(to_unix_ms(due), to_unix_ms(wall_start_)), std::move(task), true);
}

Scheduler::TaskId VirtualScheduler::after(Duration delay, Task task) {
    return add(saturated_add(elapsed_ms_, std::max(delay, Duration{0}).count()), std::move(task), false);
}

void VirtualScheduler::cancel(TaskId id) {
    const auto due = due_of_.find(id);
    if (due == due_of_.end()) return;
    pending_.erase({due->second, id});
    due_of_.erase(due);
}

void VirtualScheduler::post(Task task) {
    after(Duration{0}, std::move(task));
}

void VirtualScheduler::on_clock_step(std::function<void(Duration)> listener) {
    listeners_.push_back(std::move(listener));
}

void VirtualScheduler::advance(Duration by) {
    const std::int64_t until = saturated_add(elapsed_ms_, std::max(by, Duration{0}).count());
    while (!pending_.empty() && pending_.begin()->first.first <= until) {
        auto next = pending_.extract(pending_.begin());
        const auto [due_ms, id] = next.key();
        due_of_.erase(id);
        move_on(elapsed_ms_, due_ms);  // what was due before it was added runs late
        trace(static_cast<std::uint64_t>(elapsed_ms_));
        trace(id);
        next.mapped().task();
    }
    move_on(elapsed_ms_, until);
}

void VirtualScheduler::advance_to(Timestamp until) {
    advance(Duration{saturated_subtract(to_unix_ms(until), to_unix_ms(now()))});
}

Timestamp VirtualScheduler::next_due() const {
    if (pending_.empty()) return Timestamp::max();
    return from_unix_ms(saturated_add(to_unix_ms(wall_start_), pending_.begin()->first.first));
}

void VirtualScheduler::step_wall_clock(Duration by) {
    wall_start_ = from_unix_ms(saturated_add(to_unix_ms(wall_start_), by.count()));
    std::map<Key, Pending> moved;
    for (auto& [key, pending] : pending_) {
        const std::int64_t due_ms = pending.on_wall_clock ? saturated_subtract(key.first, by.count()) : key.first;
        due_of_[key.second] = due_ms;
        moved.emplace(Key{due_ms, key.second}, std::move(pending));
    }
    pending_ = std::move(moved);
    if (std::chrono::abs(by) <= kStepTold) return;
    for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i](by);
}

void VirtualScheduler::trace(std::uint64_t observed) {
    trace_hash_ = scramble(trace_hash_ * 0x9e3779b97f4a7c15U + scramble(observed + 1));
}

Scheduler::TaskId VirtualScheduler::add(std::int64_t due_ms, Task task, bool on_wall_clock) {
    const TaskId id = next_id_++;
    pending_.emplace(Key{due_ms, id}, Pending{std::move(task), on_wall_clock});
    due_of_.emplace(id, due_ms);
    return id;
}

/// Threads that take work from one queue.
class VirtualExecutor::Pool {
public:
    explicit Pool(unsigned threads) {
        for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { take_work(); });
    }

    /// Finishes what waits too: a task that is due later may count on it.
    ~Pool() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }

    std::shared_future<void> add(std::function<void()> work) {
        // What it holds is let go before it counts as finished: afterwards `done` alone says what lives on.
        std::packaged_task<void()> job([work = std::move(work)]() mutable { std::exchange(work, nullptr)(); });
        std::shared_future<void> finished = job.get_future().share();
        {
            const std::lock_guard lock(mutex_);
            queue_.push_back(std::move(job));
        }
        wake_.notify_one();
        return finished;
    }

private:
    void take_work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (queue_.empty()) return;
            std::packaged_task<void()> job = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            job();
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::packaged_task<void()>> queue_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

VirtualExecutor::VirtualExecutor(VirtualScheduler& scheduler, unsigned threads)
    : scheduler_(scheduler), pool_(threads > 0 ? std::make_unique<Pool>(threads) : nullptr) {}

VirtualExecutor::~VirtualExecutor() = default;

void VirtualExecutor::run(std::function<void()> work, std::function<void()> done) {
    if (!pool_) {
        std::exchange(work, nullptr)();
        scheduler_.post(std::move(done));
        return;
    }
    scheduler_.post([finished = pool_->add(std::move(work)), done = std::move(done)] {
        finished.get();
        done();
    });
}

std::uint64_t SeededRandom::next() {
    state_ += 0x9e3779b97f4a7c15U;
    return scramble(state_);
}

}  // namespace tocsin
