#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/eval/promqltest.h"
#include "tests/catch.h"

// The published promqltest scripts; only where they are at hand.

namespace tocsin {
namespace {

QueryOptions all_features() {
    QueryOptions options;
    options.features = {.experimental_functions = true,
                        .duration_expressions = true,
                        .extended_range_selectors = true,
                        .delayed_name_removal = true,
                        .binop_fill_modifiers = true,
                        .type_and_unit_labels = false,
                        .start_timestamps = true};
    return options;
}

std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::filesystem::path> scripts_in(const std::string& folder) {
    std::vector<std::filesystem::path> scripts;
    for (const auto& entry : std::filesystem::directory_iterator(std::string(TOCSIN_CONFORMANCE_DIR) + "/promql/" + folder)) {
        if (entry.path().extension() == ".test") scripts.push_back(entry.path());
    }
    std::ranges::sort(scripts);
    return scripts;
}

// The ids of the cases that fail.
std::vector<std::string> failures(const std::filesystem::path& path, const QueryOptions& options, std::size_t& count) {
    const auto report = run_promql_test(read_text(path), options);
    if (!report) return {path.filename().string() + ": " + report.error().message};
    std::vector<std::string> failed;
    for (const PromqlTestCase& test : report->cases) {
        ++count;
        if (test.passed) continue;
        failed.push_back(test.id);
        UNSCOPED_INFO(test.id << ": " << test.query << "\n  expected: " << test.expected << "\n  got: " << test.got);
    }
    return failed;
}

bool at_hand() {
    if (!std::string_view(TOCSIN_CONFORMANCE_DIR).empty()) return true;
    WARN("TOCSIN_CONFORMANCE is not set: the published PromQL scripts are not run");
    return false;
}

TEST_CASE("the published scripts pass without any feature", "[engine][eval][conformance]") {
    if (!at_hand()) return;
    std::size_t count = 0;
    for (const auto& path : scripts_in("float")) CHECK(failures(path, QueryOptions{}, count) == std::vector<std::string>{});
    CHECK(count == 735);
}

TEST_CASE("the published scripts of experimental features pass with all of them", "[engine][eval][conformance]") {
    if (!at_hand()) return;
    std::size_t count = 0;
    for (const auto& path : scripts_in("experimental")) CHECK(failures(path, all_features(), count) == std::vector<std::string>{});
    CHECK(count == 266);
}

}  // namespace
}  // namespace tocsin
