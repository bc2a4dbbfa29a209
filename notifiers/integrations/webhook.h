#pragma once

#include <string>

#include "base/json.h"
#include "notifiers/notification.h"

namespace tocsin::integrations {

/// The body of Alertmanager's webhook, version 4. With `alerts_max` other than 0 only that many alerts are in it, firing ones first;
/// status, common labels and annotations are those of all.
Json webhook_message(const Notification& notification, std::size_t alerts_max);

}  // namespace tocsin::integrations
