#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/time.h"

namespace tocsin {

/// One target in this process; never used again for another one.
using TargetId = std::uint32_t;

/// Which targets are being polled, which are to be, and who waits for them; it knows nothing else of targets.
/// Scheduler's thread.
class PollQueue {
public:
    struct Limits {
        std::size_t polls_max;
        /// Expected of all polls under way together; one is always allowed. One that takes long counts no more: what it
        /// holds comes slowly, and the others must not wait for it.
        std::uint64_t bytes_max;
    };
    /// Begins the poll of a target; over() must be called later, from another event or this one.
    using Start = std::function<void(TargetId target, Timestamp tick)>;

    PollQueue(Scheduler& scheduler, Limits limits, Start start)
        : scheduler_(scheduler), limits_(limits), start_(std::move(start)) {}
    ~PollQueue();

    struct Due {
        TargetId target;
        std::uint64_t bytes_expected;
        Duration patience;  // how long others wait for it; 0: not at all
    };
    /// Polls of `tick`, in this order. `done` is called when the last one is over, at once when there are none. None of
    /// the targets may be contained yet.
    void add(Timestamp tick, const std::vector<Due>& due, std::function<void()> done);
    bool contains(TargetId target) const { return polls_.count(target) > 0; }

    /// The polls of these targets are over, or are not to be (they may be waiting still): whoever waits for them goes
    /// on.
    void over(const std::vector<TargetId>& targets);

    /// Calls `ready` once the poll of each of these targets is over or has taken longer than patience allows; at once
    /// if that is so.
    void when_settled(std::vector<TargetId> targets, std::function<void()> ready);

    std::size_t under_way() const { return under_way_; }

private:
    struct Batch {
        std::size_t left;
        std::function<void()> done;
    };
    // Waits for one target at a time, so that a group with many targets costs a list entry, not one for each.
    struct Waiter {
        std::vector<TargetId> targets;
        std::size_t next = 0;
        std::function<void()> ready;
    };
    struct Poll {
        Timestamp tick;
        std::uint64_t number;  // of all polls
        std::uint64_t bytes_expected;  // that count; 0 once it takes long
        std::shared_ptr<Batch> batch;
        std::optional<MonotonicTime> started = std::nullopt;
        bool out_of_patience = false;
        std::vector<std::shared_ptr<Waiter>> waiters;
    };

    void start_some();
    void end_count(Poll& poll);
    void count_slow_ones_no_more();
    void lose_patience(const std::vector<std::pair<TargetId, std::uint64_t>>& polls);
    void go_on(const std::shared_ptr<Waiter>& waiter);

    Scheduler& scheduler_;
    Limits limits_;
    Start start_;
    std::map<TargetId, Poll> polls_;
    std::deque<TargetId> queue_;
    std::size_t under_way_ = 0;
    std::uint64_t bytes_under_way_ = 0;
    std::uint64_t next_number_ = 1;
    std::set<Scheduler::TaskId> timers_;
    Scheduler::TaskId slow_timer_ = 0;  // while polls wait for others to be over
    bool starting_ = false;
};

}  // namespace tocsin
