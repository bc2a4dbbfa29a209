#pragma once

#include <map>
#include <string>
#include <vector>

#include "rules/rule_group.h"

namespace tocsin {

/// An alert without a rule: its group is gone, or was read from a file of the last run.
struct OrphanAlert {
    std::string file, group;
    std::size_t nth = 0;  // which rule of that name it was, or what that one is now
    LabelSet labels;
    ActiveAlert alert;
};

/// Finds rules for alerts that have lost theirs, by the alerts' labels: who is told of an alert must not notice that
/// its rule was edited or moved.
class AlertInheritance {
public:
    /// The groups whose rules may take alerts.
    explicit AlertInheritance(const std::vector<std::shared_ptr<RuleGroup>>& heirs);

    /// Gives each alert to a rule that could have made it and has none of its labels: the one it came from if that is
    /// there still, else another of that group, else any.
    /// Answers with those for which there is no such rule.
    std::vector<OrphanAlert> distribute(std::vector<OrphanAlert> orphans) const;

    /// Whether one of the rules has a firing alert of these labels.
    bool has_firing(const LabelSet& labels) const;

private:
    struct Heir {
        RuleGroup* group;
        GroupRule* rule;
    };
    enum class From { SameRule, SameGroup, AnyGroup };
    const Heir* heir_of(const OrphanAlert& orphan, From from) const;

    std::multimap<std::string, Heir, std::less<>> by_alert_name_;  // in the order of the rules
};

}  // namespace tocsin
