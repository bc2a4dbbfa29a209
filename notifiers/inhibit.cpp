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

std::optional<Inhibitor::Inhibition> Inhibitor::find_inhibition(const LabelSet& target, Timestamp now) const {
    for (const Rule& rule : rules_) {
        if (const AlertPtr* source = find_source(rule, target, now)) return Inhibition{*source, rule.config.name};
    }
    return std::nullopt;
}

std::optional<Fingerprint> Inhibitor::inhibiting(const LabelSet& target, Timestamp now) const {
    for (const Rule& rule : rules_) {
        if (const AlertPtr* source = find_source(rule, target, now)) return (*source)->fingerprint;
    }
    return std::nullopt;
}

const AlertPtr* Inhibitor::find_source(const Rule& rule, const LabelSet& target, Timestamp now) {
    if (!all_match(rule.config.target_matchers, target)) return nullptr;
    const auto sources = rule.sources.find(target.only(rule.config.equal));
    if (sources == rule.sources.end()) return nullptr;
    // An alert on both sides is inhibited only by sources that are on one, or it would inhibit itself and its like.
    const bool both_sides = all_match(rule.config.source_matchers, target);
    for (const auto& [labels, source] : sources->second) {
        if (source->alert.resolved_at(now)) continue;
        if (both_sides && all_match(rule.config.target_matchers, labels)) continue;
        return &source;
    }
    return nullptr;
}

}  // namespace tocsin
