#include "notifiers/untold_alerts.h"

#include <optional>

#include "tests/catch.h"
#include "tests/fakes/fake_state_store.h"
#include "tests/notifiers/notification_rig.h"

using namespace std::chrono_literals;

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::Lines;
using tests::NotificationRig;

constexpr const char* kUntoldRoutes = R"(
route:
  receiver: hook
  group_by: [alertname]
  group_wait: 10s
  group_interval: 1m
  routes:
  - {receiver: hole, matchers: [team=none]}
  - {receiver: hook, matchers: [team=two], mute_time_intervals: [always], continue: true}
  - {receiver: other, matchers: [team=two]}
receivers:
- {name: hook, webhook_configs: [{url: 'http://r/hook'}]}
- {name: other, webhook_configs: [{url: 'http://r/other'}]}
- {name: hole}
time_intervals: [{name: always, time_intervals: [{}]}]
inhibit_rules:
- {source_matchers: [alertname=down], target_matchers: [alertname=slow]}
)";

struct UntoldWorld {
    explicit UntoldWorld(fakes::FakeStateStore::Tables tables = {})
        : store(clock, std::move(tables)), untold(clock, log, 120h) {
        untold.keep_in(store);
        NotificationOptions options;
        options.observer = &untold;
        options.retention = 1h;
        rig.emplace(kUntoldRoutes, options);
    }

    /// `slow hook silence`, the last one first.
    Lines lines() const {
        Lines lines;
        untold.for_each([&](const UntoldAlert& alert) {
            lines.push_back(fmt::format("{} {} {}{}", alert.labels.get("alertname"), alert.receiver, alert.why,
                                        alert.told_others ? ", told others" : ""));
            return true;
        });
        return lines;
    }
    void fire_and_resolve(const std::string& name, std::vector<std::pair<std::string, std::string>> labels = {}) {
        rig->fire(name, labels);
        rig->advance(30s);
        rig->resolve(name, labels);
        rig->advance(2min);
    }

    VirtualScheduler clock{from_unix_ms(1'767'323'045'000)};
    fakes::RecordingLog log;
    fakes::FakeStateStore store;
    UntoldAlerts untold;
    std::optional<NotificationRig> rig;
};

TEST_CASE("what was told is no news", "[notifiers][untold]") {
    UntoldWorld world;
    world.fire_and_resolve("a");
    CHECK(world.lines() == Lines{});
    CHECK(world.rig->told().size() == 2);
}

TEST_CASE("what was silenced from its beginning to its end was told to nobody", "[notifiers][untold]") {
    UntoldWorld world;
    const std::string id = world.rig->silence("alertname=a", 0s, 1h);
    world.fire_and_resolve("a");
    CHECK(world.lines() == Lines{"a hook silence"});
    world.untold.for_each([&](const UntoldAlert& alert) {
        CHECK(alert.by == Lines{id});
        CHECK(alert.starts_at == world.rig->started_at);
        CHECK(alert.ends_at == world.rig->started_at + 30s);
        return true;
    });
}

TEST_CASE("what was told before its silence is no news", "[notifiers][untold]") {
    UntoldWorld world;
    world.rig->fire("a");
    world.rig->advance(30s);
    world.rig->silence("alertname=a", 0s, 10min);
    world.rig->advance(1min);
    world.rig->resolve("a");
    world.rig->advance(1h);
    CHECK(world.lines() == Lines{});
}

TEST_CASE("what was inhibited is told with its source", "[notifiers][untold]") {
    UntoldWorld world;
    world.rig->fire("down");
    world.fire_and_resolve("slow");
    CHECK(world.lines() == Lines{"slow hook inhibition"});
}

TEST_CASE("what came and went between two flushes was told to nobody", "[notifiers][untold]") {
    UntoldWorld world;
    world.rig->fire("a");
    world.rig->resolve("a");
    world.rig->advance(1min);
    CHECK(world.lines() == Lines{"a hook unseen"});
}

TEST_CASE("a receiver without integrations told nobody", "[notifiers][untold]") {
    UntoldWorld world;
    world.fire_and_resolve("a", {{"team", "none"}});
    CHECK(world.lines() == Lines{"a hole no integration"});
}

