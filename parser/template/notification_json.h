#pragma once

#include "base/json.h"
#include "base/result.h"
#include "parser/template/notification_template.h"

namespace tocsin::templates {

/// Reads the data of a notification from the JSON that Alertmanager's webhook sends and that `toJson .` writes. What is
/// absent is empty, members that nobody knows are passed over, as `amtool template render` does; a member of the wrong
/// type is an error that names it.
Result<NotificationData> read_notification(const Json& json);

}  // namespace tocsin::templates
