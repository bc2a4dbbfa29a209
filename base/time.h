#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace tocsin {

using Duration = std::chrono::milliseconds;

/// A moment of the wall clock: milliseconds since 1970-01-01 UTC, as Prometheus counts.
using Timestamp = std::chrono::sys_time<Duration>;

/// A moment of the clock that never steps. Good for nothing but differences.
struct MonotonicClock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<MonotonicClock>;
    static constexpr bool is_steady = true;
};
using MonotonicTime = MonotonicClock::time_point;

/// Milliseconds since 1970; the bare number that PromQL and the wire formats carry.
constexpr std::int64_t to_unix_ms(Timestamp t) { return t.time_since_epoch().count(); }
constexpr Timestamp from_unix_ms(std::int64_t ms) { return Timestamp{Duration{ms}}; }

/// The only source of time and of "later" in tocsin. The daemon runs it on Boost.Asio; tests, `tocsin test` and
/// `tocsin replay` run it on virtual time.
///
/// Everything but post() is called on the scheduler's thread, and every task runs there, one after the other. That thread
/// owns all state: store, alerts, groups, silences.
class Scheduler {
public:
    using Task = std::function<void()>;
    using TaskId = std::uint64_t;  // 0 is no task

    virtual ~Scheduler() = default;

    /// The wall clock, for timestamps.
    virtual Timestamp now() const = 0;

    /// The clock that never steps, for durations. Callable from any thread.
    virtual MonotonicTime monotonic() const = 0;

    /// Runs `task` once now() >= `due`; tasks which are due at the same instant run in the order in which they were added. When
    /// the wall clock steps, the wait is corrected by the step.
    virtual TaskId at(Timestamp due, Task task) = 0;

    /// Runs `task` when `delay` has passed, whatever the wall clock does meanwhile.
    virtual TaskId after(Duration delay, Task task) = 0;

    /// Does nothing when the task has already run, or for 0.
    virtual void cancel(TaskId id) = 0;

    /// Runs `task` on the scheduler's thread as soon as possible, after what was posted before. From any thread.
    virtual void post(Task task) = 0;

    /// `listener(step)` is called after the wall clock was found to have stepped by more than a second against the other
    /// one; `step` is positive when it jumped forward.
    virtual void on_clock_step(std::function<void(Duration step)> listener) = 0;
};

/// Heavy work apart from the scheduler's thread.
class Executor {
public:
    virtual ~Executor() = default;

    /// Runs `work` on a thread of the pool, then `done` on the scheduler's thread. `work` may touch only what nobody else
    /// touches until `done` has run; what it holds is let go before that. Called on the scheduler's thread.
    virtual void run(std::function<void()> work, std::function<void()> done) = 0;
};

}  // namespace tocsin
