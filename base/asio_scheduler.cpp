#include "base/asio_scheduler.h"

#include <algorithm>
#include <limits>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/saturated.h"

namespace tocsin {

namespace {

namespace asio = boost::asio;

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kNanosecondsPerMs = 1'000'000;
// Times beyond this (292 years from 1970) are as good as never; within it nanoseconds do not overflow.
constexpr std::int64_t kMsMax = kNever / kNanosecondsPerMs;
constexpr std::int64_t kCheckEveryNs = 1'000'000'000;
constexpr std::int64_t kStepToldNs = 1'000'000'000;
// A clock that is being slewed drifts by at most half of this from one check to the next.
constexpr std::int64_t kDriftIgnoredNs = kNanosecondsPerMs;

// The scheduler whose tasks this thread runs right now.
thread_local const AsioScheduler* running_here = nullptr;

struct RunningHere {
    explicit RunningHere(const AsioScheduler& scheduler) { running_here = &scheduler; }
    ~RunningHere() { running_here = nullptr; }
    RunningHere(const RunningHere&) = delete;
    RunningHere& operator=(const RunningHere&) = delete;
};

std::int64_t monotonic_ns() {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

std::int64_t floor_to_ms(std::int64_t ns) {
    const std::int64_t ms = ns / kNanosecondsPerMs;
    return ns % kNanosecondsPerMs < 0 ? ms - 1 : ms;
}

std::int64_t ms_to_ns(std::int64_t ms) {
    return std::clamp(ms, -kMsMax, kMsMax) * kNanosecondsPerMs;
}

std::chrono::sys_time<std::chrono::nanoseconds> system_wall_clock() {
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

}  // namespace

struct AsioScheduler::Loop {
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> keep_running{io.get_executor()};
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                               asio::io_context::executor_type>
        timer{io};
};

AsioScheduler::AsioScheduler() : AsioScheduler(system_wall_clock) {}

AsioScheduler::AsioScheduler(WallClock wall_clock)
    : wall_clock_(std::move(wall_clock)), armed_for_ns_(kNever), loop_(std::make_unique<Loop>()) {
    wall_offset_ns_ = measure_wall_offset();
    arm();
}

AsioScheduler::~AsioScheduler() {
    // Tasks may own things that add or cancel tasks when they go; the queue is whole while they do.
    for (auto dropped = std::move(queue_); !dropped.empty();) dropped.erase(dropped.begin());
}

void AsioScheduler::run() {
    while (!stopping_) {
        loop_->io.run();
        loop_->io.restart();
    }
    stopping_ = false;
}

bool AsioScheduler::run_until(const std::function<bool()>& done, Duration limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!done()) {
        if (stopping_.exchange(false) || std::chrono::steady_clock::now() >= deadline) return false;
        if (loop_->io.stopped()) loop_->io.restart();
        loop_->io.run_one_until(deadline);
    }
    return true;
}

void AsioScheduler::stop() {
    stopping_ = true;
    loop_->io.stop();
}

Timestamp AsioScheduler::now() const {
    return from_unix_ms(floor_to_ms(wall_now_ns()));
}

MonotonicTime AsioScheduler::monotonic() const {
    return MonotonicTime{Nanoseconds{monotonic_ns()}};
}

Scheduler::TaskId AsioScheduler::at(Timestamp due, Task task) {
    // 0 says "no wall time", so the first nanosecond of 1970 is a little later than it was.
    const std::int64_t wall_due_ns = std::max(ms_to_ns(to_unix_ms(due)), std::int64_t{1});
    return add(due_on_monotonic(wall_due_ns), wall_due_ns, std::move(task));
}

// Counted from the millisecond that now() shows, so that after(d) and at(now() + d) are due at the same instant. What
// was posted before gets its place first, or a millisecond that ends just now would put it behind.
Scheduler::TaskId AsioScheduler::after(Duration delay, Task task) {
    take_posted();
    const std::int64_t delay_ms = std::clamp<std::int64_t>(delay.count(), 0, kMsMax / 2);
    return add(due_on_monotonic(ms_to_ns(to_unix_ms(now()) + delay_ms)), 0, std::move(task));
}

void AsioScheduler::cancel(TaskId id) {
    const auto due = due_of_.find(id);
    if (due == due_of_.end()) return;
    const auto dropped = queue_.extract({due->second, id});
    due_of_.erase(due);
}

void AsioScheduler::post(Task task) {
    {
        const std::scoped_lock lock(posted_mutex_);
        posted_.push_back(std::move(task));
        has_posted_ = true;
    }
    // Whoever runs tasks looks for posted ones after each.
    if (running_here != this) wake();
}

void AsioScheduler::on_clock_step(std::function<void(Duration)> listener) {
    listeners_.push_back(std::move(listener));
}

asio::io_context& AsioScheduler::io_context() {
    return loop_->io;
}

std::int64_t AsioScheduler::wall_now_ns() const {
    return monotonic_ns() + wall_offset_ns_;
}

std::int64_t AsioScheduler::due_on_monotonic(std::int64_t wall_due_ns) const {
    return saturated_subtract(wall_due_ns, wall_offset_ns_);
}

Scheduler::TaskId AsioScheduler::add(std::int64_t due_ns, std::int64_t wall_due_ns, Task task) {
    take_posted();  // what was posted before comes before
    const TaskId id = insert(due_ns, wall_due_ns, std::move(task));
    if (due_ns < armed_for_ns_ && !running_due_) arm();
    return id;
}

Scheduler::TaskId AsioScheduler::insert(std::int64_t due_ns, std::int64_t wall_due_ns, Task task) {
    const TaskId id = next_id_++;
    queue_.emplace(Key{due_ns, id}, Pending{std::move(task), wall_due_ns});
    due_of_.emplace(id, due_ns);
    return id;
}

void AsioScheduler::take_posted() {
    if (!has_posted_) return;
    std::vector<Task> posted;
    {
        const std::scoped_lock lock(posted_mutex_);
        posted.swap(posted_);
        has_posted_ = false;
    }
    const std::int64_t due_ns = due_on_monotonic(ms_to_ns(to_unix_ms(now())));
    for (Task& task : posted) insert(due_ns, 0, std::move(task));
}

// What becomes due after the start of this turn waits for the next, so that tasks which beget tasks cannot starve the
// sockets.
void AsioScheduler::run_due() {
    const RunningHere here(*this);
    running_due_ = true;
    check_wall_clock();
    take_posted();
    const std::int64_t until_ns = monotonic_ns();
    while (!stopping_ && !queue_.empty() && queue_.begin()->first.first <= until_ns) {
        auto next = queue_.extract(queue_.begin());
        due_of_.erase(next.key().second);
        next.mapped().task();
        take_posted();
    }
    running_due_ = false;
    arm();
}

void AsioScheduler::wake() {
    if (wake_is_posted_.exchange(true)) return;
    asio::post(loop_->io, [this] {
        wake_is_posted_ = false;
        run_due();
    });
}

void AsioScheduler::arm() {
    const std::int64_t now_ns = monotonic_ns();
    const std::int64_t due_ns = queue_.empty() ? kNever : queue_.begin()->first.first;
    if (due_ns <= now_ns) return wake();
    const std::int64_t wake_at_ns = std::min(due_ns, now_ns + kCheckEveryNs);
    // One that comes too early costs less than setting it anew after every event.
    if (is_armed_ && armed_for_ns_ <= wake_at_ns) return;
    armed_for_ns_ = wake_at_ns;
    is_armed_ = true;
    loop_->timer.expires_at(std::chrono::steady_clock::time_point(Nanoseconds(wake_at_ns)));
    loop_->timer.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        is_armed_ = false;
        run_due();
    });
}

