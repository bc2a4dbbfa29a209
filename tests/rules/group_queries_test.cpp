#include "rules/group_queries.h"

#include "engine/eval/operator_pool.h"
#include "tests/catch.h"
#include "tests/rules/rule_world.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

std::size_t operators_of(const std::string& rules) {
    Store store{StoreOptions{}};
    Diagnostics problems;
    const auto groups = fakes::groups_of("groups: [{name: g, rules: [" + rules + "]}]");
    const GroupQueries compiled = compile_rules(groups.front(), store, QueryOptions{}, problems);
    REQUIRE(problems.empty());
    CHECK(compiled.queries.size() == groups.front().rules.size());
    return dynamic_cast<const OperatorPool&>(*compiled.shared).size();
}

}  // namespace

TEST_CASE("equal expressions in the rules of a group are one operator", "[rules][group_queries]") {
    const std::string one = "{alert: A, expr: 'sum by (job) (rate(x[5m])) > 3'}";
    const std::size_t of_one = operators_of(one);
    CHECK(of_one == 4);  // the rate, its sum, the 3 and the comparison
    CHECK(operators_of(one + ", {alert: B, expr: 'sum by(job)(rate(x[300s]))   > 3'}") == of_one);
    CHECK(operators_of(one + ", {alert: B, expr: 'sum by (job) (rate(x[5m])) > 4'}") == of_one + 2);
    CHECK(operators_of(one + ", {record: r, expr: 'rate(x[5m])'}") == of_one);
    // Inside a subquery it is evaluated at other times.
    CHECK(operators_of(one + ", {record: r, expr: 'max_over_time(rate(x[5m])[1h:1m])'}") == of_one + 2);
}

TEST_CASE("what rules share is computed anew when an earlier rule has written", "[rules][group_queries]") {
    fakes::RuleWorld world;
    const auto group = world.group_of(R"(
groups:
- name: g
  rules:
  - {record: r, expr: 'sum({__name__=~"x|r"})'}
  - {record: before, expr: 'count({__name__=~"x|r"})'}
  - {record: after, expr: 'count({__name__=~"x|r"}) * 10'}
)");
    const auto kept = fakes::keep(world.store, "before");
    const auto kept_too = fakes::keep(world.store, "after");
    const auto timeline = world.store.create_timeline();
    REQUIRE(world.store.column_for(timeline, {{"__name__", "x"}}));
    REQUIRE(world.store.append(timeline, world.scheduler.now(), std::vector<double>{1}));
    group->evaluate(world.scheduler.now(), [] {});
    world.scheduler.settle();
    CHECK(fakes::samples_of(world.store, "before") == "before 2@1000");
    CHECK(fakes::samples_of(world.store, "after") == "after 20@1000");
}
