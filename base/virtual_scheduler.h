#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/time.h"

namespace tocsin {

/// Virtual time: nothing happens until it is told to go on, then everything that is due does, in order, each task at its own
/// instant. Drives the unit tests, `test`, `replay` and `diff`.
///
/// Every task that runs is folded into trace_hash(): the same input gives the same hash, whatever the machine.
class VirtualScheduler final : public Scheduler {
public:
    explicit VirtualScheduler(Timestamp start = Timestamp{});
    ~VirtualScheduler() override;

    Timestamp now() const override;
    MonotonicTime monotonic() const override;
    TaskId at(Timestamp due, Task task) override;
    TaskId after(Duration delay, Task task) override;
    void cancel(TaskId id) override;
    /// On virtual time this is called from the one thread only.
    void post(Task task) override;
    void on_clock_step(std::function<void(Duration)> listener) override;

    /// Runs what is due up to and including now() + `by`, and leaves the clock there.
    void advance(Duration by);
    void advance_to(Timestamp until);
    /// Runs what is due now, without moving the clock.
    void settle() { advance(Duration{0}); }
    /// When the next task is due; Timestamp::max() when there is none.
    Timestamp next_due() const;

    /// The wall clock jumps, the other one does not.
    void step_wall_clock(Duration by);

    /// Adds what was observed (a request sent, a state reached) to the trace.
    void trace(std::uint64_t observed);
    std::uint64_t trace_hash() const { return trace_hash_; }

private:
    struct Pending {
        Task task;
        bool on_wall_clock;
    };
    using Key = std::pair<std::int64_t, TaskId>;  // monotonic milliseconds, then order of adding

    TaskId add(std::int64_t due_ms, Task task, bool on_wall_clock);

    std::int64_t elapsed_ms_ = 0;  // the monotonic clock
    Timestamp wall_start_;         // wall clock at elapsed 0; moves when the wall clock steps
    TaskId next_id_ = 1;
    std::map<Key, Pending> pending_;
    std::map<TaskId, std::int64_t> due_of_;
    std::vector<std::function<void(Duration)>> listeners_;
    std::uint64_t trace_hash_ = 0;
};

/// Work on real threads, completions in virtual order: `done` of an earlier run() comes before that of a later one, at the
/// virtual instant of the call, however long the threads take. So a run's trace is the same for any number of threads;
/// with 0 the work is done in place.
class VirtualExecutor final : public Executor {
public:
    VirtualExecutor(VirtualScheduler& scheduler, unsigned threads);
    ~VirtualExecutor() override;
    void run(std::function<void()> work, std::function<void()> done) override;

private:
    class Pool;
    VirtualScheduler& scheduler_;
    std::unique_ptr<Pool> pool_;
};

/// A stream of numbers from a seed (SplitMix64).
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() override;

private:
    std::uint64_t state_;
};

}  // namespace tocsin
