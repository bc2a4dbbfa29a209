#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "base/json.h"
#include "rules/rule_file.h"
#include "tests/catch.h"

using namespace tocsin;

namespace {

const std::string kConformance = TOCSIN_CONFORMANCE_DIR;

std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    INFO(path);
    REQUIRE(in.good());
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

/// Where tocsin knowingly answers otherwise than promtool, and why. docs/differences.md tells its users the same.
const std::map<std::string, const char*> kDifferences{};

/// The verdicts were made by promtool 3.5.3 with its default features; duration expressions became one of those later.
QueryOptions options_of_the_verdicts() {
    QueryOptions options;
    options.features.duration_expressions = false;
    return options;
}

struct Verdict {
    std::string file;
    bool accepted;
    std::string error;
};

std::vector<Verdict> verdicts_in(const std::string& folder) {
    const auto manifest = parse_json(read(kConformance + "/" + folder + "/manifest.json"));
    REQUIRE(manifest.has_value());
    std::vector<Verdict> verdicts;
    for (const Json& entry : manifest->at("files").items()) {
        verdicts.push_back({entry.at("file").as_string(), entry.at("verdict").as_string() == "accept", entry.at("error").as_string()});
    }
    return verdicts;
}

std::string first_problem(const Diagnostics& found) { return found.empty() ? "nothing" : to_string(found.front()); }

}  // namespace

TEST_CASE("rule files are accepted and refused as promtool does", "[rules][rule_file][conformance]") {
    if (kConformance.empty()) {
        WARN("left out: TOCSIN_CONFORMANCE is not set");
        return;
    }
    const auto folder = GENERATE(as<std::string>{}, "rules-good", "rules-bad", "real-rules");
    std::size_t same = 0;
    for (const Verdict& verdict : verdicts_in(folder)) {
        const auto file = parse_rule_file(read(kConformance + "/" + verdict.file), verdict.file, options_of_the_verdicts());
        const auto known = kDifferences.find(verdict.file);
        const bool is_known = known != kDifferences.end();
        same += file.has_value() == verdict.accepted ? 1U : 0U;
        CAPTURE(verdict.file, verdict.error, (is_known ? known->second : "no known difference"),
                (file ? "accepted" : first_problem(file.error())));
        CHECK((file.has_value() == verdict.accepted) != is_known);
    }
    WARN(folder << ": " << same << " verdicts are the same");
}
