#include "notifiers/receiver_trial.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "notifiers/notification_data.h"

namespace tocsin {

void ReceiverTrial::start(Duration timeout, Told told, std::function<void()> done) {
    started_ = clock_.now();
    timeout_ = timeout;
    told_ = std::move(told);
    done_ = std::move(done);
    const auto integrations = receiver_->integrations;
    under_way_ = integrations.size();
    if (integrations.empty()) return done_();
    for (const auto& integration : integrations) send(integration, true, {});
}

void ReceiverTrial::send(const std::shared_ptr<Integration>& integration, bool firing, DeliveryNotes notes) {
    Notification notification = message(firing);
    notification.notes = std::move(notes);
    const Duration timeout = integration->timeout > Duration{} ? integration->timeout : timeout_;
    integration->notifier->notify(std::move(notification), timeout, [this, integration, firing](Outcome outcome) {
        end_of(integration, firing, std::move(outcome));
    });
}

void ReceiverTrial::end_of(const std::shared_ptr<Integration>& integration, bool firing, Outcome outcome) {
    const bool taken = outcome.kind == Outcome::Kind::Delivered;
    DeliveryNotes notes = outcome.notes;
    told_({fmt::format("{}[{}]", integration->kind, integration->index), firing, std::move(outcome)});
    if (firing && taken && integration->send_resolved) return send(integration, false, std::move(notes));
    if (--under_way_ == 0) done_();
}

Notification ReceiverTrial::message(bool firing) const {
    Alert alert;
    alert.labels = {{"alertname", "TocsinTest"}, {"severity", "none"}};
    alert.annotations = LabelSet::from(std::vector<std::pair<std::string, std::string>>{
        {"summary", fmt::format("This is a test of receiver {}: nothing is wrong.", receiver_->name)},
        {"description", "Somebody called `tocsin alertmanager test-receiver`."}});
    alert.starts_at = started_;
    if (!firing) alert.ends_at = clock_.now();
    Route route;
    route.options.receiver = receiver_->name;
    const LabelSet group{{"alertname", "TocsinTest"}};
    Notification notification;
    notification.group_key = R"({}:{alertname="TocsinTest"})";
    notification.now = clock_.now();
    notification.data = make_notification_data({{std::make_shared<StoredAlert>(std::move(alert)), firing, false}},
                                               firing ? NotifyReason::FirstNotification : NotifyReason::AllResolved,
                                               firing, route, group, external_url_);
    return notification;
}

}  // namespace tocsin
