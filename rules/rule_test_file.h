#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "base/regex.h"
#include "base/time.h"
#include "engine/eval/query.h"
#include "parser/ast.h"
#include "parser/promql_parser.h"
#include "rules/alert_state.h"
#include "rules/rule_test_step.h"

namespace tocsin {

/// What a label or annotation is to be: a text to the letter, or with `regex` what matches as a whole.
struct ExpectedText {
    std::string name;
    std::string text;  // of an expression: its pattern
    std::optional<Regex> regex;

    bool matches(std::string_view value) const { return regex ? regex->matches(value) : value == text; }
};

struct ExpectedAlert {
    std::vector<ExpectedText> labels;  // by name, `alertname` among them
    std::vector<ExpectedText> annotations;
};

/// One entry of `alert_rule_test`. Durations count from the start of the test.
struct AlertTestCase {
    enum class When {
        At,          // `eval_time`: after the last evaluation that is not later
        Within,      // after at least one evaluation of the window
        Throughout,  // after each evaluation of the window
        Never,       // none of the expected alerts, or none at all, after any evaluation of the window
    };
    enum class Match { Exact, Partial };

    When when = When::At;
    Duration from{0}, until{0};  // both included; the same for When::At
    std::string alertname;
    /// Which alerts are looked at; nothing means pending and firing ones.
    std::optional<AlertPhase> state = AlertPhase::Firing;
    /// With Partial, labels and annotations that are not expected may be there too.
    Match match = Match::Exact;
    std::vector<ExpectedAlert> alerts;
    SourceRange where;
    std::optional<SourceRange> expectation;  // of the key `exp_alerts`
};

/// What a notification is to be. What is not given is not looked at; of labels and annotations that are given none may
/// be missing or more, but with Match::Partial.
struct ExpectedNotification {
    struct Alert {
        std::string status;  // `firing`, `resolved`, or empty
        std::optional<std::vector<ExpectedText>> labels, annotations;
    };
    std::optional<Duration> at;
    std::string status;
    std::optional<std::vector<ExpectedText>> group_labels;
    std::optional<std::vector<Alert>> alerts;
    std::vector<ExpectedText> message;  // by path in the rendered message: `attachments[0].title`
};

/// One entry of `notification_test`: these are all notifications of the receiver in the window, in that order.
struct NotificationTestCase {
    Duration from{0}, until{0};  // both included
    std::string receiver;
    std::string integration;   // only those of this kind; empty: of all, and those that belong together count as one
    bool nobody_else = false;  // instead: no receiver is told that no other case names
    AlertTestCase::Match match = AlertTestCase::Match::Exact;
    std::vector<ExpectedNotification> notifications;
    SourceRange where;
    SourceRange receiver_where;
    std::optional<SourceRange> expectation;  // of the key `exp_notifications`
};

struct ExpectedSample {
    LabelSet labels;
    double value = 0;
    std::optional<std::string> histogram;  // instead of the value: a native one, in the notation of series
};

/// One entry of `promql_expr_test`.
struct ExpressionTestCase {
    std::string text;
    std::shared_ptr<const Expr> expr;
    Duration eval_time{0};
    std::vector<ExpectedSample> samples;
    SourceRange where;
    std::optional<SourceRange> expectation;  // of the key `exp_samples`
};

/// One entry of `tests`: series, and what the rules make of them.
struct RuleTest {
    std::string name;
    Duration interval{0};  // between the values of a series
    std::vector<SeriesDescription> series;
    LabelSet external_labels;
    std::string external_url;
    Timestamp start{};
    bool has_start = false;  // it was given; otherwise a fixture's begin takes its place
    std::vector<AlertTestCase> alert_cases;
    std::vector<ExpressionTestCase> expression_cases;
    std::vector<NotificationTestCase> notification_cases;
    std::vector<RuleTestStep> steps;  // by time
    SourceRange where;
    bool is_whole = true;  // nothing about it was wrong so far

    /// How far from its start its cases look.
    Duration length() const;
};

/// A file of unit tests of rules in promtool's format, with tocsin's additions to it (docs/rule_tests.md).
struct RuleTestFile {
    std::string path;
    struct Pattern {
        std::string text;
        SourceRange where;
    };
    std::vector<Pattern> rule_files;  // as seen from the folder of the file
    std::vector<Pattern> fixtures;    // likewise
    std::optional<Pattern> alertmanager_config_file;
    Duration evaluation_interval{std::chrono::minutes(1)};
    std::vector<Pattern> group_eval_order;  // names of groups
    bool fuzzy_compare = false;
    /// Each group is evaluated on its own interval, as in production, and not on `evaluation_interval`.
    bool group_intervals = false;
    std::vector<RuleTest> tests;
};

/// Adds everything that is wrong with the file to `problems`, at once: fields, series, expressions. What could be read
/// comes back nevertheless; nothing when it is no YAML. (Prometheus cmd/promtool/unittest.go.)
std::optional<RuleTestFile> parse_rule_test_file(std::string_view text, const std::string& path,
                                                 const QueryOptions& options, Diagnostics& problems);

}  // namespace tocsin
