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

/// Watches what is sent and what is not: logs, history, tests. Called on the scheduler's thread; must not call back.
class NotificationObserver {
public:
    virtual ~NotificationObserver() = default;
    virtual void on_attempt(const AttemptEvent&) {}
    virtual void on_mute(const MuteEvent&) {}
    virtual void on_flap(const FlapEvent&) {}
};

}  // namespace tocsin
