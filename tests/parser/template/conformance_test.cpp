#include <fstream>
#include <iterator>
#include <string>

#include "base/json.h"
#include "parser/template/case_runner.h"
#include "tests/catch.h"

namespace tocsin::templates {
namespace {

std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("every published template case gives what the peers gave", "[parser][template][conformance]") {
    const std::string folder = TOCSIN_CONFORMANCE_DIR;
    if (folder.empty()) {
        WARN("TOCSIN_CONFORMANCE is not set");
        return;
    }
    const auto file = parse_json(read(folder + "/templates/cases.json"));
    REQUIRE(file);
    const auto results = run_template_cases(*file);
    REQUIRE(results);
    CHECK(results->size() >= 1000);
    for (const TemplateCaseResult& result : *results) {
        INFO(result.id);
        INFO("expected: " << result.expected);
        INFO("got:      " << result.got);
        CHECK(result.passed);
    }
}

}  // namespace
}  // namespace tocsin::templates
