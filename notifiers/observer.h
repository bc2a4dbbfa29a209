#pragma once

#include <cstddef>
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

/// Watches what is sent and what is not: logs, history, tests. Called on the scheduler's thread; must not call back.
class NotificationObserver {
public:
    virtual ~NotificationObserver() = default;
    virtual void on_attempt(const AttemptEvent&) {}
    virtual void on_mute(const MuteEvent&) {}
};

}  // namespace tocsin
