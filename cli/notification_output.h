#pragma once

#include <string>

#include "base/json.h"

/// What was told, and why something was not, as the API says it, for people.
namespace tocsin::cli {

/// A message of the history and the alerts that it told of: several lines.
std::string told_message_text(const Json& message);
/// Its first line, without the end of the line.
std::string told_message_line(const Json& message);

/// An alert of `/api/v1/notifications/explain`: several lines.
std::string explained_alert_text(const Json& alert);
/// One that ended without its receiver being told: one line.
std::string untold_alert_text(const Json& alert);

}  // namespace tocsin::cli
