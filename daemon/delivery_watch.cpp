#include "daemon/delivery_watch.h"

#include <fmt/format.h>

namespace tocsin {

void DeliveryWatch::on_attempt(const AttemptEvent& attempt) {
    const std::string integration = fmt::format("{}/{}[{}]", attempt.receiver, attempt.integration, attempt.index);
    std::vector<LogField> fields{{"integration", integration},
                                 {"group", attempt.group_key},
                                 {"status", attempt.status},
                                 {"firing", std::to_string(attempt.firing)},
                                 {"resolved", std::to_string(attempt.resolved)},
                                 {"attempt", std::to_string(attempt.number)}};
    if (attempt.outcome.kind == Outcome::Kind::Delivered) {
        failing_.erase(integration);
        log_.info("notifiers", "notification sent", std::move(fields));
        return;
    }
    failing_.insert(integration);
    fields.push_back({"error", attempt.outcome.message});
    log_.warn("notifiers", attempt.outcome.kind == Outcome::Kind::RetryLater ? "notification failed, to be tried again"
                                                                             : "notification refused",
              std::move(fields));
}

void DeliveryWatch::on_mute(const MuteEvent& mute) {
    log_.debug("notifiers", "alert muted", {{"receiver", mute.receiver}, {"labels", to_string(mute.alert->alert.labels)}});
}

}  // namespace tocsin
