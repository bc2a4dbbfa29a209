#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/posix_disk.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/features.h"
#include "cli/terminal.h"
#include "engine/eval/promqltest.h"
#include "parser/template/case_runner.h"

namespace tocsin::cli {
namespace {

constexpr std::uint64_t kCasesBytesMax = 64 * 1024 * 1024;

struct Flags {
    std::vector<std::string> files;
    std::string features;
};

/// Counts cases over all files and prints each one that failed.
class Tally {
public:
    void add(const std::string& id, bool passed, const std::string& expected, const std::string& got) {
        ++(passed ? passed_ : failed_);
        if (passed) return;
        print(escape_control_characters("FAIL " + id) + "\n  expected " + escape_control_characters(expected) +
              "\n  got      " + escape_control_characters(got) + "\n");
    }
    void impossible(const std::string& path, const Error& error) {
        print_error(path + ": " + error.message + "\n");
        impossible_ = true;
    }
    int finish() const {
        print(std::to_string(passed_) + " passed, " + std::to_string(failed_) + " failed\n");
        return impossible_ ? kImpossible : failed_ > 0 ? kBad : kGood;
    }

private:
    std::size_t passed_ = 0;
    std::size_t failed_ = 0;
    bool impossible_ = false;
};

int test_templates(const Flags& flags) {
    PosixDisk disk;
    Tally tally;
    for (const std::string& path : flags.files) {
        const auto text = read_file(disk, path, kCasesBytesMax);
        if (!text) {
            tally.impossible(path, text.error());
            continue;
        }
        const auto json = parse_json(*text);
        const auto results = json ? templates::run_template_cases(*json)
                                  : Result<std::vector<templates::TemplateCaseResult>>(tl::unexpected(json.error()));
        if (!results) {
            tally.impossible(path, results.error());
            continue;
        }
        for (const auto& result : *results) tally.add(result.id, result.passed, result.expected, result.got);
    }
    return tally.finish();
}

int test_promql(const Flags& flags) {
    QueryOptions options;
    const auto features = parse_features(flags.features);
    if (!features) {
        print_error("tocsin test: " + features.error().message + "\n");
        return kUsage;
    }
    options.features = *features;
    PosixDisk disk;
    Tally tally;
    for (const std::string& path : flags.files) {
        const auto text = read_file(disk, path, kCasesBytesMax);
        if (!text) {
            tally.impossible(path, text.error());
            continue;
        }
        const auto report = run_promql_test(*text, options);
        if (!report) {
            tally.impossible(path, report.error());
            continue;
        }
        for (const auto& result : report->cases) tally.add(result.id, result.passed, result.expected, result.got);
    }
    return tally.finish();
}

CLI::App* add_kind(CLI::App& test, const char* name, const char* what, const std::shared_ptr<Flags>& flags,
                   int (*work)(const Flags&), Action& run) {
    CLI::App* kind = test.add_subcommand(name, what);
    kind->add_option("files", flags->files, "Files")->required()->type_name("FILE");
    kind->callback([flags, work, &run] { run = [flags, work] { return work(*flags); }; });
    return kind;
}

}  // namespace

void add_test(CLI::App& app, Action& run) {
    CLI::App* test = app.add_subcommand("test", "Run test files; the last line is `N passed, M failed`.");
    test->require_subcommand(1);
    const auto flags = std::make_shared<Flags>();
    add_kind(*test, "promql", "Scripts in the promqltest language", flags, test_promql, run)
        ->add_option("--enable-feature", flags->features, "Features of PromQL, separated by commas, or all");
    add_kind(*test, "templates", "JSON files of template cases", flags, test_templates, run);
    test->footer("Examples:\n  tocsin test promql functions.test --enable-feature=all\n"
                 "  tocsin test templates cases.json");
}

}  // namespace tocsin::cli
