#pragma once

#include "base/time.h"
#include "parser/template/notification_template.h"

namespace tocsin {

/// Something to try a template on, with every member filled: a group with two alerts that fire at `now` and one that is
/// resolved.
templates::NotificationData sample_notification(Timestamp now);

}  // namespace tocsin
