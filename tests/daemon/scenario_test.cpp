#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/catch.h"
#include "tests/scenario/scenario_run.h"

using namespace tocsin;
using namespace tocsin::tests;

namespace {

std::vector<std::filesystem::path> scenario_files() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(TOCSIN_SOURCE_DIR "/tests/corpus/scenarios")) {
        if (entry.path().extension() == ".scenario") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::string content_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// From the last one on, so that lines further up stay where they are.
void update(const std::filesystem::path& file, std::string text, const std::vector<ScenarioMismatch>& mismatches) {
    for (auto it = mismatches.rbegin(); it != mismatches.rend(); ++it) {
        if (it->line > 0) text = with_body(text, it->line, it->seen);
    }
    std::ofstream(file) << text;
}

std::vector<ScenarioMismatch> mismatches_of(std::string_view text) {
    const auto scenario = read_scenario(text, "test");
    REQUIRE(scenario);
    const ScenarioOutcome outcome = run_scenario(*scenario);
    CHECK(outcome.error == "");
    return outcome.mismatches;
}

std::string error_of(std::string_view text) {
    const auto scenario = read_scenario(text, "test");
    REQUIRE(scenario);
    return run_scenario(*scenario).error;
}

constexpr auto kHot =
    "route\n    receiver: oncall\n    group_wait: 30s\n\n"
    "rules\n    - alert: Hot\n      expr: heat > 10\n      for: 1m\n\n"
    "load 30s\n    heat  5 15x10\n\n";

}  // namespace

// TOCSIN_UPDATE_SCENARIOS=1 writes what was seen into the files.
TEST_CASE("scenarios", "[daemon][scenario]") {
    const auto files = scenario_files();
    REQUIRE(files.size() >= 20);
    for (const auto& file : files) {
        DYNAMIC_SECTION(file.stem().string()) {
            const std::string text = content_of(file);
            const auto scenario = read_scenario(text, file.string());
            REQUIRE(scenario);
            const ScenarioOutcome outcome = run_scenario(*scenario);
            INFO(file.string() << ": " << outcome.error);
            CHECK(outcome.error.empty());
            for (const auto& mismatch : outcome.mismatches) FAIL_CHECK(file.string() << ", " << side_by_side(mismatch));
            if (std::getenv("TOCSIN_UPDATE_SCENARIOS") != nullptr) update(file, text, outcome.mismatches);
        }
    }
}

TEST_CASE("a scenario that goes as it says is no mismatch", "[daemon][scenario]") {
    CHECK(mismatches_of(std::string(kHot) + "at 30s\n    Hot  pending  since 30s  value 15\n"
                                            "at 90s\n    Hot  firing\n    no notifications\n"
                                            "at 2m\n    notification to oncall: firing Hot\n")
              .empty());
}

TEST_CASE("a scenario shows what it expected beside what it saw", "[daemon][scenario]") {
    const auto found = mismatches_of(std::string(kHot) +
                                     "at 30s\n    Hot  firing  since 1m\n"
                                     "until 5m\n    no notifications\n");
    REQUIRE(found.size() == 2);
    CHECK(side_by_side(found[0]) ==
          "line 13: at 30s\n"
          "      expected               seen\n"
          "    ! Hot  firing  since 1m  Hot  pending  since 30s\n");
    CHECK(found[1].seen == std::vector<std::string>{"2m  notification to oncall: firing Hot"});
}

TEST_CASE("a notification that nobody expects is a mismatch", "[daemon][scenario]") {
    const auto found = mismatches_of(std::string(kHot) + "at 5m\n    Hot  firing\n");
    REQUIRE(found.size() == 1);
    CHECK(found[0].seen == std::vector<std::string>{"2m  notification to oncall: firing Hot"});
}

TEST_CASE("what cannot be played says where", "[daemon][scenario]") {
    CHECK(error_of("dance\n") == "line 1: unknown command dance");
    CHECK(error_of(std::string(kHot) + "at soon\n") == R"(line 13: not a valid duration string: "soon")");
    CHECK(error_of(std::string(kHot) + "at 1m\nat 30s\n") == "line 14: that time is over");
    CHECK(error_of(std::string(kHot) + "at 1m\n    Hot\n") ==
          "line 14: expected `NAME{labels}  STATE  since TIME  value NUMBER`");
    CHECK(error_of("load 1m\n    x{  1\n").starts_with("line 2: "));
    CHECK(error_of("rules\n    - alert: A\n      expr: (\nat 1m\n").starts_with("line 4: it does not start: "));
    CHECK_FALSE(read_scenario("    alone\n", "test"));
}

TEST_CASE("what is sent to Alertmanagers is told with its times, and expected like notifications", "[daemon][scenario]") {
    const std::string hot = "alertmanager am\n\n" + std::string(kHot);
    const std::string told = "\nuntil 2m\n    2m  notification to oncall: firing Hot\n";
    CHECK(mismatches_of(hot + "at 90s\n    Hot  firing\n    sent to am: firing Hot 1m30s..5m30s\n" + told).empty());
    const auto wrong = mismatches_of(hot + "at 90s\n    nothing sent\n" + told);
    REQUIRE(wrong.size() == 1);
    CHECK(wrong[0].seen == std::vector<std::string>{"sent to am: firing Hot 1m30s..5m30s"});
    // Nobody expected it.
    const auto unexpected = mismatches_of(hot + "at 90s\n    Hot  firing\n" + told);
    REQUIRE(unexpected.size() == 1);
    CHECK(unexpected[0].seen == std::vector<std::string>{"1m30s  sent to am: firing Hot 1m30s..5m30s"});
}

TEST_CASE("a scenario may ask the daemon", "[daemon][scenario]") {
    const auto seen = [](const std::string& question) {
        const auto found = mismatches_of(std::string(kHot) + "at 90s\n    " + question + " => something else\n");
        REQUIRE(found.size() == 1);
        REQUIRE(found[0].seen.size() == 1);
        return found[0].seen[0];
    };
    CHECK(seen("rule Hot") == "rule Hot => firing, ok");
    CHECK(seen("rule rules/Hot") == "rule rules/Hot => firing, ok");
    CHECK(seen("rule Cold") == "rule Cold => nothing");
    CHECK(seen("evaluated Hot") == "evaluated Hot => 1m30s");
    CHECK(seen("query heat + 1") == "query heat + 1 => {} 16");
    CHECK(seen("query cold") == "query cold => nothing");
    CHECK(seen("query 1 + 1") == "query 1 + 1 => 2");
    CHECK(seen("annotation says of Hot") == "annotation says of Hot => nothing");
    CHECK(seen("annotation says of Cold") == "annotation says of Cold => no such alert");
    CHECK(seen("metric tocsin_nothing") == "metric tocsin_nothing => nothing");
    CHECK(mismatches_of(std::string(kHot) + "at 90s\n    rule  Hot  =>  firing, ok\n").empty());
    CHECK(error_of(std::string(kHot) + "at 90s\n    weather => fine\n") == "line 14: unknown question: weather");
    CHECK(error_of(std::string(kHot) + "at 90s\n    annotation => x\n") ==
          "line 14: expected `annotation NAME of ALERT`");
}

TEST_CASE("an update writes what was seen below its command", "[daemon][scenario]") {
    CHECK(with_body("at 1m\n    old\n    older\n\nat 2m\n    kept\n", 1, {"new", "newer"}) ==
          "at 1m\n    new\n    newer\n\nat 2m\n    kept\n");
    CHECK(with_body("at 1m\n\nat 2m\n", 1, {"new"}) == "at 1m\n    new\n\nat 2m\n");
}
