#pragma once

#include <optional>
#include <string>

#include "base/disk.h"
#include "base/regex.h"
#include "rules/rule_test_report.h"
#include "rules/rule_test_routing.h"

namespace tocsin {

struct RuleTestOptions {
    /// For files that do not say so themselves.
    bool group_intervals = false;
    bool coverage = false;
    /// Only tests whose name it finds something in.
    std::optional<Regex> run;
    QueryOptions query;
    /// For files with an alertmanager_config_file; empty: such a file cannot be run.
    LoadRuleTestRouting load_routing;
};

/// Runs unit tests of rules, each in a world of its own on virtual time: the same file gives the same report, always.
///
/// Rule files are read once however many tests and test files use them.
class RuleTestRunner {
public:
    RuleTestRunner(Disk& disk, RuleTestOptions options);
    ~RuleTestRunner();

    RuleTestReport run(const std::string& path);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
