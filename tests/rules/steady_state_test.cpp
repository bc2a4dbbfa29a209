#include <string>

#include "tests/catch.h"
#include "tests/fakes/counted_allocations.h"
#include "tests/rules/rule_world.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

/// A group with so many rules of each kind: some that find nothing, alerts that go on firing, series that are read. No
/// two of them are made of the same operators.
std::string group_with(int rules_of_each_kind) {
    std::string text = "groups:\n- name: g\n  interval: 15s\n  rules:\n";
    for (int i = 0; i < rules_of_each_kind; ++i) {
        text += fmt::format("  - {{alert: Quiet{0}, expr: x_total > 100{0}}}\n", i);
        text += fmt::format("  - {{alert: Loud{0}, expr: x_total > -{0}, labels: {{a: '{{{{ $labels.i }}}}'}}}}\n", i);
        text += fmt::format("  - {{record: r{0}, expr: x_total * {0}}}\n", i);
        text += fmt::format(
            "  - {{record: r_share{0}, expr: 'rate(x_total[{1}s]) / on (g) group_left sum by (g) (rate(x_total[{1}s]))'}}\n", i,
            60 + i);
        text += fmt::format("  - {{record: r_held{0}, expr: 'max_over_time((x_total > bool {0})[1m:15s])'}}\n", i);
    }
    return text;
}

/// What one evaluation allocates in which nothing happens that did not happen in the one before.
std::size_t allocations_of_an_evaluation(int rules_of_each_kind) {
    fakes::RuleWorld world;
    const auto group = world.group_of(group_with(rules_of_each_kind));
    const auto readers = world.store.select({*Matcher::create("__name__", MatchOp::Regex, "ALERTS.*|r.*")}, 5min);
    const auto timeline = world.store.create_timeline();
    std::vector<ColumnIndex> columns;
    for (int i = 0; i < 50; ++i) {
        columns.push_back(*world.store.column_for(
            timeline, {{"__name__", "x_total"}, {"g", std::to_string(i % 5)}, {"i", std::to_string(i)}}));
    }
    std::size_t last = 0;
    // Told at 0 s and 60 s, so the last evaluation is one between.
    for (int round = 0; round < 47; ++round) {
        REQUIRE(world.store.append(timeline, world.scheduler.now(), std::vector<double>(columns.size(), 1 + round)));
        const std::size_t before = fakes::allocations;
        group->evaluate(world.scheduler.now(), [] {});
        world.scheduler.settle();
        last = fakes::allocations - before;
        world.scheduler.advance(15s);
    }
    CHECK(group->rules()[1]->samples() == 50);
    return last;
}

}  // namespace

TEST_CASE("in the steady state rules allocate nothing, however many", "[rules][rule_group]") {
    const std::size_t of_few = allocations_of_an_evaluation(1);
    CAPTURE(of_few);
    CHECK(of_few < 100);
    CHECK(allocations_of_an_evaluation(30) == of_few);
}
