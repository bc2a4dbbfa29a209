#pragma once

#include <string>
#include <vector>

#include "rules/rule_manager.h"
#include "rules/rule_test_file.h"
#include "rules/rule_test_report.h"

namespace tocsin {

using DiffLines = std::vector<std::string>;

/// Whether these alerts are the expected ones, each of them once.
bool meets(const AlertTestCase& expected, const std::vector<SeenAlert>& seen);

/// Whether any of them is an expected one; with no expectation, whether there is any.
bool has_expected(const AlertTestCase& expected, const std::vector<SeenAlert>& seen);

/// What is there of `rules`, all those of that name, in the state that the case looks at, by label set.
std::vector<SeenAlert> alerts_looked_at(const AlertTestCase& expected, const std::vector<const RuleView*>& rules);

/// Expected (-) and found (+) side by side, and why what is missing is not there. `start` is that of the test.
DiffLines compare_alerts(const AlertTestCase& expected, const std::vector<SeenAlert>& seen,
                         const std::vector<const RuleView*>& rules, Timestamp start);

/// Empty when the samples are the expected ones. `fuzzy`: the next greater or smaller number is as good.
DiffLines compare_samples(const std::vector<ExpectedSample>& expected, const std::vector<SeenSample>& seen, bool fuzzy);

}  // namespace tocsin
