#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"

namespace boost::asio {
class io_context;
}

namespace tocsin {

/// Real time, on one Boost.Asio event loop that sockets, signals and file watches share. The thread in run() is the
/// scheduler's thread.
///
/// Tasks wait in one queue, ordered by due time and then by when they were added, whichever of at(), after() and post()
/// added them: as on virtual time. The grain is a millisecond. Tasks that have not run when the scheduler is destroyed
/// never do.
///
/// now() follows the system's clock, which is looked at whenever a task is due and at least once a second. So within a
/// task and until listeners have been told of a step, time goes on evenly. now() may be called from any thread.
class AsioScheduler final : public Scheduler {
public:
    using WallClock = std::function<std::chrono::sys_time<std::chrono::nanoseconds>()>;

    AsioScheduler();
    /// With another wall clock than the system's, which is asked on the scheduler's thread.
    explicit AsioScheduler(WallClock wall_clock);
    ~AsioScheduler() override;
    AsioScheduler(const AsioScheduler&) = delete;
    AsioScheduler& operator=(const AsioScheduler&) = delete;

    /// Runs tasks until stop(), waiting where there is none. May be called again afterwards.
    void run();
    /// Runs tasks until `done` says true, which is asked before each step; false when `limit` passed or stop() came
    /// before.
    bool run_until(const std::function<bool()>& done, Duration limit);
    /// Makes run() return after the task that runs. From any thread.
    void stop();

    Timestamp now() const override;
    MonotonicTime monotonic() const override;
    TaskId at(Timestamp due, Task task) override;
    TaskId after(Duration delay, Task task) override;
    void cancel(TaskId id) override;
    void post(Task task) override;
    void on_clock_step(std::function<void(Duration step)> listener) override;

    /// For the other doors that live on this loop.
    boost::asio::io_context& io_context();

private:
    using Nanoseconds = std::chrono::nanoseconds;
    struct Loop;
    struct Pending {
        Task task;
        std::int64_t wall_due_ns;  // 0: waits on the monotonic clock
    };
    using Key = std::pair<std::int64_t, TaskId>;  // monotonic nanoseconds, then order of adding

    std::int64_t wall_now_ns() const;
    std::int64_t due_on_monotonic(std::int64_t wall_due_ns) const;
    TaskId add(std::int64_t due_ns, std::int64_t wall_due_ns, Task task);
    TaskId insert(std::int64_t due_ns, std::int64_t wall_due_ns, Task task);
    void take_posted();
    void run_due();
    void wake();
    void arm();
    void check_wall_clock();
    std::int64_t measure_wall_offset() const;
    void shift_wall_tasks();

    WallClock wall_clock_;
    std::atomic<std::int64_t> wall_offset_ns_{0};  // wall clock minus monotonic clock
    TaskId next_id_ = 1;
    std::map<Key, Pending> queue_;
    std::unordered_map<TaskId, std::int64_t> due_of_;
    std::vector<std::function<void(Duration)>> listeners_;
    std::int64_t armed_for_ns_;
    bool is_armed_ = false;
    std::atomic<bool> stopping_{false};
    bool running_due_ = false;

    std::mutex posted_mutex_;
    std::vector<Task> posted_;  // guarded by posted_mutex_
    std::atomic<bool> has_posted_{false};
    std::atomic<bool> wake_is_posted_{false};

    std::unique_ptr<Loop> loop_;  // last: its handlers refer to all of the above
};

}  // namespace tocsin
