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

void UntoldAlerts::keep_in(StateStore& state) {
    for (const StateRecord& record : state.open_table(kUntoldTable, [this] { return everything(); })) {
        const auto key = read_time_key(record.key);
        auto alert = read_untold_alert(record);
        if (!key || !alert) {
            log_.error("notifiers::untold", "a stored record makes no sense and is left out", {{"record", record.key}});
            continue;
        }
        next_number_ = std::max(next_number_, key->second + 1);
        keys_.emplace(incident_of(*alert), *key);
        alerts_.emplace(*key, *std::move(alert));
    }
    state_ = &state;
    forget_old();
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
        alerts_.at(at->second).told_others = true;
        write(at->second);
    }
    if (!told_.insert(incident).second) return;
    if (told_in_order_.size() < kToldMax) {
        told_in_order_.push_back(incident);
        return;
    }
    told_.erase(std::exchange(told_in_order_[next_told_], incident));
    next_told_ = (next_told_ + 1) % kToldMax;
}

void UntoldAlerts::add(const EndEvent& end, const Incident& incident) {
    const Key key{to_unix_ms(end.at), next_number_++};
    UntoldAlert& alert = alerts_[key] = untold_alert_of(end);
    alert.told_others = told_.count(incident) > 0;
    keys_.emplace(incident, key);
    write(key);
    forget_old();
}

void UntoldAlerts::write(const Key& key) const {
    if (state_ == nullptr) return;
    state_->write([key = time_key(key), value = stored_value(alerts_.at(key))](StateWriter& writer) {
        writer.put(kUntoldTable, key, value);
    });
}

void UntoldAlerts::forget_old() {
    const std::int64_t oldest = to_unix_ms(clock_.now() - retention_);
    bool some = false;
    while (!alerts_.empty() && (alerts_.size() > kAlertsMax || alerts_.begin()->first.first < oldest)) {
        forget_first();
        some = true;
    }
    if (!some || state_ == nullptr) return;
    if (alerts_.empty()) return state_->write([](StateWriter& writer) { writer.clear(kUntoldTable); });
    state_->write([first = time_key(alerts_.begin()->first)](StateWriter& writer) {
        writer.erase_before(kUntoldTable, first);
    });
}

void UntoldAlerts::forget_first() {
    const auto first = alerts_.begin();
    const auto [begin, end] = keys_.equal_range(incident_of(first->second));
    const auto key = std::find_if(begin, end, [&](const auto& known) { return known.second == first->first; });
    if (key != end) keys_.erase(key);
    alerts_.erase(first);
}

void UntoldAlerts::for_each(const std::function<bool(const UntoldAlert&)>& visit) const {
    for (auto at = alerts_.rbegin(); at != alerts_.rend(); ++at) {
        if (!visit(at->second)) return;
    }
}

StateStore::Write UntoldAlerts::everything() const {
    std::map<std::string, std::string> records;
    for (const auto& [key, alert] : alerts_) records[time_key(key)] = stored_value(alert);
    return [records = std::move(records)](StateWriter& writer) {
        for (const auto& [key, value] : records) writer.put(kUntoldTable, key, value);
    };
}

}  // namespace tocsin
