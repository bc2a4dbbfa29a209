#include <CLI/CLI.hpp>

#include "base/posix_disk.h"
#include "cli/features.h"
#include "cli/terminal.h"
#include "cli/test_kinds.h"
#include "engine/eval/promqltest.h"

namespace tocsin::cli {
namespace {

constexpr std::uint64_t kScriptBytesMax = 64 * 1024 * 1024;

struct TestPromqlFlags {
    std::vector<std::string> files;
    std::string features;
};

int test_promql(const TestPromqlFlags& flags) {
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
        const auto text = read_file(disk, path, kScriptBytesMax);
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

}  // namespace

void add_test_promql(CLI::App& test, Action& run) {
    const auto flags = std::make_shared<TestPromqlFlags>();
    CLI::App* kind = test.add_subcommand("promql", "Scripts in the promqltest language");
    kind->add_option("files", flags->files, "Files")->required()->type_name("FILE");
    kind->add_option("--enable-feature", flags->features, "Features of PromQL, separated by commas, or all");
    kind->callback([flags, &run] { run = [flags] { return test_promql(*flags); }; });
}

}  // namespace tocsin::cli
