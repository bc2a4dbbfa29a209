#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/result.h"
#include "base/virtual_scheduler.h"
#include "engine/store/fixture_feed.h"
#include "notifiers/config.h"
#include "notifiers/offline_notifications.h"
#include "rules/rule_file.h"
#include "rules/rule_manager.h"

namespace tocsin {

/// Rules and routing at work on recorded metrics: the rule manager and the notification service of the daemon, on
/// virtual time, with receivers that take everything. No network, no state on the disk. The same input gives the same
/// notifications, in the same order. One thread.
///
/// Samples are there from the first evaluation on that is not before them, as if a target had just been polled.
class Replay {
public:
    /// All outlive it. The world begins when the scheduler says that it is.
    struct Doors {
        VirtualScheduler& scheduler;
        Log& log;
    };
    struct Subject {
        std::vector<RuleFile> rule_files;
        RuleSettings rules;                              // its external_url is that of messages, too
        std::optional<AlertmanagerConfig> alertmanager;  // nothing: nobody is told
    };
    struct Listeners {
        std::function<void(const OfflineNotification&)> notification;
        std::function<void(const AlertTransition&)> transition;
        std::function<void(const ComparedValue&)> compared_value = {};
    };
    /// Fails where a rule cannot be compiled, or a receiver not be told. Nothing is evaluated before run_until().
    static Parsed<std::unique_ptr<Replay>> create(Doors doors, Subject subject, Listeners listeners);
    ~Replay();

    /// Where the samples go.
    Store& store();
    /// Goes on to `until` and does everything that is due up to then. `on_progress` (may be empty) is called at each
    /// instant at which something is due.
    Status run_until(Timestamp until, const std::vector<FixtureFeed*>& feeds,
                     const std::function<void(Timestamp)>& on_progress = {});

    /// As of the last evaluation.
    std::vector<RuleGroupView> groups() const;

private:
    struct Impl;
    explicit Replay(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
