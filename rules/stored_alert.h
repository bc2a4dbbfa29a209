#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "base/state_store.h"
#include "base/time.h"
#include "rules/alert_state.h"

namespace tocsin {

/// What must survive a restart about one alert.
struct StoredRuleAlert {
    std::string file, group, rule;
    std::size_t nth = 0;  // among the rules of that name in the group
    LabelSet labels;
    LabelSet annotations;
    AlertState state;
    double value = 0;
    std::optional<Timestamp> last_sent;
};

/// What must survive a restart about all rules.
struct StoredRules {
    std::vector<StoredRuleAlert> alerts;
    /// When groups (`file;group`) with alerts that wait for something were evaluated last.
    std::map<std::string, Timestamp> evaluated;
};

/// A change of phase that is remembered.
struct PastTransition {
    Timestamp at{};
    AlertPhase from = AlertPhase::Inactive, to = AlertPhase::Inactive;
    std::string file, group, rule;
    LabelSet labels;
    double value = 0;
    std::optional<Timestamp> active_at;
    std::string reason;  // why it ended, when no evaluation said so
};

/// Tables of the state store.
inline constexpr const char* kAlertTable = "rule_alerts";
inline constexpr const char* kGroupTable = "rule_groups";
inline constexpr const char* kTransitionTable = "alert_history";

/// Where an alert is in its table. The other fields have no part in it.
std::string stored_key(const StoredRuleAlert& alert);
void put(StateWriter& writer, const StoredRuleAlert& alert);
void put_evaluated(StateWriter& writer, const std::string& group_key, Timestamp at);
std::string stored_value(const PastTransition& transition);

/// The other way round; an error for a record that nothing of this version wrote.
Result<StoredRuleAlert> read_stored_alert(const StateRecord& record);
Result<Timestamp> read_evaluated(const StateRecord& record);
Result<PastTransition> read_past_transition(const StateRecord& record);

}  // namespace tocsin
