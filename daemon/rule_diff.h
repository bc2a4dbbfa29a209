#pragma once

#include <string>
#include <vector>

#include "base/labels.h"
#include "base/time.h"
#include "notifiers/config.h"
#include "rules/rule_file.h"

namespace tocsin {

/// One version of rules and routing.
struct RuleVersion {
    const std::vector<RuleFile>& files;
    Duration evaluation_interval;  // of groups that do not say
    LabelSet external_labels;
    const AlertmanagerConfig* routing = nullptr;  // may be null
    Duration query_offset{0};                     // of groups that do not say
};

/// What is another rule now, in meaning: how an expression is laid out does not count.
struct RuleChange {
    enum class Kind { Added, Removed, Changed };
    Kind kind = Kind::Changed;
    bool is_alert = true;
    std::string name, group;
    std::vector<std::string> what;  // `for: 5m -> 10m`
    /// Alerts that fire have other labels now: for receivers the old ones are over, and new ones begin.
    bool pages_again = false;
};

/// By name. Of rules with the same name those pair that are the same, then those with the same labels, then those that
/// come first.
std::vector<RuleChange> compare_rules(const RuleVersion& base, const RuleVersion& head);

/// An alert of both versions, paired in the same way, that takes other routes now, as far as the labels of its rule
/// tell.
struct RouteChange {
    std::string alert;
    std::string before, after;  // `pagerduty (by alertname, after 10s, every 5m, again after 4h)`, …
};
std::vector<RouteChange> compare_routes(const RuleVersion& base, const RuleVersion& head);

}  // namespace tocsin
