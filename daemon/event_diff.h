#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace tocsin {

/// Something that happened in a replay: an alert that fired or resolved, or a receiver that was told.
struct ReplayedEvent {
    Timestamp at;
    std::string who;   // the receiver; empty for an alert
    std::string what;  // `firing {alertname="A"}`

    bool operator==(const ReplayedEvent&) const = default;
};

/// What is different between two replays.
struct EventChange {
    std::string who, what;
    std::optional<Timestamp> before,
        after;  // only one of them: it vanishes, or appears; both: it comes at another time
};

/// In the order of time. The same event within half an hour counts as one that moved; further apart are two.
std::vector<EventChange> compare_events(std::vector<ReplayedEvent> base, std::vector<ReplayedEvent> head);

}  // namespace tocsin
