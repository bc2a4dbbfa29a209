#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/alert.h"
#include "base/diagnostic.h"
#include "base/disk.h"
#include "base/labels.h"
#include "base/time.h"

// How unit tests of rules see who is told. The notifiers are not known here: whoever runs tests with routing brings a
// RuleTestRouting along.

namespace tocsin {

/// One message that a receiver was told in a test, by one integration or by several at the same time.
struct SeenNotification {
    struct Alert {
        bool firing = true;
        LabelSet labels, annotations;
    };
    struct Message {
        std::string url;  // no secret
        std::string body;
    };

    Timestamp at;
    std::string receiver;
    std::vector<std::string> integrations;
    std::string group_key;
    std::string status;
    LabelSet group_labels;
    std::vector<Alert> alerts;  // in the order of the message
    std::vector<Message> messages;
    std::string error;  // why nobody could be told; empty: was told
};

class RuleTestRouting;

/// The receivers of one world, at work.
class RuleTestReceivers : public AlertSink {
public:
    /// What a reload puts in force: groups that are still there keep their timers.
    virtual Parsed<void> reload(const RuleTestRouting& routing) = 0;
    /// The daemon ends; what it keeps on the disk is all that is left. Nobody speaks to it until go_on().
    virtual void stop() = 0;
    virtual Parsed<void> go_on() = 0;
};

/// An alertmanager.yml for tests.
class RuleTestRouting {
public:
    virtual ~RuleTestRouting() = default;
    virtual std::vector<std::string> receivers() const = 0;
    /// A world's receivers, on its clock: what goes into the sink comes out at `told`. Outlived by the clock.
    virtual Parsed<std::unique_ptr<RuleTestReceivers>> start(Scheduler& clock, const std::string& external_url,
                                                     std::function<void(SeenNotification)> told) const = 0;
};

/// Reads one; all that is wrong with it.
using LoadRuleTestRouting =
    std::function<Parsed<std::shared_ptr<const RuleTestRouting>>(Disk& disk, const std::string& path)>;

}  // namespace tocsin
