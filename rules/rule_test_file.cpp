#include "rules/rule_test_file.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "base/yaml.h"
#include "parser/native_histogram.h"
#include "rules/text_place.h"

namespace tocsin {
namespace {

// A test of a year at one value a second.
constexpr std::size_t kValuesMax = 40'000'000;

/// Reads one file; goes on after each problem.
class Reader {
public:
    Reader(const std::string& path, const QueryOptions& options) : options_(options) { file_.path = path; }

    RuleTestFile read(const YamlNode& root);
    Diagnostics problems;

private:
    template <class Read>
    void for_each(YamlFields& fields, std::string_view key, Read&& read);
    void report(const SourceRange& where, std::string message, std::string expected = {});
    void report_in(const YamlNode& scalar, const Diagnostics& found, std::string_view what);

    void read_rule_files(YamlFields& fields);
    void read_order(YamlFields& fields);
    void read_recordings(YamlFields& fields);
    RuleTest read_test(const YamlNode& node);
    void read_series(const YamlNode& node, RuleTest& test);
    void read_external_labels(YamlFields& fields, RuleTest& test);
    void read_start(YamlFields& fields, RuleTest& test);

    RuleTestStep read_step(const YamlNode& node);
    void read_failing_scrapes(YamlFields& fields, RuleTestStep& step);
    void read_reload(const YamlNode& node, RuleTestStep& step);
    void sort_steps(RuleTest& test);

    NotificationTestCase read_notification_case(const YamlNode& node);
    void read_receiver(YamlFields& fields, NotificationTestCase& test_case);
    ExpectedNotification read_notification(const YamlNode& node);
    ExpectedNotification::Alert read_notified_alert(const YamlNode& node);
    std::string read_status(YamlFields& fields);
    std::optional<std::vector<ExpectedText>> read_given_texts(YamlFields& fields, std::string_view key);

    AlertTestCase read_alert_case(const YamlNode& node);
    void read_when(YamlFields& fields, AlertTestCase& test_case);
    template <class Case>
    void read_window(const YamlNode& node, Case& test_case);
    void read_state(YamlFields& fields, AlertTestCase& test_case);
    void read_match(YamlFields& fields, AlertTestCase::Match& match);
    ExpectedAlert read_alert(const YamlNode& node, const std::string& alertname);
    std::vector<ExpectedText> read_texts(YamlFields& fields, std::string_view key);
    std::optional<ExpectedText> read_text(const YamlNode::Entry& entry);

    ExpressionTestCase read_expression_case(const YamlNode& node);
    void read_expression(YamlFields& fields, ExpressionTestCase& test_case);
    std::optional<std::string> read_histogram(const YamlNode& node);
    ExpectedSample read_sample(const YamlNode& node);

