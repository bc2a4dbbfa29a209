#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rules/rule_file.h"

namespace tocsin {

/// A rule of a group and what it is in a later version of the group; null where there is none.
struct PairedRule {
    const RuleDefinition* before = nullptr;
    const RuleDefinition* after = nullptr;
    std::size_t nth_before = 0, nth_after = 0;  // among the rules of that name in the group
};

/// Whether nothing about a rule is different but its place.
bool same_rule(const RuleDefinition& a, const RuleDefinition& b);

/// Pairs the rules of two versions of a group, of which either may be null. Only rules of the same name are paired:
/// those that are the same first, then those with the same labels, for these are what an alert is known by, then those
/// with the same expression, then what is left in its order.
std::vector<PairedRule> pair_rules(const RuleGroupDefinition* before, const RuleGroupDefinition* after);

/// `file;group;rule`, where the second rule of a name (`nth` is 1) is `rule#2`.
std::string key_of_rule(const RuleGroupDefinition& group, const RuleDefinition& rule, std::size_t nth);

}  // namespace tocsin
