#pragma once

#include "base/json.h"
#include "notifiers/explanation.h"
#include "notifiers/notification_history.h"
#include "notifiers/untold_alerts.h"

/// What was told, and why something was not, as the API shows it.
namespace tocsin::api {

Json told_message_json(const ToldMessage& message, bool with_alerts = true);
Json untold_alert_json(const UntoldAlert& alert);
/// Without what the history knows.
Json alert_explanation_json(const AlertExplanation& explanation);

}  // namespace tocsin::api
