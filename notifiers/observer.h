#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/labels.h"
#include "base/time.h"
#include "notifiers/alert_store.h"
#include "notifiers/dedup.h"
#include "notifiers/integrations/notifier.h"
#include "notifiers/stage.h"

namespace tocsin {

/// One attempt to tell one integration, after its end.
struct AttemptEvent {
    std::string group_key;
    LabelSet group_labels;
    std::string receiver;
    std::string integration;
    std::size_t index = 0;
    NotifyReason reason = NotifyReason::FirstNotification;
    std::string status;      // of the message: "firing" or "resolved"
    std::size_t number = 1;  // of the attempt at this message
    std::size_t firing = 0;
    std::size_t resolved = 0;
    std::vector<AlertPtr> alerts;
    Timestamp started_at{};
    Timestamp ended_at{};
    Outcome outcome;
    /// After a failure: how long until the next attempt at the same message; none: the next flush makes another one.
    std::optional<Duration> retry_in;
    std::size_t waiting = 0;  // messages that the integration has not taken, this one included if it failed
};

/// A message that failed, was to be tried again and is not: a flush put another one in its place, its alerts may not be
/// told any more, or nobody is left to tell. Heard of also when only its first attempt was under way.
struct DropEvent {
    std::string group_key;
    std::string receiver;
    std::string integration;
    std::size_t index = 0;
};

/// An alert that nobody was told of at a flush, and why.
struct MuteEvent {
    std::string group_key;
    std::string receiver;
    AlertPtr alert;
    bool firing = true;
    Mute mute;
    Timestamp at{};
};

/// An alert that changed and changed back between two flushes: nobody is told of what no flush saw.
struct FlapEvent {
    std::string group_key;
    std::string receiver;
    AlertPtr alert;            // as it is now
    bool fires_again = false;  // it ended and fires again; else it fired and ended
    Timestamp at{};
};

/// An alert that ended and has left its group, and whether the group's receiver took a message with it while it was
/// there. Sources repeat ends: with each repetition it comes and goes once more, untold.
struct EndEvent {
    enum class Untold {
        Muted,          // whenever its group was looked at
        Unseen,         // it fired and ended between two flushes
        Refused,        // the receiver took no message with it for as long as it was remembered
        NoIntegration,  // the receiver has nothing that could tell
    };

    std::string group_key;
    std::string receiver;
    AlertPtr alert;
    bool told = true;
    Untold untold = Untold::Unseen;  // why it was not
    std::optional<Mute> mute;        // the last one
    std::string error;               // of the last attempt
    Timestamp at{};
};

/// Watches what is sent and what is not: logs, history, tests. Called on the scheduler's thread; must not call back.
class NotificationObserver {
public:
    virtual ~NotificationObserver() = default;
    virtual void on_attempt(const AttemptEvent&) {}
    virtual void on_drop(const DropEvent&) {}
    virtual void on_mute(const MuteEvent&) {}
    virtual void on_flap(const FlapEvent&) {}
    virtual void on_end(const EndEvent&) {}
};

}  // namespace tocsin
