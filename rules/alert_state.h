#pragma once

#include <optional>

#include "base/time.h"

namespace tocsin {

enum class AlertPhase { Inactive, Pending, Firing };

/// `inactive`, `pending`, `firing`.
const char* to_string(AlertPhase phase);

/// Where one alert (a rule and a label set) stands. All times are evaluation times.
struct AlertState {
    AlertPhase phase = AlertPhase::Inactive;
    /// Since when the expression has held without a gap.
    Timestamp active_at{};
    Timestamp fired_at{};
    /// Set only while it is inactive after having fired.
    std::optional<Timestamp> resolved_at;
    /// Since when it is firing only because of `keep_firing_for`.
    std::optional<Timestamp> keep_firing_since;

    bool operator==(const AlertState&) const = default;
};

struct AlertTimers {
    Duration for_duration{0};
    Duration keep_firing_for{0};
};

/// The heart: where an alert stands after an evaluation at `now` that found it in the result (`present`) or not.
///
/// pending, then firing once it has been active for `for`; a pending one that is gone is inactive and was never
/// anything; a firing one that is gone goes on firing for `keep_firing_for` and is then inactive with `resolved_at`.
/// One that comes back after that starts anew. Raising `for` sends nobody back who was told: a firing alert stays
/// firing. (Prometheus rules/alerting.go Eval.)
AlertState advance(const AlertState& before, bool present, Timestamp now, const AlertTimers& timers);

/// How a rule goes on with alerts that nobody evaluated for a while, since tocsin did not run.
struct OutagePolicy {
    /// After a longer outage pending alerts begin anew (--rules.alert.for-outage-tolerance).
    Duration tolerance{std::chrono::hours(1)};
    /// A pending alert of a rule whose `for` is at least this long fires this long after the outage at the earliest
    /// (--rules.alert.for-grace-period).
    Duration grace{std::chrono::minutes(10)};

    bool operator==(const OutagePolicy&) const = default;
};

/// The same alert at the first evaluation (`now`) after an outage that began with the last one (`last`): the time
/// between them counts neither for `for` nor for `keep_firing_for`. (Prometheus rules/group.go RestoreForState, which
/// begins anew where `for` is shorter than the grace period, and forgets that alerts were firing.)
AlertState resumed(AlertState state, Timestamp last, Timestamp now, const AlertTimers& timers,
                   const OutagePolicy& policy);

/// The same alert after the wall clock was set by `step`: its past moves along, so that nothing lasts longer or shorter
/// for it.
AlertState moved(AlertState state, Duration step);

}  // namespace tocsin
