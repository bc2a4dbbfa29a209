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
const std::map<std::string, const char*>& known_differences() {
    static constexpr const char* kSecondDocument =
        "promtool reads the first document and drops the others, their alerts with them";
    static constexpr const char* kNoVector = "promtool lets it pass, and then every evaluation fails";
    static const std::string vmalert = "rules-good/VictoriaMetrics-VictoriaMetrics_app_vmalert_config_testdata_rules_";
    static const std::map<std::string, const char*> differences{
        {vmalert + "rules-multi-doc-good.rules.yml", kSecondDocument},
        {vmalert + "rules-multi-doc2-good.rules.yml", kSecondDocument},
        {"rules-good/own_two_docs.yml", kSecondDocument},
        {"rules-good/prometheus-prometheus_rules_fixtures_rules_multi_doc.yml", kSecondDocument},
        {"rules-good/own_alert_expr_range.yml", kNoVector},
        {"rules-good/own_alert_expr_string.yml", kNoVector},
        {"rules-good/own_expr_012.yml", kNoVector},
        {"rules-good/own_expr_013.yml", kNoVector},
        {"rules-good/own_expr_014.yml", kNoVector},
        {"rules-good/own_expr_048.yml", kNoVector},
    };
    return differences;
}

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
        verdicts.push_back(
            {entry.at("file").as_string(), entry.at("verdict").as_string() == "accept", entry.at("error").as_string()});
    }
    return verdicts;
}

std::string first_problem(const Diagnostics& found) {
    return found.empty() ? "nothing" : to_string(found.front());
}

}  // namespace

TEST_CASE("rule files are accepted and refused as promtool does", "[rules][rule_file][conformance]") {
    if (kConformance.empty()) {
        WARN("left out: TOCSIN_CONFORMANCE is not set");
        return;
    }
    const auto folder = GENERATE(as<std::string>{}, "rules-good", "rules-bad", "real-rules");
    std::size_t same = 0;
    std::string others;
    for (const Verdict& verdict : verdicts_in(folder)) {
        const auto file =
            parse_rule_file(read(kConformance + "/" + verdict.file), verdict.file, options_of_the_verdicts());
        const auto known = known_differences().find(verdict.file);
        const std::string difference = known == known_differences().end() ? "none" : known->second;
        const std::string answer = file ? "accepted" : first_problem(file.error());
        CAPTURE(verdict.file, verdict.error, difference, answer);
        CHECK((file.has_value() == verdict.accepted) == (difference == "none"));
        if (file.has_value() == verdict.accepted) {
            ++same;
        } else {
            others += "\n  " + verdict.file + ": " + difference;
        }
    }
    WARN(folder << ": " << same << " verdicts as promtool's, knowingly others:" << (others.empty() ? " none" : others));
}
