#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "base/json.h"
#include "base/posix_disk.h"
#include "rules/rule_test_runner.h"
#include "tests/catch.h"

using namespace tocsin;

namespace {

const std::string kConformance = TOCSIN_CONFORMANCE_DIR;

/// Where tocsin knowingly answers otherwise than promtool, and why. docs/differences.md tells its users the same.
const std::map<std::string, const char*>& known_differences() {
    static const std::string promtool = "unit-tests/prometheus-prometheus/cmd_promtool_testdata_";
    static const std::map<std::string, const char*> differences{
        {"unit-tests/VictoriaMetrics-VictoriaMetrics/"
         "app_vmalert-tool_unittest_testdata_failed-test-with-missing-rulefile/test.yml",
         "promtool passes a test whose rule file is missing"},
        {promtool + "start-time-test/test.yml", "promtool 3.5 does not know start_timestamp yet; 3.14, whose format this is, passes it"},
    };
    return differences;
}

std::string told(const RuleTestReport& report) {
    std::string text;
    for (const Diagnostic& problem : report.problems) text += to_string(problem) + "\n";
    for (const RuleTestOutcome& test : report.tests) {
        for (const RuleTestFailure& failure : test.failures) {
            text += test.name + ": " + failure.what + "\n";
            for (const std::string& line : failure.lines) text += line + "\n";
        }
    }
    return text;
}

}  // namespace

TEST_CASE("published rule tests pass and fail as in promtool", "[rules][rule_test][conformance]") {
    if (kConformance.empty()) {
        WARN("left out: TOCSIN_CONFORMANCE is not set");
        return;
    }
    std::ifstream in(kConformance + "/unit-tests/manifest.json", std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    const auto manifest = parse_json(text.str());
    REQUIRE(manifest.has_value());
    PosixDisk disk;
    std::size_t same = 0;
    std::string others;
    for (const Json& entry : manifest->at("tests").items()) {
        const std::string file = entry.at("test").as_string();
        // The verdicts are those of promtool 3.5, before duration expressions became a feature that is on.
        RuleTestOptions options;
        options.query.features.duration_expressions = false;
        const RuleTestReport report = RuleTestRunner(disk, options).run(kConformance + "/" + file);
        const bool should_pass = entry.at("verdict").as_string() == "pass";
        const auto known = known_differences().find(file);
        const std::string difference = known == known_differences().end() ? "none" : known->second;
        CAPTURE(file, difference, told(report), entry.at("output").as_string());
        CHECK((report.passed() == should_pass) == (difference == "none"));
        if (report.passed() == should_pass) {
            ++same;
        } else {
            others += "\n  " + file + ": " + difference;
        }
    }
    WARN(same << " verdicts as promtool's, knowingly others:" << (others.empty() ? " none" : others));
}
