#pragma once

#include "base/disk.h"
#include "rules/rule_test_report.h"

namespace tocsin {

struct ExpectationUpdate {
    std::size_t written = 0;
    Diagnostics left;  // failures for which nothing can be written down, warnings
};

/// Writes into the test file what its cases saw where they expected something else: `exp_alerts` and `exp_samples` are
/// replaced, everything else stays as it is. Windows, rules that fail and expectations in YAML's flow style are left.
Result<ExpectationUpdate> update_expectations(Disk& disk, const RuleTestReport& report);

}  // namespace tocsin