void AsioScheduler::check_wall_clock() {
    const std::int64_t offset = measure_wall_offset();
    const std::int64_t change = offset - wall_offset_ns_;
    if (std::abs(change) < kDriftIgnoredNs) return;
    wall_offset_ns_ = offset;
    shift_wall_tasks();
    if (std::abs(change) <= kStepToldNs) return;
    for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i](Duration{change / kNanosecondsPerMs});
}

// A pause between the two readings would look like a step, so the closest pair of a few counts.
std::int64_t AsioScheduler::measure_wall_offset() const {
    std::int64_t best_gap = kNever;
    std::int64_t offset = 0;
    for (int i = 0; i < 5 && best_gap > kDriftIgnoredNs / 10; ++i) {
        const std::int64_t before = monotonic_ns();
        const std::int64_t wall = wall_clock_().time_since_epoch().count();
        const std::int64_t gap = monotonic_ns() - before;
        if (gap < best_gap) {
            best_gap = gap;
            offset = wall - before;
        }
    }
    return offset;
}

void AsioScheduler::shift_wall_tasks() {
    std::map<Key, Pending> shifted;
    for (auto& [key, pending] : queue_) {
        const std::int64_t due_ns = pending.wall_due_ns == 0 ? key.first : due_on_monotonic(pending.wall_due_ns);
        due_of_[key.second] = due_ns;
        shifted.emplace(Key{due_ns, key.second}, std::move(pending));
    }
    queue_ = std::move(shifted);
}

}  // namespace tocsin
