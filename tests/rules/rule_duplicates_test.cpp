#include "rules/rule_duplicates.h"

#include "tests/catch.h"
#include "tests/rules/rule_fixture.h"

using namespace tocsin;

namespace {

std::vector<std::string> between(const std::vector<std::pair<std::string, std::string>>& texts) {
    std::vector<RuleFile> files;
    for (const auto& [path, rules] : texts) {
        files.push_back({path, fakes::groups_of("groups:\n- name: g\n  rules:\n" + rules, path), {}});
    }
    std::vector<std::string> told;
    for (const Diagnostic& doubt : find_duplicates_between(files)) told.push_back(to_string(doubt));
    return told;
}

}  // namespace

TEST_CASE("a rule with the name and the labels of one in another file is a duplicate", "[rules][rule_duplicates]") {
    const std::string one = "  - {alert: A, expr: up == 0, labels: {s: x}}\n";
    CHECK(between({{"a", one}, {"b", one}, {"c", one}}) ==
          std::vector<std::string>{
              "b:4:5: warning: A is defined again with the same labels; the first one is in a, line 4",
              "c:4:5: warning: A is defined again with the same labels; the first one is in a, line 4"});
    CHECK(between({{"a", one}, {"b", "  - {alert: A, expr: up == 0, labels: {s: y}}\n"}}).empty());
}

TEST_CASE("what is twice in one file, and a file that is given twice, is not told as of two files",
          "[rules][rule_duplicates]") {
    const std::string one = "  - {alert: A, expr: up == 0}\n";
    CHECK(between({{"a", one + one}}).empty());
    CHECK(between({{"a", one}, {"a", one}}).empty());
}
