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

/// The same alert after the wall clock was set by `step`: its past moves along, so that nothing lasts longer or shorter
/// for it.
AlertState moved(AlertState state, Duration step);

}  // namespace tocsin
