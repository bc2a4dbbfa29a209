#include "notifiers/untold_alerts.h"

#include <tuple>
#include <utility>

#include "notifiers/stored_notifications.h"

namespace tocsin {
namespace {

std::string_view name_of(EndEvent::Untold untold) {
    switch (untold) {
        case EndEvent::Untold::Muted:
            return "muted";
        case EndEvent::Untold::Unseen:
            return "unseen";
        case EndEvent::Untold::Refused:
            return "refused";
        case EndEvent::Untold::NoIntegration:
            return "no integration";
    }
    return {};
}

UntoldAlert untold_alert_of(const EndEvent& end) {
    const Alert& alert = end.alert->alert;
    UntoldAlert untold{alert.labels, alert.starts_at, alert.ends_at, end.at, end.receiver, end.group_key, {}, {}, {},
                       false};
    if (end.untold == EndEvent::Untold::Muted && end.mute) {
        untold.why = to_string(end.mute->reason);
        untold.by = end.mute->by;
    } else {
        untold.why = name_of(end.untold);
        if (end.untold == EndEvent::Untold::Refused) untold.error = end.error;
    }
    return untold;
}

/// By which an incident that a receiver's group let go is known.
std::tuple<std::pair<std::uint64_t, Timestamp>, std::string, std::string> place_of(const UntoldAlert& untold) {
    Alert alert;
    alert.labels = untold.labels;
    return {{StoredAlert(std::move(alert)).log_hash, untold.starts_at}, untold.receiver, untold.group_key};
}

}  // namespace

UntoldAlerts::UntoldAlerts(const Scheduler& clock, Log& log, Duration retention)
    : alerts_(clock, log, {kUntoldTable, "notifiers::untold", stored_value, read_untold_alert},
              {retention, kAlertsMax}),
      told_incidents_(clock, log, {kToldTable, "notifiers::untold", stored_value, read_told_incident},
                      {retention, kToldMax}) {
    alerts_.on_forget([this](const TimedKey& key, const UntoldAlert& alert) { forget_key(key, alert); });
    told_incidents_.on_forget([this](const TimedKey&, const ToldIncident& told) {
        told_.erase({{told.alert, told.starts_at}, told.receiver});
    });
}

void UntoldAlerts::keep_in(StateStore& state) {
    alerts_.keep_in(state);
    for (const auto& [key, alert] : alerts_.records()) keys_.emplace(place_of(alert), key);
    told_incidents_.keep_in(state);
    for (const auto& [key, told] : told_incidents_.records()) {
        told_.insert({{told.alert, told.starts_at}, told.receiver});
    }
}

void UntoldAlerts::on_end(const EndEvent& end) {
    const Incident incident{end.alert->log_hash, end.alert->alert.starts_at};
    if (end.told) {
        note_told(end, incident);
    } else {
        add(end, incident);
    }
}

void UntoldAlerts::note_told(const EndEvent& end, const Incident& incident) {
    if (!told_.emplace(incident, end.receiver).second) return;
    told_incidents_.add(end.at, {incident.first, incident.second, end.receiver});
    told_incidents_.save();
    correct_untold(end.receiver, incident);
}

/// A group may have let the incident go before: another receiver's, or one of this receiver when a source had paused.
void UntoldAlerts::correct_untold(const std::string& told_receiver, const Incident& incident) {
    auto at = keys_.lower_bound({incident, {}, {}});
    while (at != keys_.end() && std::get<0>(at->first) == incident) {
        const TimedKey key = (at++)->second;
        UntoldAlert& alert = *alerts_.find(key);
        if (alert.receiver == told_receiver) {
            alerts_.remove(key);
        } else {
            alert.told_others = true;
            alerts_.changed(key);
        }
    }
    alerts_.save();
}

void UntoldAlerts::add(const EndEvent& end, const Incident& incident) {
    if (told_.count({incident, end.receiver}) > 0) return;
    const auto [known, is_new] = keys_.try_emplace({incident, end.receiver, end.group_key});
    if (!is_new) return extend(known->second, end.alert->alert.ends_at);
    UntoldAlert alert = untold_alert_of(end);
    alert.told_others = somebody_was_told(incident);
    known->second = alerts_.add(end.at, std::move(alert));
    alerts_.save();
}

/// It was taken for over before, and was not.
void UntoldAlerts::extend(const TimedKey& key, Timestamp ends_at) {
    UntoldAlert& alert = *alerts_.find(key);
    if (ends_at <= alert.ends_at) return;
    alert.ends_at = ends_at;
    alerts_.changed(key);
    alerts_.save();
}

bool UntoldAlerts::somebody_was_told(const Incident& incident) const {
    const auto first = told_.lower_bound({incident, {}});
    return first != told_.end() && first->first == incident;
}

void UntoldAlerts::forget_key(const TimedKey& key, const UntoldAlert& alert) {
    const auto known = keys_.find(place_of(alert));
    if (known != keys_.end() && known->second == key) keys_.erase(known);
}

void UntoldAlerts::for_each(const std::function<bool(const UntoldAlert&)>& visit) const {
    alerts_.for_each(visit);
}

}  // namespace tocsin
