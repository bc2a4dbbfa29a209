#pragma once

#include "base/disk.h"
#include "rules/rule_test_report.h"

namespace tocsin {

struct ExpectationUpdate {
    std::size_t written = 0;
    Diagnostics left;  // failures for which nothing was written down, warnings: `left alone: alert A never in …: why`
};

/// Writes into the test file what its cases saw where they expected something else: `exp_alerts`, `exp_samples` and
/// `exp_notifications` are replaced, everything else stays as it is, comments in them too. Left are `within`,
/// `throughout` and `never`, rules that fail, and expectations in YAML's flow style.
Result<ExpectationUpdate> update_expectations(Disk& disk, const RuleTestReport& report);

}  // namespace tocsin
