#pragma once

#include <string>
#include <vector>

#include "rules/rule_file.h"
#include "rules/rule_test_file.h"

namespace tocsin {

/// Which rules of a file a test has to evaluate. One whose selectors find nothing among the series of the test and what
/// other rules write, and whose expression is empty then, leaves no trace: no alert, no series, no error.
class RuleTestSelection {
public:
    /// The groups outlive it.
    explicit RuleTestSelection(const std::vector<RuleGroupDefinition>& groups);

    /// The groups with the rules that matter, in their order, and those of the alerts that the test asks for.
    std::vector<RuleGroupDefinition> groups_for(const RuleTest& test) const;

private:
    struct Candidate {
        std::size_t group;
        const RuleDefinition* rule;
    };
    const std::vector<RuleGroupDefinition>& groups_;
    std::vector<Candidate> candidates_;
};

}  // namespace tocsin
