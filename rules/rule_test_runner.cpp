#include "rules/rule_test_runner.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/diagnostic_order.h"
#include "base/duration.h"
#include "base/file_patterns.h"
#include "base/text.h"
#include "rules/rule_test_coverage.h"
#include "rules/rule_test_run.h"

namespace tocsin {
namespace {

Diagnostic finding(Severity severity, const std::string& file, const SourceRange& where, std::string message) {
    return {.severity = severity,
            .check = {},
            .file = file,
            .where = where,
            .message = std::move(message),
            .expected = {},
            .hint = {}};
}

using Definitions = std::vector<RuleGroupDefinition>;

/// As promtool orders them where it does: a group that is not listed comes with the first one that is. Those of one
/// rank are in the order of the files.
void order_groups(Definitions& groups, const std::vector<RuleTestFile::Pattern>& order) {
    const auto rank = [&](const RuleGroupDefinition& group) {
        const auto place = std::ranges::find(order, group.name, &RuleTestFile::Pattern::text);
        return place == order.end() ? 0 : place - order.begin();
    };
    std::stable_sort(groups.begin(), groups.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

void add_alert_names(const Definitions& groups, std::set<std::string_view>& names) {
    for (const RuleGroupDefinition& group : groups) {
        for (const RuleDefinition& rule : group.rules) {
            if (rule.kind == RuleDefinition::Kind::Alerting) names.insert(rule.name);
        }
    }
}

/// In the order of the files, and each once: the rules of a step are mostly those of the test.
void settle_problems(Diagnostics& problems) {
    sort_by_place(problems);
    std::set<std::tuple<std::string, std::size_t, std::size_t, std::string>> told;
    std::erase_if(problems, [&](const Diagnostic& problem) {
        return !told.emplace(problem.file, problem.where.line, problem.where.column, problem.message).second;
    });
}

/// What is read for a test file, before its tests run.
struct Preparation {
    RuleTestFile& file;
    RuleTestReport& report;
    RuleTestWorldSettings settings;
    Definitions groups;
    bool knows_rules = true;  // all rules of the file could be read

    void add_rule_problems(const Diagnostics& problems) {
        report.problems.insert(report.problems.end(), problems.begin(), problems.end());
        knows_rules = false;
    }
};

}  // namespace

struct RuleTestRunner::Impl {
    Disk& disk;
    RuleTestOptions options;
    std::map<std::string, Parsed<RuleFile>> rule_files;  // by path
    std::set<std::string> unreadable;
    std::map<std::string, std::shared_ptr<const Fixture>> fixtures;  // by path

    const Parsed<RuleFile>& rule_file(const std::string& path);
    std::vector<std::string> paths_of(Preparation& run);
    Definitions groups_of(Preparation& run);
    RuleTestWorldSettings settings_of(const RuleTestFile& file) const;
    void check_alert_names(const RuleTestFile& file, const Definitions& groups, RuleTestReport& report) const;
    void warn_of_order(const RuleTestFile& file, const Definitions& groups, RuleTestReport& report) const;
    void warn_of_intervals(const RuleTestFile& file, const Definitions& groups, RuleTestReport& report) const;
    void read_fixtures(RuleTestFile& file, RuleTestWorldSettings& settings, RuleTestReport& report);
    void read_routing(const RuleTestFile& file, RuleTestWorldSettings& settings, RuleTestReport& report);
    void check_receivers(const RuleTestFile& file, const RuleTestRouting* routing, RuleTestReport& report) const;
    void check_series(const RuleTestFile& file, const RuleTest& test, const RuleTestWorldSettings& settings,
                      RuleTestReport& report) const;
    void place_tests(RuleTestFile& file, const RuleTestWorldSettings& settings, RuleTestReport& report) const;
    void check_steps(Preparation& run);
    void check_target(const RuleTestFile& file, const RuleTest& test, const RuleTestStep& step,
                      const RuleTestWorldSettings& settings, RuleTestReport& report) const;
    void read_reload(Preparation& run, RuleTestStep& step, std::map<std::string, std::string>& contents);
    Definitions groups_after(Preparation& run, const std::map<std::string, std::string>& contents);
    Preparation prepare(RuleTestFile& file, RuleTestReport& report);
    bool is_to_run(const RuleTest& test) const { return !options.run || options.run->matches(test.name); }
};

RuleTestRunner::RuleTestRunner(Disk& disk, RuleTestOptions options)
    : impl_(std::make_unique<Impl>(Impl{disk, std::move(options), {}, {}, {}})) {}
RuleTestRunner::~RuleTestRunner() = default;

const Parsed<RuleFile>& RuleTestRunner::Impl::rule_file(const std::string& path) {
    const auto known = rule_files.find(path);
    if (known != rule_files.end()) return known->second;
    const auto text = read_file(disk, path);
    if (!text) unreadable.insert(path);
    auto parsed =
        text ? parse_rule_file(*text, path, options.query)
             : Parsed<RuleFile>(tl::unexpected(Diagnostics{finding(Severity::Error, path, {}, text.error().message)}));
    return rule_files.emplace(path, std::move(parsed)).first->second;
}

// A pattern that finds nothing tests nothing: promtool only warns of it.
std::vector<std::string> RuleTestRunner::Impl::paths_of(Preparation& run) {
    std::vector<std::string> paths;
    for (const RuleTestFile::Pattern& pattern : run.file.rule_files) {
        const std::string full = resolve_pattern(directory_of(run.file.path), pattern.text);
        const auto found = disk.glob(full);
        const bool nothing = !found || found->empty() || (!has_magic(full) && !disk.exists(full));
        if (nothing) {
            run.add_rule_problems(
                {finding(Severity::Error, run.file.path, pattern.where, "there is no rule file " + full)});
            continue;
        }
        for (const std::string& path : *found) {
            if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
        }
    }
    return paths;
}

Definitions RuleTestRunner::Impl::groups_of(Preparation& run) {
    Definitions groups;
    for (const std::string& path : paths_of(run)) {
        const Parsed<RuleFile>& parsed = rule_file(path);
        run.report.unreadable |= unreadable.contains(path);
        if (parsed) {
            groups.insert(groups.end(), parsed->groups.begin(), parsed->groups.end());
        } else {
            run.add_rule_problems(parsed.error());
        }
    }
    order_groups(groups, run.file.group_eval_order);
    return groups;
}

// A test of an alert that no rule has passes in promtool as soon as nothing is expected of it.
void RuleTestRunner::Impl::check_alert_names(const RuleTestFile& file, const Definitions& groups,
                                             RuleTestReport& report) const {
    std::set<std::string_view> names;
    add_alert_names(groups, names);
    for (const RuleTest& test : file.tests) {
        for (const RuleTestStep& step : test.steps) add_alert_names(step.groups, names);
    }
    const std::vector<std::string_view> candidates(names.begin(), names.end());
    for (const RuleTest& test : file.tests) {
        for (const AlertTestCase& test_case : test.alert_cases) {
            const bool is_named = !test_case.alertname.empty();
            if (!is_to_run(test) || !is_named || names.contains(test_case.alertname)) continue;
            Diagnostic problem = finding(Severity::Error, file.path, test_case.where,
                                         "no rule has the alert name " + go_quote(test_case.alertname));
            const auto meant = nearest(test_case.alertname, candidates);
            if (!meant.empty()) problem.hint = "did you mean " + std::string(meant) + "?";
            report.problems.push_back(std::move(problem));
        }
    }
}

void RuleTestRunner::Impl::warn_of_order(const RuleTestFile& file, const Definitions& groups,
                                         RuleTestReport& report) const {
    for (const auto& [name, where] : file.group_eval_order) {
        if (std::ranges::count(groups, name, &RuleGroupDefinition::name) > 0) continue;
        report.problems.push_back(
            finding(Severity::Warning, file.path, where, "group_eval_order names a group that is not there: " + name));
    }
}

void RuleTestRunner::Impl::warn_of_intervals(const RuleTestFile& file, const Definitions& groups,
                                             RuleTestReport& report) const {
    if (file.group_intervals || options.group_intervals) return;
    for (const RuleGroupDefinition& group : groups) {
        if (group.interval.value_or(file.evaluation_interval) == file.evaluation_interval) continue;
        report.problems.push_back(finding(
            Severity::Warning, group.file, group.where,
            fmt::format("group {} is evaluated every {} here, and every {} in production; `group_intervals: true` or "
                        "--group-intervals tests it as in production",
                        go_quote(group.name), to_string(file.evaluation_interval), to_string(*group.interval))));
    }
}

// Without one of them no test is whole.
void RuleTestRunner::Impl::read_fixtures(RuleTestFile& file, RuleTestWorldSettings& settings, RuleTestReport& report) {
    for (const RuleTestFile::Pattern& pattern : file.fixtures) {
        const std::string path = resolve_pattern(directory_of(file.path), pattern.text);
        std::shared_ptr<const Fixture>& fixture = fixtures[path];
        if (!fixture) {
            auto read = Fixture::read(disk, path);
            if (!read) {
                report.unreadable |= read.error().kind != Error::Kind::InvalidInput;
                report.problems.push_back(finding(Severity::Error, file.path, pattern.where, read.error().message));
                continue;
            }
            fixture = std::make_shared<const Fixture>(*std::move(read));
        }
        if (fixture->went_back()) {
            report.problems.push_back(finding(Severity::Warning, file.path, pattern.where,
                                              *fixture->went_back() + "; its samples were sorted"));
        }
        for (const auto& other : settings.fixtures) {
            const auto labels = find_overlap(*other, *fixture);
            if (!labels) continue;
            report.problems.push_back(finding(Severity::Error, file.path, pattern.where,
                                              fmt::format("{} is in {} and in {} at the same time", to_string(*labels),
                                                          other->path(), fixture->path())));
        }
        settings.fixtures.push_back(fixture);
    }
    if (settings.fixtures.size() == file.fixtures.size()) return;
    for (RuleTest& test : file.tests) test.is_whole = false;
}

void RuleTestRunner::Impl::read_routing(const RuleTestFile& file, RuleTestWorldSettings& settings,
                                        RuleTestReport& report) {
    if (!file.alertmanager_config_file) return;
    const SourceRange& where = file.alertmanager_config_file->where;
    const std::string path = resolve_pattern(directory_of(file.path), file.alertmanager_config_file->text);
    if (!disk.exists(path)) {
        report.unreadable = true;
        report.problems.push_back(finding(Severity::Error, file.path, where, "there is no file " + path));
        return;
    }
    if (!options.load_routing) {
        report.problems.push_back(finding(Severity::Error, file.path, where, "there is nobody to be told here"));
        return;
    }
    auto routing = options.load_routing(disk, path);
    if (!routing) {
        report.problems.insert(report.problems.end(), routing.error().begin(), routing.error().end());
        return;
    }
    settings.routing = *std::move(routing);
}

// That a receiver which is not there is told nothing is true and means nothing.
void RuleTestRunner::Impl::check_receivers(const RuleTestFile& file, const RuleTestRouting* routing,
                                           RuleTestReport& report) const {
    for (const RuleTest& test : file.tests) {
        std::vector<std::string> known = routing != nullptr ? routing->receivers() : std::vector<std::string>{};
        for (const RuleTestStep& step : test.steps) {
            if (!step.routing) continue;
            for (std::string& name : step.routing->receivers()) known.push_back(std::move(name));
        }
        const std::vector<std::string_view> candidates(known.begin(), known.end());
        for (const NotificationTestCase& test_case : test.notification_cases) {
            if (routing == nullptr) {
                report.problems.push_back(finding(Severity::Error, file.path, test_case.where,
                                                  "a notification_test needs an alertmanager_config_file"));
            } else if (!test_case.nobody_else && !test_case.receiver.empty() &&
                       std::find(known.begin(), known.end(), test_case.receiver) == known.end()) {
                Diagnostic problem = finding(Severity::Error, file.path, test_case.receiver_where,
                                             "no receiver has the name " + go_quote(test_case.receiver));
                const auto meant = nearest(test_case.receiver, candidates);
                if (!meant.empty()) problem.hint = "did you mean " + std::string(meant) + "?";
                report.problems.push_back(std::move(problem));
            }
        }
    }
}

// There is no telling which of two samples would count.
void RuleTestRunner::Impl::check_series(const RuleTestFile& file, const RuleTest& test,
                                        const RuleTestWorldSettings& settings, RuleTestReport& report) const {
    if (test.series.empty()) return;
    std::set<LabelSet> recorded;
    for (const auto& fixture : settings.fixtures) {
        for (const Fixture::Table& table : fixture->tables()) recorded.insert(table.series.begin(), table.series.end());
    }
    for (const SeriesDescription& series : test.series) {
        if (!recorded.contains(series.labels)) continue;
        report.problems.push_back(finding(Severity::Error, file.path, test.where,
                                          to_string(series.labels) + " is in input_series and in a fixture"));
    }
}

// A test without a start begins with the first sample, and one that lies outside of the fixtures tests nothing.
void RuleTestRunner::Impl::place_tests(RuleTestFile& file, const RuleTestWorldSettings& settings,
                                       RuleTestReport& report) const {
    std::optional<Timestamp> begin, end;
    for (const auto& fixture : settings.fixtures) {
        if (!fixture->begin()) continue;
        begin = std::min(begin.value_or(*fixture->begin()), *fixture->begin());
        end = std::max(end.value_or(*fixture->end()), *fixture->end());
    }
    if (!begin) return;
    for (RuleTest& test : file.tests) {
        if (!test.is_whole) continue;
        check_series(file, test, settings, report);
        if (!test.has_start) test.start = *begin;
        if (test.start <= *end && test.start + test.length() >= *begin) continue;
        report.problems.push_back(
            finding(Severity::Error, file.path, test.where,
                    fmt::format("the test, from {} on, is outside of the fixtures, which reach from {} to {}",
                                to_rfc3339(test.start), to_rfc3339(*begin), to_rfc3339(*end))));
    }
}

// A step that nobody looks at, or that concerns nothing, tests nothing.
void RuleTestRunner::Impl::check_steps(Preparation& run) {
    RuleTestFile& file = run.file;
    const RuleTestWorldSettings& settings = run.settings;
    const auto refuse = [&](const RuleTestStep& step, std::string message) {
        run.report.problems.push_back(finding(Severity::Error, file.path, step.where, std::move(message)));
    };
    for (RuleTest& test : file.tests) {
        std::map<std::string, std::string> contents;  // whose content a file has by then
        const bool is_on_grid =
            settings.group_intervals || test.start.time_since_epoch() % settings.evaluation_interval == Duration{0};
        for (RuleTestStep& step : test.steps) {
            if (step.kind == RuleTestStep::Kind::Reload) read_reload(run, step, contents);
            if (!test.is_whole) continue;
            if (step.at > test.length()) {
                refuse(step, fmt::format("no case looks at what happens after {}, when this step is",
                                         to_string(test.length())));
            } else if (step.kind == RuleTestStep::Kind::ScrapesFail) {
                check_target(file, test, step, settings, run.report);
            } else if (step.kind == RuleTestStep::Kind::Restart && !is_on_grid) {
                refuse(step,
                       "a test with a restart begins at a multiple of evaluation_interval, or has `group_intervals: "
                       "true`");
            }
        }
    }
}

void RuleTestRunner::Impl::check_target(const RuleTestFile& file, const RuleTest& test, const RuleTestStep& step,
                                        const RuleTestWorldSettings& settings, RuleTestReport& report) const {
    const auto concerns = [&](const LabelSet& labels) { return step.concerns(labels); };
    bool is_there = std::any_of(test.series.begin(), test.series.end(),
                                [&](const SeriesDescription& series) { return concerns(series.labels); });
    for (const auto& fixture : settings.fixtures) {
        for (const Fixture::Table& table : fixture->tables()) {
            is_there = is_there || std::any_of(table.series.begin(), table.series.end(), concerns);
        }
    }
    if (is_there) return;
    report.problems.push_back(
        finding(Severity::Error, file.path, step.where,
                "no series has the labels of this target: " + to_string(LabelSet::from(step.target))));
}

void RuleTestRunner::Impl::read_reload(Preparation& run, RuleTestStep& step,
                                       std::map<std::string, std::string>& contents) {
    const RuleTestFile& file = run.file;
    Diagnostics& problems = run.report.problems;
    const std::string folder = directory_of(file.path);
    const std::string routing = file.alertmanager_config_file ? file.alertmanager_config_file->text : std::string();
    const std::vector<std::string> paths = paths_of(run);
    const auto refuse = [&](const RuleTestStep::Change& change, std::string message) {
        problems.push_back(finding(Severity::Error, file.path, change.where, std::move(message)));
    };
    for (const RuleTestStep::Change& change : step.changes) {
        const std::string path = resolve_pattern(folder, change.file);
        const std::string content = change.content.empty() ? std::string() : resolve_pattern(folder, change.content);
        const bool is_rules = std::find(paths.begin(), paths.end(), path) != paths.end();
        const bool is_routing = !routing.empty() && path == resolve_pattern(folder, routing);
        if (!is_rules && !is_routing) {
            refuse(change, change.file + " is no rule file and no alertmanager_config_file of this test");
            continue;
        }
        if (content.empty() && is_routing) {
            refuse(change, "a daemon does not reload without its " + change.file);
            continue;
        }
        contents[path] = content;
    }
    step.groups = groups_after(run, contents);
    const auto routed = contents.find(resolve_pattern(folder, routing));
    if (routing.empty() || routed == contents.end() || !options.load_routing) return;
    auto loaded = options.load_routing(disk, routed->second);
    if (loaded) {
        step.routing = *std::move(loaded);
    } else {
        problems.insert(problems.end(), loaded.error().begin(), loaded.error().end());
    }
}

// The groups of a file keep its name: it is the same file with another content.
Definitions RuleTestRunner::Impl::groups_after(Preparation& run, const std::map<std::string, std::string>& contents) {
    Definitions groups;
    for (const std::string& path : paths_of(run)) {
        const auto changed = contents.find(path);
        const std::string& content = changed == contents.end() ? path : changed->second;
        if (content.empty()) continue;
        const Parsed<RuleFile>& parsed = rule_file(content);
        run.report.unreadable |= unreadable.contains(content);
        if (!parsed) {
            run.add_rule_problems(parsed.error());
            continue;
        }
        for (RuleGroupDefinition group : parsed->groups) {
            group.file = path;
            groups.push_back(std::move(group));
        }
    }
    order_groups(groups, run.file.group_eval_order);
    return groups;
}

RuleTestWorldSettings RuleTestRunner::Impl::settings_of(const RuleTestFile& file) const {
    RuleTestWorldSettings settings;
    settings.evaluation_interval = file.evaluation_interval;
    settings.group_intervals = file.group_intervals || options.group_intervals;
    settings.query = options.query;
    // As in promtool, where the step of a subquery without one is that of the evaluations.
    settings.query.default_subquery_step = file.evaluation_interval;
    return settings;
}

// A mistake in one place hides none in another: what was read is looked at as far as it can be.
Preparation RuleTestRunner::Impl::prepare(RuleTestFile& file, RuleTestReport& report) {
    Preparation run{file, report, settings_of(file), {}};
    run.groups = groups_of(run);
    if (run.knows_rules) {
        warn_of_order(file, run.groups, report);
        warn_of_intervals(file, run.groups, report);
    }
    read_fixtures(file, run.settings, report);
    read_routing(file, run.settings, report);
    place_tests(file, run.settings, report);
    check_steps(run);
    const bool has_routing = run.settings.routing || !file.alertmanager_config_file;
    if (has_routing) check_receivers(file, run.settings.routing.get(), report);
    if (run.knows_rules) check_alert_names(file, run.groups, report);
    return run;
}

RuleTestReport RuleTestRunner::run(const std::string& path) {
    RuleTestReport report;
    report.file = path;
    const auto text = read_file(impl_->disk, path);
    if (!text) {
        report.unreadable = true;
        report.problems.push_back(finding(Severity::Error, path, {}, text.error().message));
        return report;
    }
    auto file = parse_rule_test_file(*text, path, impl_->options.query, report.problems);
    if (!file) return report;
    const Preparation prepared = impl_->prepare(*file, report);
    settle_problems(report.problems);
    if (has_errors(report.problems)) return report;
    if (file->tests.empty()) {
        report.problems.push_back(finding(Severity::Warning, path, {}, "no test is in this file"));
    }
    std::unique_ptr<CoverageCollector> coverage;
    if (impl_->options.coverage) coverage = std::make_unique<CoverageCollector>(prepared.groups);
    RuleTestRun run({*file, prepared.groups, prepared.settings, impl_->disk, coverage.get()});
    for (const RuleTest& test : file->tests) {
        if (impl_->is_to_run(test)) report.tests.push_back(run.run(test));
    }
    if (coverage) report.coverage = coverage->take();
    return report;
}

}  // namespace tocsin
