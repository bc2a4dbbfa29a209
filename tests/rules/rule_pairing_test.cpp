#include "rules/rule_pairing.h"

#include "tests/catch.h"
#include "tests/rules/rule_fixture.h"

using namespace tocsin;

namespace {

/// The rules of one group, in flow style.
RuleGroupDefinition group_with(const std::string& rules) {
    return fakes::groups_of("groups: [{name: g, rules: [" + rules + "]}]", "f").front();
}

/// `0=0 1>0 +1 -2`: the same, changed, added, removed; by their places among those of their name.
std::string pairing(const std::string& before, const std::string& after) {
    const RuleGroupDefinition old = group_with(before), fresh = group_with(after);
    std::vector<std::string> pairs;
    for (const PairedRule& pair : pair_rules(&old, &fresh)) {
        const std::string from = std::to_string(pair.nth_before), to = std::to_string(pair.nth_after);
        if (pair.before == nullptr) {
            pairs.push_back("+" + to);
        } else if (pair.after == nullptr) {
            pairs.push_back("-" + from);
        } else {
            pairs.push_back(from + (same_rule(*pair.before, *pair.after) ? "=" : ">") + to);
        }
    }
    std::string told;
    for (const std::string& pair : pairs) told += (told.empty() ? "" : " ") + pair;
    return told;
}

}  // namespace

TEST_CASE("rules of one name are paired by what they are before where they stand", "[rules][rule_pairing]") {
    const std::string a = "{alert: A, expr: a}", b = "{alert: A, expr: b}", c = "{alert: A, expr: c}, ";
    const std::string hot = "{alert: A, expr: x > 1, labels: {s: hot}}";
    const std::string cold = "{alert: A, expr: x > 2, labels: {s: cold}}";
    CHECK(pairing(a + ", " + b, a + ", " + b) == "0=0 1=1");
    CHECK(pairing(a + ", " + b, b) == "1=0 -0");
    CHECK(pairing(b, a + ", " + b) == "0=1 +0");
    CHECK(pairing(a + ", " + b, b + ", " + a) == "1=0 0=1");
    CHECK(pairing(a + ", " + b, b + ", {alert: A, expr: d}") == "1=0 0>1");
    // The labels say more than the place, and more than the expression.
    CHECK(pairing(hot + ", " + cold, "{alert: A, expr: y, labels: {s: cold}}") == "1>0 -0");
    CHECK(pairing(hot + ", " + cold, "{alert: A, expr: x > 1, labels: {s: cold}}") == "1>0 -0");
    CHECK(pairing(hot + ", " + cold, "{alert: A, expr: x > 2, labels: {s: icy}}") == "1>0 -0");
    CHECK(pairing(c + a, "{alert: B, expr: c}") == "-0 -1 +0");
}

TEST_CASE("a group that comes or goes has rules of one side only", "[rules][rule_pairing]") {
    const RuleGroupDefinition group = group_with("{alert: A, expr: a}, {alert: A, expr: b}");
    CHECK(pair_rules(nullptr, nullptr).empty());
    const auto added = pair_rules(nullptr, &group);
    REQUIRE(added.size() == 2);
    CHECK(added[0].before == nullptr);
    CHECK(key_of_rule(group, *added[0].after, added[0].nth_after) == "f;g;A");
    CHECK(key_of_rule(group, *added[1].after, added[1].nth_after) == "f;g;A#2");
    const auto removed = pair_rules(&group, nullptr);
    REQUIRE(removed.size() == 2);
    CHECK(removed[1].after == nullptr);
    CHECK(removed[1].nth_before == 1);
}
