#include "notifiers/untold_alerts.h"

#include <algorithm>

#include "notifiers/stored_notifications.h"

namespace tocsin {
namespace {

constexpr std::size_t kToldMax = 20'000;

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
    UntoldAlert untold{alert.labels,  alert.starts_at, alert.ends_at, end.at, end.receiver,
                       end.group_key, {},              {},            {},     false};
    if (end.untold == EndEvent::Untold::Muted && end.mute) {
        untold.why = to_string(end.mute->reason);
        untold.by = end.mute->by;
    } else {
        untold.why = name_of(end.untold);
        if (end.untold == EndEvent::Untold::Refused) untold.error = end.error;
    }
    return untold;
}

/// By which alert and when it began an incident is known.
std::pair<std::uint64_t, Timestamp> incident_of(const UntoldAlert& untold) {
    Alert alert;
    alert.labels = untold.labels;
    return {StoredAlert(std::move(alert)).log_hash, untold.starts_at};
}

}  // namespace

UntoldAlerts::UntoldAlerts(const Scheduler& clock, Log& log, Duration retention)
    : alerts_(clock, log, {kUntoldTable, "notifiers::untold", stored_value, read_untold_alert},
              {retention, kAlertsMax}) {
    alerts_.on_forget([this](const TimedKey& key, const UntoldAlert& alert) { forget_key(key, alert); });
}

void UntoldAlerts::keep_in(StateStore& state) {
    alerts_.keep_in(state);
    for (const auto& [key, alert] : alerts_.records()) keys_.emplace(incident_of(alert), key);
}

void UntoldAlerts::on_end(const EndEvent& end) {
    const Incident incident{end.alert->log_hash, end.alert->alert.starts_at};
    if (end.told) {
        note_told(incident);
    } else {
        add(end, incident);
    }
}

void UntoldAlerts::note_told(const Incident& incident) {
    const auto [first, last] = keys_.equal_range(incident);
    for (auto at = first; at != last; ++at) {
        alerts_.find(at->second)->told_others = true;
        alerts_.changed(at->second);
    }
    alerts_.save();
    if (!told_.insert(incident).second) return;
    if (told_in_order_.size() < kToldMax) {
        told_in_order_.push_back(incident);
        return;
    }
    told_.erase(std::exchange(told_in_order_[next_told_], incident));
    next_told_ = (next_told_ + 1) % kToldMax;
}

void UntoldAlerts::add(const EndEvent& end, const Incident& incident) {
    UntoldAlert alert = untold_alert_of(end);
    alert.told_others = told_.count(incident) > 0;
    keys_.emplace(incident, alerts_.add(end.at, std::move(alert)));
    alerts_.save();
}

void UntoldAlerts::forget_key(const TimedKey& key, const UntoldAlert& alert) {
    const auto [begin, end] = keys_.equal_range(incident_of(alert));
    const auto known = std::find_if(begin, end, [&](const auto& one) { return one.second == key; });
    if (known != end) keys_.erase(known);
}

void UntoldAlerts::for_each(const std::function<bool(const UntoldAlert&)>& visit) const {
    alerts_.for_each(visit);
}

}  // namespace tocsin
