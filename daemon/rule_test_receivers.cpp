#include "daemon/rule_test_receivers.h"

#include <utility>

#include <fmt/format.h>

#include "base/no_log.h"
#include "notifiers/config.h"
#include "notifiers/offline_notifications.h"

namespace tocsin {
namespace {

SeenNotification seen(const OfflineNotification& told) {
    const AttemptEvent& attempt = told.attempt;
    SeenNotification notification;
    notification.at = attempt.started_at;
    notification.receiver = attempt.receiver;
    notification.integrations = {attempt.integration};
    notification.group_key = attempt.group_key;
    notification.status = attempt.status;
    notification.group_labels = attempt.group_labels;
    for (const AlertPtr& stored : attempt.alerts) {
        const Alert& alert = stored->alert;
        notification.alerts.push_back({!alert.resolved_at(attempt.started_at), alert.labels, alert.annotations});
    }
    for (const HttpRequest& message : told.messages) notification.messages.push_back({message.url, message.body});
    if (attempt.outcome.kind != Outcome::Kind::Delivered) notification.error = attempt.outcome.message;
    return notification;
}

class Routing;

/// The notification service at work in a test.
class Receivers final : public RuleTestReceivers {
public:
    explicit Receivers(std::unique_ptr<OfflineNotifications> service) : service_(std::move(service)) {}

    void receive(std::span<const Alert> alerts) override { service_->receive(alerts); }
    Parsed<void> reload(const RuleTestRouting& routing) override;
    void stop() override { service_->stop(); }
    Parsed<void> go_on() override { return service_->go_on(); }

private:
    std::unique_ptr<OfflineNotifications> service_;
};

class Routing final : public RuleTestRouting {
public:
    explicit Routing(AlertmanagerConfig config) : config_(std::move(config)) {}

    const AlertmanagerConfig& config() const { return config_; }

    std::vector<std::string> receivers() const override {
        std::vector<std::string> names;
        for (const ReceiverConfig& receiver : config_.receivers) names.push_back(receiver.name);
        return names;
    }

    Parsed<std::unique_ptr<RuleTestReceivers>> start(Scheduler& clock, const std::string& external_url,
                                                     std::function<void(SeenNotification)> told) const override {
        OfflineNotifications::Options options;
        options.external_url = external_url;
        options.told = [told = std::move(told)](const OfflineNotification& one) { told(seen(one)); };
        auto made = OfflineNotifications::create(clock, log_, config_, std::move(options));
        if (!made) return tl::unexpected(std::move(made).error());
        return std::unique_ptr<RuleTestReceivers>(std::make_unique<Receivers>(*std::move(made)));
    }

private:
    AlertmanagerConfig config_;
    mutable NoLog log_;
};

// All routings of tests are read below.
Parsed<void> Receivers::reload(const RuleTestRouting& routing) {
    return service_->reload(static_cast<const Routing&>(routing).config());
}

}  // namespace

Parsed<std::shared_ptr<const RuleTestRouting>> load_rule_test_routing(Disk& disk, const std::string& path) {
    auto config = load_alertmanager_config(disk, path);
    if (!config) return tl::unexpected(std::move(config).error());
    Diagnostics unsendable = find_unsendable(*config);
    if (has_errors(unsendable)) return tl::unexpected(std::move(unsendable));
    return std::make_shared<const Routing>(*std::move(config));
}

}  // namespace tocsin
