#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/eval/promqltest.h"
#include "tests/catch.h"

// Our own scripts; those below experimental/ run with all features.

namespace tocsin {
namespace {

void run_scripts(const std::string& folder, const QueryOptions& options) {
    std::vector<std::filesystem::path> scripts;
    for (const auto& entry : std::filesystem::directory_iterator(std::string(TOCSIN_SOURCE_DIR) + "/tests/corpus/promql" + folder)) {
        if (entry.path().extension() == ".test") scripts.push_back(entry.path());
    }
    std::ranges::sort(scripts);
    REQUIRE_FALSE(scripts.empty());
    for (const auto& path : scripts) {
        CAPTURE(path.filename().string());
        std::ifstream file(path);
        std::stringstream text;
        text << file.rdbuf();
        const auto report = run_promql_test(text.str(), options);
        if (!report) {
            FAIL_CHECK(report.error().message);
            continue;
        }
        CHECK_FALSE(report->cases.empty());
        for (const PromqlTestCase& test : report->cases) {
            CAPTURE(test.id, test.query, test.expected, test.got);
            CHECK(test.passed);
        }
    }
}

TEST_CASE("the scripts of the corpus pass", "[engine][eval][corpus]") { run_scripts("", QueryOptions{}); }

TEST_CASE("the scripts of experimental features pass with those on", "[engine][eval][corpus]") {
    QueryOptions options;
    options.features = {.experimental_functions = true,
                        .duration_expressions = true,
                        .extended_range_selectors = true,
                        .delayed_name_removal = false,
                        .binop_fill_modifiers = true,
                        .type_and_unit_labels = false,
                        .start_timestamps = false};
    run_scripts("/experimental", options);
}

}  // namespace
}  // namespace tocsin
