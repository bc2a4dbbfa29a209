#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "notifiers/alert_store.h"
#include "notifiers/dedup.h"
#include "notifiers/notification.h"
#include "notifiers/route.h"

namespace tocsin {

/// An alert of a group at a flush.
struct FlushAlert {
    AlertPtr alert;
    bool firing = true;
    bool muted = false;
    bool shown_elsewhere = false;  // muted in this group only: that it is back is no news
};

/// A group at a flush, in the order of messages.
struct FlushView {
    std::vector<FlushAlert> alerts;
    Timestamp due{};  // when the flush was due; what repeat intervals are counted from
    Timestamp now{};
};

/// What the templates of a message see, but for the route's labels.
templates::NotificationData make_notification_data(const std::vector<FlushAlert>& alerts, NotifyReason reason,
                                                   bool group_fires, const Route& route, const LabelSet& group_labels,
                                                   const std::string& external_url);

/// The labels of a route, whose values are templates; one that fails is its text.
LabelSet expand_route_labels(const Route& route, const templates::NotificationTemplates& templates,
                             const templates::NotificationData& data, Timestamp now);

/// Go's regexp.QuoteMeta, through which Alertmanager passes the receiver's name.
std::string quote_meta(std::string_view text);

}  // namespace tocsin
