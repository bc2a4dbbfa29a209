#include "rules/alert_history.h"

#include <utility>

namespace tocsin {

AlertHistory::AlertHistory(const Scheduler& clock, Log& log, Bounds bounds)
    : changes_(clock, log, {kTransitionTable, "rules::history", stored_value, read_past_transition}, bounds) {}

void AlertHistory::note(const AlertTransition& change) {
    PastTransition noted;
    noted.at = change.at;
    noted.from = change.from;
    noted.to = change.to;
    noted.file = change.file;
    noted.group = change.group;
    noted.rule = change.rule;
    noted.labels = change.labels;
    noted.value = change.value;
    noted.active_at = change.active_at;
    noted.reason = change.reason;
    changes_.add(change.at, std::move(noted));
}

}  // namespace tocsin