    const QueryOptions& options_;
    RuleTestFile file_;
};

void Reader::report(const SourceRange& where, std::string message, std::string expected) {
    problems.push_back({.severity = Severity::Error,
                        .check = {},
                        .file = file_.path,
                        .where = where,
                        .message = std::move(message),
                        .expected = std::move(expected),
                        .hint = {}});
}

void Reader::report_in(const YamlNode& scalar, const Diagnostics& found, std::string_view what) {
    for (Diagnostic finding : found) {
        if (finding.severity != Severity::Error) continue;
        finding.message = fmt::format("{}: {}", what, finding.message);
        problems.push_back(moved_to_file(std::move(finding), scalar, file_.path));
    }
}

template <class Read>
void Reader::for_each(YamlFields& fields, std::string_view key, Read&& read) {
    const YamlNode* list = fields.get(key);
    if (list == nullptr || list->is_null()) return;
    if (!list->is_sequence()) return report(list->where, fmt::format("{} is not a list", key), "a list");
    for (const YamlNode& item : list->items) read(item);
}

RuleTestFile Reader::read(const YamlNode& root) {
    YamlFields fields(root, "rule test file", file_.path, problems);
    read_rule_files(fields);
    if (Duration interval{0}; fields.read("evaluation_interval", interval) && interval > Duration{0}) {
        file_.evaluation_interval = interval;
    }
    read_order(fields);
    read_recordings(fields);
    fields.read("fuzzy_compare", file_.fuzzy_compare);
    fields.read("group_intervals", file_.group_intervals);
    for_each(fields, "tests", [&](const YamlNode& node) { file_.tests.push_back(read_test(node)); });
    fields.finish();
    return std::move(file_);
}

void Reader::read_rule_files(YamlFields& fields) {
    for_each(fields, "rule_files", [&](const YamlNode& node) {
        if (!node.is_scalar()) return report(node.where, "an entry of rule_files is not a text", "a path or a pattern");
        file_.rule_files.push_back({node.text, node.where});
    });
}

void Reader::read_recordings(YamlFields& fields) {
    for_each(fields, "fixtures", [&](const YamlNode& node) {
        if (!node.is_scalar()) return report(node.where, "an entry of fixtures is not a text", "a path");
        file_.fixtures.push_back({node.text, node.where});
    });
    std::string path;
    if (!fields.read("alertmanager_config_file", path)) return;
    file_.alertmanager_config_file = {path, fields.get("alertmanager_config_file")->where};
}

void Reader::read_order(YamlFields& fields) {
    std::set<std::string> seen;
    for_each(fields, "group_eval_order", [&](const YamlNode& node) {
        if (!seen.insert(node.text).second) {
            report(node.where, "group name repeated in evaluation order: " + node.text);
        }
        file_.group_eval_order.push_back({node.text, node.where});
    });
}

RuleTest Reader::read_test(const YamlNode& node) {
    RuleTest test;
    const std::size_t problems_before = problems.size();
    test.where = node.where;
    test.interval = file_.evaluation_interval;
    YamlFields fields(node, "test", file_.path, problems);
    fields.read("name", test.name);
    if (Duration interval{0}; fields.read("interval", interval) && interval > Duration{0}) test.interval = interval;
    for_each(fields, "input_series", [&](const YamlNode& series) { read_series(series, test); });
    read_external_labels(fields, test);
    fields.read("external_url", test.external_url);
    read_start(fields, test);
    for_each(fields, "alert_rule_test",
             [&](const YamlNode& test_case) { test.alert_cases.push_back(read_alert_case(test_case)); });
    for_each(fields, "promql_expr_test",
             [&](const YamlNode& test_case) { test.expression_cases.push_back(read_expression_case(test_case)); });
    for_each(fields, "notification_test",
             [&](const YamlNode& test_case) { test.notification_cases.push_back(read_notification_case(test_case)); });
    for_each(fields, "steps", [&](const YamlNode& step) { test.steps.push_back(read_step(step)); });
    sort_steps(test);
    fields.finish();
    test.is_whole = problems.size() == problems_before;
    return test;
}

RuleTestStep Reader::read_step(const YamlNode& node) {
    using Kind = RuleTestStep::Kind;
    RuleTestStep step;
    step.where = node.where;
    YamlFields fields(node, "step", file_.path, problems);
    if (!fields.read("at", step.at)) report(node.where, "a step without a time", "at:");
    std::size_t given = 0;
    if (fields.get("scrape_fails") != nullptr) {
        ++given;
        step.kind = Kind::ScrapesFail;
        read_failing_scrapes(fields, step);
    }
    if (Duration down{0}; fields.read("restart", down)) {
        ++given;
        step.kind = Kind::Restart;
        step.until = step.at + down;
    }
    if (const YamlNode* changes = fields.get("reload"); changes != nullptr) {
        ++given;
        read_reload(*changes, step);
    }
    if (given != 1) report(node.where, "a step is one thing that happens", "scrape_fails:, restart: or reload:");
    fields.finish();
    return step;
}

void Reader::read_failing_scrapes(YamlFields& fields, RuleTestStep& step) {
    fields.read("scrape_fails", step.target);
    if (step.target.empty()) {
        report(step.where, "scrape_fails names no target", "its labels, as in {job: node, instance: a:1}");
    }
    const bool has_end = fields.read("until", step.until);
    if (!has_end || step.until <= step.at) {
        report(step.where, "scrape_fails has no end after its beginning",
               "until:, the first scrape that succeeds again");
    }
}

void Reader::read_reload(const YamlNode& node, RuleTestStep& step) {
    if (node.is_null()) return;
    if (!node.is_map()) {
        return report(node.where, "reload is no map",
                      "files of the test, and whose content they have then: {rules.yml: new/rules.yml}");
    }
    for (const YamlNode::Entry& entry : node.entries) {
        if (!entry.value.is_null() && !entry.value.is_scalar()) {
            report(entry.value.where, "what is put in place of a file is not a text",
                   "a path, or ~ where the file is gone");
        }
        const std::string content = entry.value.is_null() ? std::string() : entry.value.text;
        step.changes.push_back({entry.key, content, entry.key_where});
    }
}

// A daemon that is down reloads nothing and cannot go down.
void Reader::sort_steps(RuleTest& test) {
    std::stable_sort(test.steps.begin(), test.steps.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    Duration up_from{0};
    for (const RuleTestStep& step : test.steps) {
        if (step.kind == RuleTestStep::Kind::ScrapesFail) continue;
        if (step.at < up_from) report(step.where, "the daemon is down at that time, since it restarts");
        if (step.kind == RuleTestStep::Kind::Restart) up_from = step.until;
    }
}

void Reader::read_series(const YamlNode& node, RuleTest& test) {
    YamlFields fields(node, "series", file_.path, problems);
    std::string series, values;
    fields.read("series", series);
    fields.read("values", values);
    fields.finish();
    if (series.empty()) return report(node.where, "a series without a name", "`series:` and `values:`");
    auto read = parse_series_description(series + " " + values, kValuesMax);
    if (read) {
        test.series.push_back(*std::move(read));
        return;
    }
    // One text for the parser, two in the file.
    for (Diagnostic finding : read.error()) {
        const bool in_values = finding.where.column > series.size() + 1 && fields.get("values") != nullptr;
        if (in_values) {
            finding.where.column -= series.size() + 1;
            finding.where.end_column -= std::min(finding.where.end_column, series.size() + 1);
        }
        report_in(*fields.get(in_values ? "values" : "series"), {finding}, "series " + series);
    }
}

void Reader::read_external_labels(YamlFields& fields, RuleTest& test) {
    std::vector<std::pair<std::string, std::string>> labels;
    fields.read("external_labels", labels);
    test.external_labels = LabelSet::from(std::move(labels));
}

// Seconds since 1970, or RFC 3339; promtool calls it start_timestamp.
void Reader::read_start(YamlFields& fields, RuleTest& test) {
    for (const std::string_view key : {"start_timestamp", "start"}) {
        const YamlNode* node = fields.get(key);
        if (node == nullptr || node->is_null()) continue;
        if (test.has_start) report(node->where, "the start of the test is given twice");
        test.has_start = true;
        if (const auto seconds = parse_float(node->text); seconds && std::abs(*seconds) < 1e11) {
            test.start = from_unix_ms(std::llround(*seconds * 1000));
        } else if (const auto time = parse_rfc3339(node->text)) {
            test.start = *time;
        } else {
            report(node->where, fmt::format("{} {} is no time", key, go_quote(node->text)),
                   "seconds since 1970, or RFC 3339 as in 2026-03-01T10:00:00Z");
        }
    }
}

NotificationTestCase Reader::read_notification_case(const YamlNode& node) {
    NotificationTestCase test_case;
    test_case.where = node.where;
    YamlFields fields(node, "notification_test", file_.path, problems);
    const bool has_time = fields.read("eval_time", test_case.from);
    test_case.until = test_case.from;
    const YamlNode* window = fields.get("window");
    const bool has_window = window != nullptr && !window->is_null();
    if (has_window) read_window(*window, test_case);
    if (has_time == has_window) report(node.where, "a notification_test has one time", "window: or eval_time:");
    read_receiver(fields, test_case);
    read_match(fields, test_case.match);
    for (const YamlNode::Entry& entry : node.entries) {
        if (entry.key == "exp_notifications") test_case.expectation = entry.key_where;
    }
    for_each(fields, "exp_notifications",
             [&](const YamlNode& item) { test_case.notifications.push_back(read_notification(item)); });
    fields.finish();
    return test_case;
}

void Reader::read_receiver(YamlFields& fields, NotificationTestCase& test_case) {
    fields.read("nobody_else", test_case.nobody_else);
    fields.read("integration", test_case.integration);
    const bool has_receiver = fields.read("receiver", test_case.receiver);
    if (has_receiver) test_case.receiver_where = fields.get("receiver")->where;
    if (has_receiver == test_case.nobody_else) {
        report(test_case.where, "a notification_test is about one receiver, or about everybody else",
               "receiver: or nobody_else: true");
    }
}

ExpectedNotification Reader::read_notification(const YamlNode& node) {
    ExpectedNotification notification;
    YamlFields fields(node, "exp_notifications", file_.path, problems);
    if (Duration at{0}; fields.read("at", at)) notification.at = at;
    notification.status = read_status(fields);
    notification.group_labels = read_given_texts(fields, "group_labels");
    const YamlNode* alerts = fields.get("alerts");
    if (alerts != nullptr && !alerts->is_null()) notification.alerts.emplace();
    for_each(fields, "alerts",
             [&](const YamlNode& alert) { notification.alerts->push_back(read_notified_alert(alert)); });
    notification.message = read_texts(fields, "message");
    fields.finish();
    return notification;
}

ExpectedNotification::Alert Reader::read_notified_alert(const YamlNode& node) {
    ExpectedNotification::Alert alert;
    YamlFields fields(node, "alerts", file_.path, problems);
    alert.status = read_status(fields);
    alert.labels = read_given_texts(fields, "labels");
    alert.annotations = read_given_texts(fields, "annotations");
    fields.finish();
    return alert;
}

std::string Reader::read_status(YamlFields& fields) {
    std::string status;
    if (fields.read("status", status) && status != "firing" && status != "resolved") {
        report(fields.get("status")->where, fmt::format("unknown status {}", go_quote(status)), "firing or resolved");
    }
    return status;
}

std::optional<std::vector<ExpectedText>> Reader::read_given_texts(YamlFields& fields, std::string_view key) {
    const YamlNode* node = fields.get(key);
    if (node == nullptr || node->is_null()) return std::nullopt;
    return read_texts(fields, key);
}

AlertTestCase Reader::read_alert_case(const YamlNode& node) {
    AlertTestCase test_case;
    test_case.where = node.where;
    YamlFields fields(node, "alert_rule_test", file_.path, problems);
    read_when(fields, test_case);
    fields.read("alertname", test_case.alertname);
    if (test_case.alertname.empty())
        report(node.where, "an item under alert_rule_test misses required attribute alertname");
    read_state(fields, test_case);
    read_match(fields, test_case.match);
    for (const YamlNode::Entry& entry : node.entries) {
        if (entry.key == "exp_alerts") test_case.expectation = entry.key_where;
    }
    for_each(fields, "exp_alerts",
             [&](const YamlNode& alert) { test_case.alerts.push_back(read_alert(alert, test_case.alertname)); });
    fields.finish();
    return test_case;
}

void Reader::read_when(YamlFields& fields, AlertTestCase& test_case) {
    using When = AlertTestCase::When;
    std::size_t given = fields.read("eval_time", test_case.from) ? 1 : 0;
    test_case.until = test_case.from;
    const auto read = [&](std::string_view key, When when) {
        const YamlNode* node = fields.get(key);
        if (node == nullptr || node->is_null()) return;
        ++given;
        test_case.when = when;
        read_window(*node, test_case);
    };
    read("within", When::Within);
    read("throughout", When::Throughout);
    read("never", When::Never);
    if (given > 1)
        report(test_case.where, "more than one time for one case", "one of eval_time, within, throughout, never");
}

template <class Case>
void Reader::read_window(const YamlNode& node, Case& test_case) {
    const auto dots = node.text.find("..");
    const auto from = parse_duration(trim(std::string_view(node.text).substr(0, dots)));
    const auto until =
        dots == std::string::npos ? from : parse_duration(trim(std::string_view(node.text).substr(dots + 2)));
    if (dots == std::string::npos || !from || !until || *until < *from) {
        return report(node.where, fmt::format("{} is no window", go_quote(node.text)), "two times, as in 5m..15m");
    }
    test_case.from = *from;
    test_case.until = *until;
}

void Reader::read_state(YamlFields& fields, AlertTestCase& test_case) {
    std::string state;
    if (!fields.read("state", state)) return;
    if (state == "firing") {
        test_case.state = AlertPhase::Firing;
    } else if (state == "pending") {
        test_case.state = AlertPhase::Pending;
    } else if (state == "active") {
        test_case.state.reset();
    } else {
        report(fields.get("state")->where, fmt::format("unknown state {}", go_quote(state)),
               "firing, pending or active");
    }
}

void Reader::read_match(YamlFields& fields, AlertTestCase::Match& match) {
    std::string text;
    if (!fields.read("match", text)) return;
    if (text == "partial") {
        match = AlertTestCase::Match::Partial;
    } else if (text != "exact") {
        report(fields.get("match")->where, fmt::format("unknown match {}", go_quote(text)), "exact or partial");
    }
}

ExpectedAlert Reader::read_alert(const YamlNode& node, const std::string& alertname) {
    ExpectedAlert alert;
    YamlFields fields(node, "exp_alerts", file_.path, problems);
    alert.labels = read_texts(fields, "exp_labels");
    alert.annotations = read_texts(fields, "exp_annotations");
    fields.finish();
    // As in promtool the name of the case is the name of the alert, whatever its labels say.
    std::erase_if(alert.labels, [](const ExpectedText& label) { return label.name == kAlertNameLabel; });
    alert.labels.push_back({std::string(kAlertNameLabel), alertname, std::nullopt});
    std::sort(alert.labels.begin(), alert.labels.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return alert;
}

std::vector<ExpectedText> Reader::read_texts(YamlFields& fields, std::string_view key) {
    std::vector<ExpectedText> texts;
    const YamlNode* node = fields.get(key);
    if (node == nullptr || node->is_null()) return texts;
    if (!node->is_map()) {
        report(node->where, fmt::format("{} is not a map", key), "names with texts");
        return texts;
    }
    for (const YamlNode::Entry& entry : node->entries) {
        if (auto text = read_text(entry)) texts.push_back(*std::move(text));
    }
    std::sort(texts.begin(), texts.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return texts;
}

// `name: text`, or `name: {regex: pattern}`.
std::optional<ExpectedText> Reader::read_text(const YamlNode::Entry& entry) {
    if (!entry.value.is_map()) {
        if (!entry.value.is_sequence()) return ExpectedText{entry.key, entry.value.text, std::nullopt};
        report(entry.value.where, fmt::format("'{}' is not a text", entry.key), "a text, or {regex: PATTERN}");
        return std::nullopt;
    }
    YamlFields fields(entry.value, entry.key, file_.path, problems);
    std::string pattern;
    fields.read("regex", pattern);
    fields.finish();
    const auto regex = Regex::compile(pattern);
    if (!regex) {
        report(entry.value.where, regex.error().message);
        return std::nullopt;
    }
    return ExpectedText{entry.key, pattern, *regex};
}

ExpressionTestCase Reader::read_expression_case(const YamlNode& node) {
    ExpressionTestCase test_case;
    test_case.where = node.where;
    YamlFields fields(node, "promql_expr_test", file_.path, problems);
    read_expression(fields, test_case);
    fields.read("eval_time", test_case.eval_time);
    for (const YamlNode::Entry& entry : node.entries) {
        if (entry.key == "exp_samples") test_case.expectation = entry.key_where;
    }
    for_each(fields, "exp_samples", [&](const YamlNode& sample) { test_case.samples.push_back(read_sample(sample)); });
    fields.finish();
    return test_case;
}

void Reader::read_expression(YamlFields& fields, ExpressionTestCase& test_case) {
    if (!fields.read("expr", test_case.text) || test_case.text.empty()) {
        return report(test_case.where, "an item under promql_expr_test has no expr");
    }
    auto expr = parse_promql(test_case.text);
    ValueType type = ValueType::Vector;
    const Diagnostics found =
        expr ? check_expression(**expr, test_case.text, options_, &type) : std::move(expr.error());
    report_in(*fields.get("expr"), found, "expr");
    if (!expr.has_value() || has_errors(found)) return;
    if (type != ValueType::Vector && type != ValueType::Scalar) {
        return report(fields.get("expr")->where, fmt::format("the result of expr is of type {}", to_string(type)),
                      "an instant vector or a scalar");
    }
    test_case.expr = std::shared_ptr<const Expr>(std::move(*expr));
}

std::optional<std::string> Reader::read_histogram(const YamlNode& node) {
    const auto series = parse_series_description("x " + node.text);
    if (series && series->values.size() == 1 && series->values.front().histogram) {
        return to_string(*series->values.front().histogram);
    }
    report(node.where, fmt::format("{} is no native histogram", go_quote(node.text)), "as in {{count:2 sum:3 buckets:[2]}}");
    return std::nullopt;
}

ExpectedSample Reader::read_sample(const YamlNode& node) {
    ExpectedSample sample;
    YamlFields fields(node, "exp_samples", file_.path, problems);
    std::string labels;
    fields.read("labels", labels);
    fields.read("value", sample.value);
    if (const YamlNode* histogram = fields.get("histogram"); histogram != nullptr && !histogram->is_null()) {
        sample.histogram = read_histogram(*histogram);
    }
    fields.finish();
    if (trim(labels).empty()) return sample;
    const auto series = parse_series_description(labels + " ");
    if (series) {
        sample.labels = series->labels;
    } else {
        report_in(*fields.get("labels"), series.error(), fmt::format("labels {}", go_quote(labels)));
    }
    return sample;
}

}  // namespace

Duration RuleTest::length() const {
    Duration longest{0};
    for (const AlertTestCase& test_case : alert_cases) longest = std::max(longest, test_case.until);
    for (const ExpressionTestCase& test_case : expression_cases) longest = std::max(longest, test_case.eval_time);
    for (const NotificationTestCase& test_case : notification_cases) longest = std::max(longest, test_case.until);
    return longest;
}

std::optional<RuleTestFile> parse_rule_test_file(std::string_view text, const std::string& path,
                                                 const QueryOptions& options, Diagnostics& problems) {
    const auto root = parse_yaml(text, path);
    if (!root) {
        problems.insert(problems.end(), root.error().begin(), root.error().end());
        return std::nullopt;
    }
    Reader reader(path, options);
    RuleTestFile file = reader.read(*root);
    problems.insert(problems.end(), reader.problems.begin(), reader.problems.end());
    return file;
}

}  // namespace tocsin
