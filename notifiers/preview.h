#pragma once

#include <string>
#include <vector>

#include "base/disk.h"
#include "base/http.h"
#include "notifiers/config.h"
#include "notifiers/notification.h"

namespace tocsin {

/// The message that one integration of a receiver would send.
struct PreviewedMessage {
    std::string integration;      // `slack[0]`
    Result<HttpRequest> request;  // or why there would be none
    std::string template_error;   // why there are plain facts in it
};

/// What a receiver would be told by each of its integrations, without telling it. An integration that does not send
/// what is resolved gets the alerts that fire only. Keys in files of their own are read from `disk`.
std::vector<PreviewedMessage> preview(const ReceiverConfig& receiver, const AlertmanagerConfig& config,
                                      const Notification& notification, const Scheduler& clock, Disk& disk);

/// The same with `<secret>` for each secret, without reading one: `config` is the masked text of a configuration, read
/// by read_masked() (notifiers/masking.h).
std::vector<PreviewedMessage> preview_masked(const ReceiverConfig& receiver, const AlertmanagerConfig& config,
                                             const Notification& notification, const Scheduler& clock);

}  // namespace tocsin
