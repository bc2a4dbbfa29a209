#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/alert.h"
#include "base/diagnostic.h"
#include "base/http.h"
#include "base/log.h"
#include "notifiers/config.h"
#include "notifiers/observer.h"

namespace tocsin {

/// What a receiver would have been told: the attempt, and the requests that it would have been. Secrets are masked.
struct OfflineNotification {
    AttemptEvent attempt;
    std::vector<HttpRequest> messages;
};

/// The notification service with receivers that take everything: nothing is sent, no secret is read, nothing is kept
/// on a disk. On virtual time the same alerts give the same notifications, in the same order.
class OfflineNotifications final : public AlertSink {
public:
    struct Options {
        std::string external_url;
        std::function<void(const OfflineNotification&)> told;  // of each attempt, when it is over
    };
    /// Fails where load() of the service does. `clock` and `log` outlive it.
    static Parsed<std::unique_ptr<OfflineNotifications>> create(Scheduler& clock, Log& log,
                                                                const AlertmanagerConfig& config, Options options);
    ~OfflineNotifications() override;

    void receive(std::span<const Alert> alerts) override;

    /// Another configuration, as a reload puts it in force.
    Parsed<void> reload(const AlertmanagerConfig& config);
    /// The service ends as with its daemon: what it would have kept on a disk is kept. Then only go_on() may be called.
    void stop();
    /// It begins anew with that, and with the configuration that was in force.
    Parsed<void> go_on();

private:
    struct Impl;
    explicit OfflineNotifications(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
