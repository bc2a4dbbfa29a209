#include <algorithm>

#include <CLI/CLI.hpp>

#include "base/posix_disk.h"
#include "cli/features.h"
#include "cli/rule_test_output.h"
#include "cli/terminal.h"
#include "cli/test_kinds.h"
#include "daemon/rule_test_receivers.h"
#include "rules/rule_test_runner.h"
#include "rules/rule_test_update.h"

namespace tocsin::cli {
namespace {

struct TestRulesFlags {
    std::vector<std::string> files;
    std::string run;
    std::string format = "text";
    std::string features;
    bool group_intervals = false;
    bool coverage = false;
    bool update = false;
};

Result<RuleTestOptions> options_of(const TestRulesFlags& flags) {
    RuleTestOptions options;
    options.group_intervals = flags.group_intervals;
    options.coverage = flags.coverage;
    options.load_routing = load_rule_test_routing;
    TOCSIN_TRY(options.query.features, parse_features(flags.features));
    if (!flags.run.empty()) {
        TOCSIN_TRY(options.run, Regex::compile(flags.run, Regex::Anchoring::None));
    }
    return options;
}

/// Writes what was seen over what was expected, and tells what it could not write.
bool update(Disk& disk, const RuleTestReport& report) {
    const auto updated = update_expectations(disk, report);
    if (!updated) {
        print_error("tocsin test: " + report.file + ": " + updated.error().message + "\n");
        return false;
    }
    if (updated->written > 0) {
        print_error(report.file + ": " + counted(updated->written, "expectation") + " written\n");
    }
    print_diagnostics(updated->left);
    return true;
}

/// Where `--run` finds no test in any file, each of them says so: it may be a typing error. Files that have none
/// of the tests while another one has them are as they should be.
void warn_of_nothing_to_run(const std::string& run, std::vector<RuleTestReport>& reports) {
    const auto is_silent = [](const RuleTestReport& report) { return report.tests.empty(); };
    if (run.empty() || !std::ranges::all_of(reports, is_silent)) return;
    for (RuleTestReport& report : reports) {
        if (has_errors(report.problems)) continue;
        report.problems.push_back({.severity = Severity::Warning,
                                   .file = report.file,
                                   .message = "no test has a name in which " + run + " finds something"});
    }
}

int test_rules(const TestRulesFlags& flags) {
    auto options = options_of(flags);
    if (!options) {
        print_error("tocsin test: " + options.error().message + "\n");
        return kUsage;
    }
    PosixDisk disk;
    RuleTestRunner runner(disk, *std::move(options));
    std::vector<RuleTestReport> reports;
    bool impossible = false;
    for (const std::string& path : flags.files) {
        reports.push_back(runner.run(path));
        impossible |= reports.back().unreadable;
        if (flags.update) impossible |= !update(disk, reports.back());
    }
    warn_of_nothing_to_run(flags.run, reports);
    print_rule_tests(reports, flags.format, flags.coverage);
    const bool bad = std::any_of(reports.begin(), reports.end(), [](const auto& report) { return !report.passed(); });
    return impossible ? kImpossible : bad ? kBad : kGood;
}

}  // namespace

void add_test_rules(CLI::App& test, Action& run) {
    const auto flags = std::make_shared<TestRulesFlags>();
    CLI::App* kind = test.add_subcommand("rules", "Unit tests of rules in promtool's format");
    kind->add_option("files", flags->files, "Files")->required()->type_name("FILE");
    kind->add_option("--run", flags->run, "Only tests in whose name this regular expression finds something")
        ->type_name("REGEX");
    kind->add_option("--format", flags->format, "How results are printed")
        ->check(CLI::IsMember({"text", "junit", "json"}))
        ->capture_default_str();
    kind->add_flag("--group-intervals", flags->group_intervals,
                   "Evaluate each group on its own interval, as in production");
    kind->add_flag("--coverage", flags->coverage,
                   "Tell which rules, and which sides of and, or and unless, no test exercises");
    kind->add_flag("--update", flags->update, "Write what was seen into the files, over what was expected");
    kind->add_option("--enable-feature", flags->features, "Features of PromQL, separated by commas, or all");
    kind->callback([flags, &run] { run = [flags] { return test_rules(*flags); }; });
}

}  // namespace tocsin::cli
