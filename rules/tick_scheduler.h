#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/log.h"
#include "base/self_metrics.h"
#include "base/time.h"
#include "engine/scrape/scrape_manager.h"
#include "engine/store/store.h"
#include "rules/rule_group.h"

namespace tocsin {

/// When targets are polled and groups evaluated: both on one grid, the multiples of their intervals since 1970.
///
/// **Ticks.** On a tick the targets due are polled, and their samples carry the tick's timestamp. A group due at that
/// tick is evaluated, as of the tick, as soon as the last of the polled targets which its selectors can match has
/// answered or timed out: what a target says at a tick is judged at that tick. A target without an interval of its own
/// is polled on the smallest interval of the groups that can match it. Groups are evaluated one at a time, in the order
/// in which they became ready.
///
/// With ScrapeOptions::spread targets are polled each at its own share of the interval, as Prometheus does, and a group
/// is evaluated on the grid with what was polled last.
///
/// **Lateness.** What could not be done in time is done once, for the last instant of its grid. A group that still
/// waits or is being evaluated when it is due again misses that iteration. Missed iterations are counted.
///
/// **The wall clock steps** (somebody sets it, a virtual machine was asleep). The data are as old as they were and
/// alerts have been pending for as long as they were; only what the clock called those moments has changed. So the past
/// moves along: every row of the store that carries a tick, every time of every alert, and the grid itself are shifted
/// by the step, and ticks go on at the pace they had. No alert fires, resolves or loses `for` by it, `rate` sees no gap
/// and no jump, and timestamps of a timeline still strictly increase, in both directions and however far. From then on
/// the grid is as far off the multiples as the clock was wrong. Series whose timestamps the target gave are left alone:
/// its clock did not step.
///
/// The shift needs a moment at which nothing is in flight that carries a time of the old clock. Until then, at most as
/// long as the longest timeout of the targets being polled, nothing new is begun; the iterations that would have been
/// are missed. Steps that the Scheduler does not tell of, up to a second, only move the next tick.
///
/// Scheduler's thread.
class TickScheduler {
public:
    struct Context {
        Scheduler& scheduler;
        ScrapeManager& scrapes;
        Store& store;
        Log& log;
        SelfMetrics& metrics;
    };
    explicit TickScheduler(const Context& context);
    ~TickScheduler();

    /// All groups in force. One with the key of a group that was there before takes its place: it keeps its last tick,
    /// and what that one waited for. Not while one is being evaluated.
    void set_groups(const std::vector<std::shared_ptr<RuleGroup>>& groups);

    void start();
    /// No further tick; `done` when the evaluation that runs has ended.
    void stop(std::function<void()> done);

private:
    struct Member {
        std::shared_ptr<RuleGroup> group;
        std::vector<TargetId> targets;  // those its selectors can match, sorted
        bool busy = false;              // waiting for targets, queued, or being evaluated
        std::optional<Timestamp> last_due;
    };
    using MemberPtr = std::shared_ptr<Member>;

    void find_targets();
    /// The last instant of the grid of that interval, put off by `offset`, which is not after `t`.
    Timestamp last_on_grid(Timestamp t, Duration interval, Duration offset = Duration{0}) const;
    void schedule_next();
    void tick();
    std::vector<TargetId> poll_due(Timestamp after, Timestamp now);
    void begin_cycles(Timestamp after, Timestamp now, const std::vector<TargetId>& polled);
    bool is_due(Member& member, Timestamp due);
    void wait_for_targets(const MemberPtr& member, Timestamp due, const std::vector<TargetId>& polled);
    void enqueue(const MemberPtr& member, Timestamp due);
    void evaluate_next();
    void evaluate_front();
    void collect_garbage();

    void clock_stepped(Duration step);
    bool is_idle() const;
    void settle_clock_when_idle();
    void settle_clock();

    /// The task, unless this object is gone by then.
    std::function<void()> unless_gone(std::function<void()> task) const;

    Context context_;
    SelfMetrics::Value& clock_steps_;
    std::vector<MemberPtr> members_;
    struct Pace {
        Duration interval;
        Duration offset;  // of its instants to those of the grid
        auto operator<=>(const Pace&) const = default;
    };
    std::map<Pace, std::vector<TargetId>> targets_;  // in the order of polling
    std::deque<std::pair<std::weak_ptr<Member>, Timestamp>> queue_;
    std::size_t polls_in_flight_ = 0;
    bool evaluating_ = false;
    bool running_ = false;
    Scheduler::TaskId timer_ = 0;
    Duration grid_phase_{0};  // all steps of the wall clock so far
    Timestamp next_tick_{};   // that of timer_
    Timestamp last_tick_{};   // everything due up to here was begun
    Timestamp last_collection_{};
    std::optional<Duration> clock_step_;  // not settled yet
    std::function<void()> stopped_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tocsin
