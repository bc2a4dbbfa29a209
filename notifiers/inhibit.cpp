#include "notifiers/inhibit.h"

namespace tocsin {

Inhibitor::Inhibitor(const std::vector<InhibitRuleConfig>& rules) {
    for (const InhibitRuleConfig& rule : rules) rules_.push_back({rule, {}});
}

void Inhibitor::update(const AlertPtr& alert) {
    const LabelSet& labels = alert->alert.labels;
    for (Rule& rule : rules_) {
        if (all_match(rule.config.source_matchers, labels)) {
            rule.sources[labels.only(rule.config.equal)][labels] = alert;
        }
    }
}

void Inhibitor::forget(const AlertPtr& alert) {
    const LabelSet& labels = alert->alert.labels;
    for (Rule& rule : rules_) {
        const auto sources = rule.sources.find(labels.only(rule.config.equal));
        if (sources == rule.sources.end()) continue;
        sources->second.erase(labels);
        if (sources->second.empty()) rule.sources.erase(sources);
    }
}

std::optional<Fingerprint> Inhibitor::inhibiting(const LabelSet& target, Timestamp now) const {
    for (const Rule& rule : rules_) {
        if (const auto source = inhibiting_by(rule, target, now)) return source;
    }
    return std::nullopt;
}

std::optional<Fingerprint> Inhibitor::inhibiting_by(const Rule& rule, const LabelSet& target, Timestamp now) {
    if (!all_match(rule.config.target_matchers, target)) return std::nullopt;
    const auto sources = rule.sources.find(target.only(rule.config.equal));
    if (sources == rule.sources.end()) return std::nullopt;
    // An alert on both sides is inhibited only by sources that are on one, or it would inhibit itself and its like.
    const bool both_sides = all_match(rule.config.source_matchers, target);
    for (const auto& [labels, source] : sources->second) {
        if (source->alert.resolved_at(now)) continue;
        if (both_sides && all_match(rule.config.target_matchers, labels)) continue;
        return source->fingerprint;
    }
    return std::nullopt;
}

}  // namespace tocsin
