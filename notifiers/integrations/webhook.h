#pragma once

#include <string>

#include "base/json.h"
#include "notifiers/notification.h"

namespace tocsin::integrations {

/// The body of Alertmanager's webhook, version 4. `truncated` alerts were left out of the notification before.
Json webhook_message(const Notification& notification, std::size_t truncated = 0);

/// Leaves at most so many alerts in the notification (0: all), resolved ones going first; status, common labels and
/// annotations stay those of all. Returns how many are gone.
std::size_t truncate_alerts(Notification& notification, std::size_t alerts_max);

}  // namespace tocsin::integrations
