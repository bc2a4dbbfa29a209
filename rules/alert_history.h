#pragma once

#include <cstddef>
#include <functional>

#include "base/log.h"
#include "base/state_store.h"
#include "base/time.h"
#include "base/timed_table.h"
#include "rules/rule_manager.h"
#include "rules/stored_alert.h"

namespace tocsin {

/// When alerts became pending, firing, resolved or were gone: one record a change of phase, over restarts. Scheduler's
/// thread only.
///
/// What an evaluation changes of alerts and what it adds here is one write of the state store, so that after a crash
/// the history ends where the alerts stand.
class AlertHistory {
public:
    using Bounds = TimedTable<PastTransition>::Bounds;
    static constexpr Bounds kDefaults{std::chrono::days(30), 20'000};

    /// `clock` and `log` outlive this.
    AlertHistory(const Scheduler& clock, Log& log, Bounds bounds);

    /// Goes on with what `state` has, and keeps it there from now on. Before the first change; `state` outlives this.
    void keep_in(StateStore& state) { changes_.keep_in(state); }

    void note(const AlertTransition& change);
    /// What was noted since the last call is written. In the task that noted it last: with the evaluation (on_evaluation
    /// of the rule manager), and after its apply(), restore() and keep_in().
    void save() { changes_.save(); }

    /// Calls `visit` for each change, the last one first, for as long as it answers true.
    void for_each(const std::function<bool(const PastTransition&)>& visit) const { changes_.for_each(visit); }
    std::size_t size() const { return changes_.size(); }

private:
    TimedTable<PastTransition> changes_;
};

}  // namespace tocsin
