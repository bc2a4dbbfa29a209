#include <CLI/CLI.hpp>

#include "base/json.h"
#include "base/posix_disk.h"
#include "cli/test_kinds.h"
#include "parser/template/case_runner.h"

namespace tocsin::cli {
namespace {

constexpr std::uint64_t kCasesBytesMax = 64 * 1024 * 1024;

int test_templates(const std::vector<std::string>& files) {
    PosixDisk disk;
    Tally tally;
    for (const std::string& path : files) {
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

}  // namespace

void add_test_templates(CLI::App& test, Action& run) {
    const auto files = std::make_shared<std::vector<std::string>>();
    CLI::App* kind = test.add_subcommand("templates", "JSON files of template cases");
    kind->add_option("files", *files, "Files")->required()->type_name("FILE");
    kind->callback([files, &run] { run = [files] { return test_templates(*files); }; });
}

}  // namespace tocsin::cli
