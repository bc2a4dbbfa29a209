#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/alert_store.h"
#include "notifiers/route.h"

namespace tocsin {

enum class MuteReason { Silence, Inhibition, ActiveTimeInterval, MuteTimeInterval };
/// As in alertmanager_notifications_suppressed_total: `silence`, `inhibition`, …
std::string_view to_string(MuteReason reason);

/// Why nobody is told of an alert, and by whom or what: ids of silences, fingerprint of the inhibiting alert, names of
/// intervals.
struct Mute {
    MuteReason reason;
    std::vector<std::string> by;
};

/// One reason for which an alert of a group may be muted. What is muted stays in its group.
class Stage {
public:
    virtual ~Stage() = default;
    virtual std::optional<Mute> mute(const StoredAlert& alert, const Route& route, Timestamp now) const = 0;
};

}  // namespace tocsin
