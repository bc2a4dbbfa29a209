#include "daemon/delivery_watch.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"

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
        log_.info("notifiers", "notification sent", std::move(fields));
        return;
    }
    fields.push_back({"error", attempt.outcome.message});
    fields.push_back({"reason", std::string(to_string(attempt.outcome.reason))});
    fields.push_back({"waiting", std::to_string(attempt.waiting)});
    if (attempt.retry_in) fields.push_back({"retry_in", to_string(*attempt.retry_in)});
    log_.warn("notifiers", attempt.outcome.kind == Outcome::Kind::RetryLater ? "notification failed, to be tried again"
                                                                             : "notification refused",
              std::move(fields));
}

void DeliveryWatch::on_mute(const MuteEvent& mute) {
    log_.debug("notifiers", "alert muted", {{"receiver", mute.receiver}, {"labels", to_string(mute.alert->alert.labels)}});
}

void DeliveryWatch::on_flap(const FlapEvent& flap) {
    log_.info("notifiers", flap.fires_again ? "alert ended and fires again, between two flushes of its group"
                                            : "alert fired and ended between two flushes of its group",
              {{"receiver", flap.receiver},
               {"group", flap.group_key},
               {"labels", to_string(flap.alert->alert.labels)},
               {"starts_at", to_rfc3339_ms(flap.alert->alert.starts_at)}});
}

}  // namespace tocsin
