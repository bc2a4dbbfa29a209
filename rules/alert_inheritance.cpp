#include "rules/alert_inheritance.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace tocsin {

AlertInheritance::AlertInheritance(const std::vector<std::shared_ptr<RuleGroup>>& heirs) {
    for (const auto& group : heirs) {
        for (const auto& rule : group->rules()) {
            if (rule->alerting() != nullptr)
                by_alert_name_.emplace(rule->definition.name, Heir{group.get(), rule.get()});
        }
    }
}

const AlertInheritance::Heir* AlertInheritance::heir_of(const OrphanAlert& orphan, From from) const {
    const auto [begin, end] = by_alert_name_.equal_range(orphan.labels.get(kAlertNameLabel));
    for (auto heir = begin; heir != end; ++heir) {
        const RuleGroupDefinition& group = heir->second.group->definition();
        const bool in_place = group.file == orphan.file && group.name == orphan.group;
        if (from != From::AnyGroup && !in_place) continue;
        if (from == From::SameRule && heir->second.rule->nth != orphan.nth) continue;
        const AlertingRule& rule = *heir->second.rule->alerting();
        // One that has an alert of these labels goes on with that one.
        if (rule.could_own(orphan.labels) && !rule.alerts().contains(orphan.labels)) return &heir->second;
    }
    return nullptr;
}

// Alerts that stay in their group first: they must not find their place taken by those that come from elsewhere.
std::vector<OrphanAlert> AlertInheritance::distribute(std::vector<OrphanAlert> orphans) const {
    for (const From from : {From::SameRule, From::SameGroup, From::AnyGroup}) {
        std::vector<OrphanAlert> left;
        for (OrphanAlert& orphan : orphans) {
            if (const Heir* heir = heir_of(orphan, from)) {
                const bool adopted = heir->group->adopt(*heir->rule, std::move(orphan.labels), std::move(orphan.alert));
                TOCSIN_ASSERT(adopted);
            } else {
                left.push_back(std::move(orphan));
            }
        }
        orphans = std::move(left);
    }
    return orphans;
}

bool AlertInheritance::has_firing(const LabelSet& labels) const {
    const auto [begin, end] = by_alert_name_.equal_range(labels.get(kAlertNameLabel));
    return std::any_of(begin, end, [&](const auto& entry) {
        const ActiveAlerts& alerts = entry.second.rule->alerting()->alerts();
        const auto found = alerts.find(labels);
        return found != alerts.end() && found->second.state.phase == AlertPhase::Firing;
    });
}

}  // namespace tocsin
