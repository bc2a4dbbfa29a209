#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "notifiers/notification.h"

namespace tocsin::integrations {

/// The body of Alertmanager's webhook, version 4, in JSON. `truncated` alerts were left out of the notification before.
/// `template_error` is a member of its own when there is one.
std::string webhook_message(const Notification& notification, std::size_t truncated = 0,
                            std::string_view template_error = {});

/// Leaves at most so many alerts in the notification (0: all), resolved ones going first; status, common labels and
/// annotations stay those of all. Returns how many are gone.
std::size_t truncate_alerts(Notification& notification, std::size_t alerts_max);

}  // namespace tocsin::integrations
