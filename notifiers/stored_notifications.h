#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/state_store.h"
#include "notifiers/dispatcher.h"
#include "notifiers/notification_history.h"
#include "notifiers/notification_log.h"
#include "notifiers/silence.h"
#include "notifiers/untold_alerts.h"

// How the notifiers' state, but for the alerts of alert_news.h, stands in the tables of the state store: one JSON
// object a record.

namespace tocsin {

inline constexpr const char* kSilenceTable = "silences";
inline constexpr const char* kLogTable = "notification_log";
inline constexpr const char* kAlertGroupTable = "alert_groups";
inline constexpr const char* kHistoryTable = "notification_history";
inline constexpr const char* kUntoldTable = "untold_alerts";
inline constexpr const char* kToldTable = "told_incidents";

std::string stored_key(const LogKey& key);
std::string stored_key(const GroupState& group);

std::string stored_value(const Silence& silence);
std::string stored_value(const LogKey& key, const LogEntry& entry);
std::string stored_value(const GroupState& group);
std::string stored_value(const ToldMessage& message);
std::string stored_value(const UntoldAlert& alert);
std::string stored_value(const ToldIncident& incident);

/// The other way round; an error for a record that nothing of this version wrote.
Result<Silence> read_stored_silence(const StateRecord& record);
Result<std::pair<LogKey, LogEntry>> read_stored_entry(const StateRecord& record);
Result<GroupState> read_stored_group(const StateRecord& record);
Result<ToldMessage> read_told_message(const StateRecord& record);
Result<UntoldAlert> read_untold_alert(const StateRecord& record);
Result<ToldIncident> read_told_incident(const StateRecord& record);

}  // namespace tocsin