TEST_CASE("what a receiver refused for as long as it was remembered is told with the error", "[notifiers][untold]") {
    UntoldWorld world;
    world.rig->http.always("http://r/hook", FakeAnswer::with_status(400, "bad"));
    world.rig->fire("a");
    world.rig->advance(30s);
    world.rig->resolve("a");
    world.rig->advance(3h);
    CHECK(world.lines() == Lines{"a hook refused"});
    world.untold.for_each([&](const UntoldAlert& alert) {
        CHECK(alert.error == "unexpected status code 400: bad");
        return true;
    });
}

TEST_CASE("what failed while it fired and is told with its end is no news", "[notifiers][untold]") {
    UntoldWorld world;
    world.rig->http.once("http://r/hook", FakeAnswer::with_status(400, "bad"));
    world.fire_and_resolve("a");
    CHECK(world.rig->told().size() == 2);
    CHECK(world.lines() == Lines{});
}

TEST_CASE("another receiver that was told is seen, whichever lets go first", "[notifiers][untold]") {
    UntoldWorld world;
    SECTION("the muted one") {
        world.rig->http.once("http://r/other", FakeAnswer::ok("ok"));
        world.rig->fire("a", {{"team", "two"}});
        world.rig->advance(30s);
        world.rig->http.always("http://r/other", FakeAnswer::with_status(503, "busy"));
        world.rig->resolve("a", {{"team", "two"}});
        world.rig->advance(2min);
        CHECK(world.lines() == Lines{"a hook mute_time_interval"});
        world.rig->http.always("http://r/other", FakeAnswer::ok("ok"));
        world.rig->advance(2min);
    }
    SECTION("both at once") { world.fire_and_resolve("a", {{"team", "two"}}); }
    CHECK(world.lines() == Lines{"a hook mute_time_interval, told others"});
}

TEST_CASE("what nobody was told of is known after a restart", "[notifiers][untold]") {
    UntoldWorld before;
    before.rig->silence("alertname=a", 0s, 1h);
    before.fire_and_resolve("a");
    before.fire_and_resolve("a");
    UntoldWorld after(before.store.tables());
    CHECK(after.lines() == Lines{"a hook silence", "a hook silence"});
    CHECK(after.log.count(LogLevel::Error) == 0);
}

TEST_CASE("what is old is not known any more, on the disk neither", "[notifiers][untold]") {
    UntoldWorld before;
    before.rig->silence("alertname=a", 0s, 1h);
    before.fire_and_resolve("a");
    REQUIRE(before.untold.size() == 1);
    VirtualScheduler later{before.clock.now() + 121h};
    fakes::FakeStateStore store(later, before.store.tables());
    UntoldAlerts untold(later, before.log, 120h);
    untold.keep_in(store);
    CHECK(untold.size() == 0);
    CHECK(store.tables().at("untold_alerts").empty());
}

TEST_CASE("of many the last ones are known", "[notifiers][untold]") {
    VirtualScheduler clock{from_unix_ms(1'767'323'045'000)};
    fakes::RecordingLog log;
    UntoldAlerts untold(clock, log, 120h);
    EndEvent end;
    end.told = false;
    end.at = clock.now();
    for (std::size_t i = 0; i < UntoldAlerts::kAlertsMax + 10; ++i) {
        Alert alert;
        alert.labels = LabelSet{{"alertname", std::to_string(i)}};
        end.alert = std::make_shared<StoredAlert>(alert);
        untold.on_end(end);
    }
    CHECK(untold.size() == UntoldAlerts::kAlertsMax);
    // Those that went are not looked for in vain.
    end.told = true;
    Alert first;
    first.labels = LabelSet{{"alertname", "0"}};
    end.alert = std::make_shared<StoredAlert>(first);
    untold.on_end(end);
    untold.for_each([&](const UntoldAlert& alert) {
        CHECK_FALSE(alert.told_others);
        CHECK(alert.labels.get("alertname") == std::to_string(UntoldAlerts::kAlertsMax + 9));
        return false;
    });
}

}  // namespace
}  // namespace tocsin
