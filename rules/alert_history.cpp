#include "rules/alert_history.h"

namespace tocsin {

AlertHistory::AlertHistory(const Scheduler& clock, Log& log, Bounds bounds)
    : changes_(clock, log, {kTransitionTable, "rules::history", stored_value, read_past_transition}, bounds) {}

void AlertHistory::note(const AlertTransition& change) {
    changes_.add(change.at, {.at = change.at,
                             .from = change.from,
                             .to = change.to,
                             .file = change.file,
                             .group = change.group,
                             .rule = change.rule,
                             .labels = change.labels,
                             .value = change.value,
                             .active_at = change.active_at,
                             .reason = change.reason});
}

}  // namespace tocsin
