#pragma once

#include <string>

#include "daemon/replay.h"

namespace tocsin::cli {

/// A notification as a paragraph: when, who, what about, the alerts, and, with `messages`, the requests.
std::string notification_text(const OfflineNotification& notification, bool messages);
/// The same as one object.
std::string notification_json(const OfflineNotification& notification);

/// A change of phase of an alert: `pending`, `firing`, `resolved`, or `gone` for one that never fired.
std::string transition_text(const AlertTransition& change);
std::string transition_json(const AlertTransition& change);

}  // namespace tocsin::cli
