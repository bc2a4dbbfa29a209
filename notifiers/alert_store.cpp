#include "notifiers/alert_store.h"

#include <algorithm>

#include "base/hash.h"

namespace tocsin {
namespace {

std::uint64_t log_hash_of(const LabelSet& labels) {
    std::string bytes;
    bytes.reserve(labels.packed_bytes());
    for (const Label label : labels) {
        bytes += label.name;
        bytes += '\xFF';
        bytes += label.value;
        bytes += '\xFF';
    }
    return xxhash64(bytes);
}

bool overlap(const Alert& old, const Alert& next) {
    const auto within = [&](Timestamp t) { return t > old.starts_at && t < old.ends_at; };
    return within(next.ends_at) || within(next.starts_at);
}

}  // namespace

StoredAlert::StoredAlert(Alert of, std::uint64_t its_number)
    : alert(std::move(of)),
      fingerprint(tocsin::fingerprint(alert.labels)),
      log_hash(log_hash_of(alert.labels)),
      number(its_number) {}

StoredAlert::StoredAlert(Alert of, const StoredAlert& before, Timestamp now)
    : alert(std::move(of)),
      fingerprint(before.fingerprint),
      log_hash(before.log_hash),
      number(before.number),
      only_renews(!before.alert.resolved_at(now) && alert.starts_at == before.alert.starts_at &&
                  alert.annotations == before.alert.annotations && alert.generator_url == before.alert.generator_url) {}

Alert merge_alert(const Alert& old, Alert next, Timestamp now) {
    if (!overlap(old, next)) return next;
    if (next.updated_at < old.updated_at) return merge_alert(next, old, now);
    next.starts_at = std::min(next.starts_at, old.starts_at);
    const bool later = old.ends_at > next.ends_at;
    const bool old_counts = next.resolved_at(now) ? old.resolved_at(now) : !old.ends_by_timeout;
    if (later && old_counts) next.ends_at = old.ends_at;
    return next;
}

AlertPtr AlertStore::put(Alert alert, Timestamp now) {
    const auto [known, is_new] = alerts_.try_emplace(alert.labels);
    if (!is_new) {
        const StoredAlert& before = *known->second;
        // News mostly say the same texts again: they are held once.
        alert.labels = before.alert.labels;
        if (alert.annotations == before.alert.annotations) alert.annotations = before.alert.annotations;
        if (alert.generator_url == before.alert.generator_url) alert.generator_url = before.alert.generator_url;
        known->second = std::make_shared<StoredAlert>(merge_alert(before.alert, std::move(alert), now), before, now);
        return known->second;
    }
    if (is_overfull(alert.labels)) {
        alerts_.erase(known);
        return nullptr;
    }
    ++count_by_alertname_[std::string(alert.labels.get(kAlertNameLabel))];
    return known->second = std::make_shared<StoredAlert>(std::move(alert), ++last_number_);
}

AlertPtr AlertStore::find(const LabelSet& labels) const {
    const auto found = alerts_.find(labels);
    return found == alerts_.end() ? nullptr : found->second;
}

std::vector<AlertPtr> AlertStore::collect(Timestamp now) {
    std::vector<AlertPtr> gone;
    for (auto at = alerts_.begin(); at != alerts_.end();) {
        if (!at->second->alert.resolved_at(now)) {
            ++at;
            continue;
        }
        const auto count = count_by_alertname_.find(at->first.get(kAlertNameLabel));
        if (count != count_by_alertname_.end() && --count->second == 0) count_by_alertname_.erase(count);
        gone.push_back(at->second);
        alerts_.erase(at++);
    }
    return gone;
}

std::vector<AlertPtr> AlertStore::sorted() const {
    std::vector<AlertPtr> out;
    out.reserve(alerts_.size());
    for (const auto& [labels, alert] : alerts_) out.push_back(alert);
    std::sort(out.begin(), out.end(),
              [](const AlertPtr& a, const AlertPtr& b) { return a->alert.labels < b->alert.labels; });
    return out;
}

std::vector<AlertPtr> AlertStore::shift_ends(Timestamp before, Duration step) {
    std::vector<AlertPtr> shifted;
    for (const AlertPtr& stored : sorted()) {
        if (stored->alert.resolved_at(before) || stored->alert.ends_at == Timestamp{}) continue;
        Alert alert = stored->alert;
        alert.ends_at += step;
        auto moved = std::make_shared<StoredAlert>(std::move(alert), *stored, before);
        alerts_[moved->alert.labels] = moved;
        shifted.push_back(std::move(moved));
    }
    return shifted;
}

/// With the place that was made for an alert with these labels.
bool AlertStore::is_overfull(const LabelSet& labels) const {
    if (alerts_.size() > limits_.alerts) return true;
    if (limits_.per_alertname == 0) return false;
    const auto count = count_by_alertname_.find(labels.get(kAlertNameLabel));
    return count != count_by_alertname_.end() && count->second >= limits_.per_alertname;
}

}  // namespace tocsin
