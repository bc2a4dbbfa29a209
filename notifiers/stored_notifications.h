#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/state_store.h"
#include "notifiers/alert_store.h"
#include "notifiers/dispatcher.h"
#include "notifiers/notification_history.h"
#include "notifiers/notification_log.h"
#include "notifiers/silence.h"
#include "notifiers/untold_alerts.h"

// How the notifiers' state stands in the tables of the state store: one JSON object a record.

namespace tocsin {

inline constexpr const char* kSilenceTable = "silences";
inline constexpr const char* kLogTable = "notification_log";
inline constexpr const char* kReceivedTable = "received_alerts";
inline constexpr const char* kRenewalTable = "alert_renewals";
inline constexpr const char* kAlertGroupTable = "alert_groups";
inline constexpr const char* kHistoryTable = "notification_history";
inline constexpr const char* kUntoldTable = "untold_alerts";
inline constexpr const char* kToldTable = "told_incidents";

/// Received alerts are mostly heard of again unchanged but for when they end. All of one transaction of which that is
/// so are one record: runs of numbers with their times. Records have numbers in the order of time, and a received alert
/// that is written as a whole has the number of the last one that is older.
struct AlertRenewal {
    std::uint64_t first = 0;  // StoredAlert::number
    std::uint64_t count = 0;
    Timestamp ends_at{};
    Timestamp updated_at{};
    bool ends_by_timeout = false;
};

struct AlertRenewals {
    std::uint64_t number = 0;
    std::vector<AlertRenewal> runs;
};

/// An alert as it was written as a whole.
struct ReceivedAlert {
    Alert alert;
    std::uint64_t number = 0;
    std::uint64_t last_renewal = 0;
};

/// The alerts as all of `renewals`, which are in order, left them.
std::vector<Alert> renew(std::vector<ReceivedAlert> alerts, const std::vector<AlertRenewals>& renewals);

std::string stored_key(const LogKey& key);
std::string stored_key(const GroupState& group);
/// Alerts that come together have neighbouring keys: the next time they are a few pages of the file, and not one each.
std::string stored_key(const StoredAlert& alert);
std::string renewal_key(std::uint64_t number);

std::string stored_value(const Silence& silence);
std::string stored_value(const LogKey& key, const LogEntry& entry);
std::string stored_value(const Alert& alert, std::uint64_t last_renewal = 0);
std::string stored_value(const std::vector<AlertPtr>& renewed);
std::string stored_value(const GroupState& group);
std::string stored_value(const ToldMessage& message);
std::string stored_value(const UntoldAlert& alert);
std::string stored_value(const ToldIncident& incident);

/// The other way round; an error for a record that nothing of this version wrote.
Result<Silence> read_stored_silence(const StateRecord& record);
Result<std::pair<LogKey, LogEntry>> read_stored_entry(const StateRecord& record);
Result<ReceivedAlert> read_received_alert(const StateRecord& record);
Result<AlertRenewals> read_renewals(const StateRecord& record);
Result<GroupState> read_stored_group(const StateRecord& record);
Result<ToldMessage> read_told_message(const StateRecord& record);
Result<UntoldAlert> read_untold_alert(const StateRecord& record);
Result<ToldIncident> read_told_incident(const StateRecord& record);

}  // namespace tocsin
