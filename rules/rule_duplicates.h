#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "rules/rule_file.h"

namespace tocsin {

/// Warns of each rule that has the name and the labels of an earlier one: what is recorded twice, or fires twice, is
/// mostly a copy that was forgotten. `rule/duplicate`, at the later one.
Diagnostics find_duplicates_within(const std::string& file, const std::vector<RuleGroupDefinition>& groups);

/// The same for rules of which the earlier one is in another file. Files of the same path count as one.
Diagnostics find_duplicates_between(std::span<const RuleFile> files);

}  // namespace tocsin
