#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "parser/template/notification_template.h"

namespace tocsin {

/// What a receiver keeps in mind between two messages of a group: Slack's `ts` and `channel` of the message to be
/// updated.
using DeliveryNotes = std::map<std::string, std::string>;

/// One message to one integration, as it is handed to it.
struct Notification {
    std::string group_key;  // the group's identity for the outside; its SHA-256 is PagerDuty's dedup_key
    templates::NotificationData data;
    Timestamp now{};  // of the flush
    DeliveryNotes notes;
    std::vector<std::string> only_to;  // recipients who have not got it yet; none: it is for all
};

}  // namespace tocsin
