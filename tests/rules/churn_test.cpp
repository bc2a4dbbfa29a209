#include <string>
#include <vector>

#include <malloc.h>

#include "tests/catch.h"
#include "tests/rules/rule_world.h"

using namespace tocsin;
using namespace tocsin::fakes;
using namespace std::chrono_literals;

namespace {

constexpr int kPods = 5'000;
constexpr int kReplaced = kPods / 5;  // every interval
constexpr Duration kInterval{30s};

constexpr auto kRules =
    "groups:\n"
    "- name: pods\n"
    "  interval: 30s\n"
    "  rules:\n"
    "  - {record: 'zone:restarts:rate', expr: 'sum by (zone) (rate(restarts_total[5m]))'}\n"
    "  - {alert: Restarting, expr: 'rate(restarts_total[5m]) > 1e9'}\n"
    "  - {alert: Uneven, expr: 'restarts_total / on (zone) group_left sum by (zone) (restarts_total) > 1e9'}\n";

/// The pods there are after so many intervals: each time a fifth of them is gone and others are there.
std::string pods_at(int interval) {
    std::string body;
    for (int i = 0; i < kPods; ++i) {
        const int born = i % 5 <= interval % 5 ? interval / 5 : interval / 5 - 1;
        body += fmt::format("restarts_total{{pod=\"api-{}-{}\",zone=\"{}\"}} {}\n", i, born, i % 3, interval);
    }
    return body;
}

/// What the program holds; the sanitizers' allocators do not tell.
std::size_t allocated_bytes() {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

}  // namespace

TEST_CASE("pods that come and go leave no memory behind", "[rules][store][churn]") {
    RuleWorld world;
    world.scrapes.apply({RuleWorld::job("pods", {"cluster"}, kInterval)});
    RuleManager manager(world.context());
    std::vector<RuleFile> files;
    files.push_back({"pods.yml", groups_of(kRules), {}});
    auto prepared = manager.prepare(std::move(files), {});
    REQUIRE(prepared);
    manager.apply(*std::move(prepared));
    manager.start();
    std::size_t after_20 = 0, store_after_20 = 0;
    for (int interval = 0; interval <= 200; ++interval) {
        world.expose("cluster", pods_at(interval));
        world.scheduler.advance(kInterval);
        if (interval == 20) {
            after_20 = allocated_bytes();
            store_after_20 = world.store.stats().bytes;
        }
    }
    CHECK(world.store.stats().series_created >= 200U * kReplaced);
    CHECK(world.store.stats().bytes <= store_after_20 * 11 / 10);
    INFO(after_20 << " bytes after 20 intervals, " << allocated_bytes() << " after 200");
    CHECK(allocated_bytes() <= after_20 * 11 / 10);
    manager.stop([] {});
    world.scheduler.advance(kInterval);
}
