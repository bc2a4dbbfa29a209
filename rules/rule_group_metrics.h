#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/self_metrics.h"
#include "engine/eval/query.h"

namespace tocsin {

/// What /metrics says about one rule group, under the names of Prometheus (rules/group.go NewGroupMetrics). Gone with
/// this object, but for what is counted of all groups together.
class RuleGroupMetrics {
public:
    /// `key` is `file;name`.
    RuleGroupMetrics(SelfMetrics& metrics, const std::string& key);
    ~RuleGroupMetrics();
    RuleGroupMetrics(const RuleGroupMetrics&) = delete;
    RuleGroupMetrics& operator=(const RuleGroupMetrics&) = delete;

    /// Of one rule, which Prometheus has nothing of. `rule` is its name; the second of that name in the group is
    /// `name#2`.
    struct Rule {
        SelfMetrics::Value* failures;
        SelfMetrics::Value* last_samples;
        SelfMetrics::Value* last_duration;
        SelfMetrics::Value* template_failures;
        std::map<std::string, SelfMetrics::Value*> selector_series = {};  // by the selector's text
    };
    const Rule& of_rule(const std::string& rule);
    /// How many series each selector of a rule matched. Selectors that are not among them are gone.
    void show_selectors(const std::string& rule, const std::vector<StandingQuery::SelectorUse>& selectors);
    /// The others are gone.
    void keep_rules(const std::set<std::string>& names);

private:
    LabelSet labels_of(const std::string& rule) const;
    LabelSet labels_of(const std::string& rule, const std::string& selector) const;
    void keep_selectors(const std::string& rule, const std::set<std::string_view>& texts);

    SelfMetrics& metrics_;
    LabelSet labels_;
    std::map<std::string, Rule> rules_;

public:
    SelfMetrics::Value& evaluations;
    SelfMetrics::Value& failures;
    SelfMetrics::Value& failing_rules;
    SelfMetrics::Value& iterations;
    SelfMetrics::Value& missed;
    SelfMetrics::Value& interval;
    SelfMetrics::Value& last_duration;
    SelfMetrics::Value& last_restore_duration;
    SelfMetrics::Value& last_rule_durations;
    SelfMetrics::Value& last_timestamp;
    SelfMetrics::Value& last_samples;
    SelfMetrics::Value& rules;
    SelfMetrics::Distribution& rule_duration;   // of all groups
    SelfMetrics::Distribution& group_duration;  // of all groups
    SelfMetrics::Value& template_expansions;    // of all groups
    SelfMetrics::Value& template_failures;      // of all groups
};

}  // namespace tocsin
