#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "notifiers/notification_log.h"

namespace tocsin {

/// Why a message goes out; the texts are those of Alertmanager's `notification_reason`, but for the last one, which it
/// does not have.
enum class NotifyReason { FirstNotification, NewAlerts, AllResolved, SomeResolved, RepeatInterval, MuteEnded };
std::string_view to_string(NotifyReason reason);

/// A group at a flush as one integration must see it; alerts by log hash.
struct GroupFacts {
    AlertHashes firing;    // not muted
    AlertHashes resolved;  // not muted
    AlertHashes muted_firing;
    AlertHashes muted_resolved;
    Timestamp due{};  // of the flush
    AlertHashes shown_elsewhere;  // of the muted ones: others tell of them
};

struct DedupPolicy {
    bool send_resolved = true;
    Duration repeat_interval{};
};

/// Whether a message is to be sent, and why: the table of Alertmanager's notify/dedup_stage.go, and what it leaves out.
///
///     nothing was sent      something fires, or what should have been told was not     first notification
///     something fires that was not told                                                first notification, new alerts
///     added nothing fires         something visible was told as firing                       all alerts resolved
///     something resolved that was not told as such                                     some alerts resolved
///     something fires that was muted since it was told                                 mute ended
///     the last message is repeat_interval old, exactly or more                         repeat interval elapsed
///
/// What is muted counts neither as firing nor as resolved; while an alert that was told fires on under a mute, the
/// others being resolved is not all being resolved.
std::optional<NotifyReason> decide(const LogEntry* entry, const GroupFacts& facts, const DedupPolicy& policy);

/// Whether the group must still count as firing for an integration although nothing unmuted fires.
bool holds_told_alert(const LogEntry* entry, const GroupFacts& facts);

}  // namespace tocsin
