#pragma once

#include <memory>
#include <vector>

#include "base/disk.h"
#include "rules/rule_test_report.h"
#include "rules/rule_test_selection.h"
#include "rules/rule_test_world.h"

namespace tocsin {

class CoverageCollector;

/// Runs the tests of one file, one after the other.
class RuleTestRun {
public:
    struct Context {
        const RuleTestFile& file;
        const std::vector<RuleGroupDefinition>& groups;  // in the order of evaluation
        const RuleTestWorldSettings& settings;
        Disk& disk;
        CoverageCollector* coverage;  // null when nobody asks
    };
    explicit RuleTestRun(const Context& context) : context_(context), selection_(context.groups) {}

    /// A rule that cannot be evaluated ends the test, as in promtool.
    RuleTestOutcome run(const RuleTest& test) const;

private:
    Context context_;
    RuleTestSelection selection_;
};

}  // namespace tocsin
