#include "rules/alert_state.h"

#include <algorithm>

namespace tocsin {
namespace {

AlertState fire(AlertState state, Timestamp now) {
    state.phase = AlertPhase::Firing;
    state.fired_at = now;
    return state;
}

AlertState when_present(const AlertState& before, Timestamp now, Duration for_duration) {
    AlertState state = before;
    if (before.phase == AlertPhase::Inactive) {
        state = AlertState{};
        state.phase = AlertPhase::Pending;
        state.active_at = now;
    }
    state.keep_firing_since.reset();
    if (state.phase == AlertPhase::Pending && now - state.active_at >= for_duration) return fire(state, now);
    return state;
}

AlertState when_absent(const AlertState& before, Timestamp now, Duration keep_firing_for) {
    // A pending alert never was anything to anybody, so nothing of it is kept.
    if (before.phase == AlertPhase::Pending) return AlertState{};
    if (before.phase == AlertPhase::Inactive) return before;
    AlertState state = before;
    if (keep_firing_for > Duration{0}) {
        if (!state.keep_firing_since) state.keep_firing_since = now;
        if (now - *state.keep_firing_since < keep_firing_for) return state;
    }
    state.phase = AlertPhase::Inactive;
    state.resolved_at = now;
    state.keep_firing_since.reset();
    return state;
}

}  // namespace

const char* to_string(AlertPhase phase) {
    switch (phase) {
        case AlertPhase::Inactive:
            return "inactive";
        case AlertPhase::Pending:
            return "pending";
        case AlertPhase::Firing:
            return "firing";
    }
    return "";
}

AlertState advance(const AlertState& before, bool present, Timestamp now, const AlertTimers& timers) {
    return present ? when_present(before, now, timers.for_duration) : when_absent(before, now, timers.keep_firing_for);
}

AlertState resumed(AlertState state, Timestamp last, Timestamp now, const AlertTimers& timers,
                   const OutagePolicy& policy) {
    if (state.keep_firing_since) *state.keep_firing_since += now - last;
    if (state.phase != AlertPhase::Pending) return state;
    if (now - last > policy.tolerance) return AlertState{};
    state.active_at += now - last;
    if (timers.for_duration < policy.grace) return state;
    const Timestamp fires_at = std::max(state.active_at + timers.for_duration, now + policy.grace);
    state.active_at = fires_at - timers.for_duration;
    return state;
}

AlertState moved(AlertState state, Duration step) {
    if (state.phase != AlertPhase::Inactive) state.active_at += step;
    if (state.phase == AlertPhase::Firing || state.resolved_at) state.fired_at += step;
    if (state.resolved_at) *state.resolved_at += step;
    if (state.keep_firing_since) *state.keep_firing_since += step;
    return state;
}

}  // namespace tocsin
