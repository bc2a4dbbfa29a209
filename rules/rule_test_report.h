#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "base/labels.h"
#include "rules/rule_test_file.h"

namespace tocsin {

/// An alert as a test saw it.
struct SeenAlert {
    LabelSet labels;
    LabelSet annotations;
    AlertState state;
    double value = 0;
    Duration for_duration{0};  // of its rule
};

struct SeenSample {
    LabelSet labels;
    double value = 0;
    std::optional<std::string> histogram;  // instead of the value
};

/// A notification as a test saw it, as it can be written down.
struct SeenNotificationText {
    struct Alert {
        bool firing = true;
        LabelSet labels;
    };
    Duration at{0};  // from the start of the test
    std::string status;
    LabelSet group_labels;
    std::vector<Alert> alerts;
    std::vector<std::pair<std::string, std::string>> message;  // by path
};

/// What a case found where it expected something else.
struct RuleTestFailure {
    SourceRange where;               // of the case
    std::string what;                // `alert QueueBacklog at 5m`
    std::vector<std::string> lines;  // what was expected (-), what was there (+), and why

    // What the expectation should have been, for --update; nothing where it cannot be written down.
    std::optional<SourceRange> expectation;
    std::optional<std::vector<SeenAlert>> alerts;
    std::optional<std::vector<SeenSample>> samples;
    std::optional<std::vector<SeenNotificationText>> notifications = {};
};

/// One entry of `tests`.
struct RuleTestOutcome {
    std::string name;
    SourceRange where;
    std::size_t checks = 0;
    std::vector<RuleTestFailure> failures;
};

/// What tests exercised of one rule.
struct RuleCoverage {
    std::string file, group, rule;
    SourceRange where;
    bool is_alert = false;
    bool gave_result = false;  // its expression, at least once
    bool fired = false;
    /// A side of `and`, `or` or `unless`.
    struct Branch {
        std::string op;
        std::string side;  // `left`, `right`
        std::string text;
        bool gave_result = false;
    };
    std::vector<Branch> branches;
};

/// Everything about one test file.
struct RuleTestReport {
    std::string file;
    Diagnostics problems;     // why it could not be run, and warnings
    bool unreadable = false;  // it, or a file that it names
    std::vector<RuleTestOutcome> tests;
    std::vector<RuleCoverage> coverage;  // in the order of the rules; only when asked for

    bool passed() const {
        if (has_errors(problems)) return false;
        for (const RuleTestOutcome& test : tests) {
            if (!test.failures.empty()) return false;
        }
        return true;
    }
};

}  // namespace tocsin
