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
  - {receiver: slow, matchers: [team=slow]}
  - {receiver: hook, matchers: [team=two], mute_time_intervals: [always], continue: true}
  - {receiver: other, matchers: [team=two]}
receivers:
- {name: hook, webhook_configs: [{url: 'http://r/hook'}]}
- {name: other, webhook_configs: [{url: 'http://r/other'}]}
- {name: hole}
- {name: slow, webhook_configs: [{url: 'http://r/slow', send_resolved: false, timeout: 90s}]}
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
    /// Returns the alert as its source goes on telling of it.
    Alert fire_and_resolve(const std::string& name, std::vector<std::pair<std::string, std::string>> labels = {}) {
        Alert alert = rig->firing(name, labels);
        rig->receive({alert});
        rig->advance(30s);
        alert.ends_at = rig->scheduler.now();
        rig->receive({alert});
        rig->advance(2min);
        return alert;
    }
    void repeat(const Alert& ended) {
        for (int i = 0; i < 10; ++i) {
            rig->receive({ended});
            rig->advance(1min);
        }
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

TEST_CASE("the end of what was told may be repeated", "[notifiers][untold]") {
    UntoldWorld before;
    const Alert ended = before.fire_and_resolve("a");
    before.repeat(ended);
    CHECK(before.lines() == Lines{});
    CHECK(before.rig->told().size() == 2);
    UntoldWorld after(before.store.tables());
    after.rig->advance(1h);
    after.repeat(ended);
    CHECK(after.lines() == Lines{});
    // Another incident of the same alert is another matter.
    after.rig->silence("alertname=a", 0s, 1h);
    after.fire_and_resolve("a");
    CHECK(after.lines() == Lines{"a hook silence"});
}

TEST_CASE("the end of what nobody was told of is one record, however often it is repeated", "[notifiers][untold]") {
    UntoldWorld before;
    before.rig->silence("alertname=a", 0s, 10h);
    const Alert ended = before.fire_and_resolve("a");
    before.repeat(ended);
    CHECK(before.lines() == Lines{"a hook silence"});
    UntoldWorld after(before.store.tables());
    after.rig->silence("alertname=a", 0s, 10h);
    after.rig->advance(1h);
    after.repeat(ended);
    CHECK(after.lines() == Lines{"a hook silence"});
}

TEST_CASE("what a slow receiver takes after the end is no news", "[notifiers][untold]") {
    UntoldWorld world;
    // The flush in between sees the end while nobody knows yet whether the receiver takes the message.
    world.rig->http.once("http://r/slow", FakeAnswer::ok("ok").after(65s));
    world.fire_and_resolve("a", {{"team", "slow"}});
    CHECK(world.rig->told() == Lines{"10s slow firing +a (first notification)"});
    CHECK(world.rig->service->group_count() == 0);
    CHECK(world.lines() == Lines{});
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
    SECTION("both at once") {
        world.fire_and_resolve("a", {{"team", "two"}});
    }
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

EndEvent end_of(const std::string& name, const std::string& receiver, bool told, Timestamp ends_at) {
    Alert alert;
    alert.labels = LabelSet{{"alertname", name}};
    alert.starts_at = ends_at - 1min;
    alert.ends_at = ends_at;
    EndEvent end;
    end.group_key = "{}:{}";
    end.receiver = receiver;
    end.alert = std::make_shared<StoredAlert>(alert);
    end.told = told;
    end.at = ends_at;
    return end;
}

TEST_CASE("another receiver that was told before a restart is seen", "[notifiers][untold]") {
    UntoldWorld before;
    const Timestamp now = before.clock.now();
    before.untold.on_end(end_of("a", "hook", true, now));
    UntoldWorld after(before.store.tables());
    after.untold.on_end(end_of("a", "other", false, now));
    after.untold.on_end(end_of("b", "other", false, now));
    CHECK(after.lines() == Lines{"b other unseen", "a other unseen, told others"});
    CHECK(after.log.count(LogLevel::Error) == 0);
}

TEST_CASE("an incident that went on and was told is no news", "[notifiers][untold]") {
    UntoldWorld before;
    EndEvent end = end_of("a", "hook", false, before.clock.now());
    before.untold.on_end(end);
    Alert later = end.alert->alert;
    later.ends_at += 1h;
    end.alert = std::make_shared<StoredAlert>(later);
    before.untold.on_end(end);
    CHECK(before.lines() == Lines{"a hook unseen"});
    before.untold.for_each([&](const UntoldAlert& alert) {
        CHECK(alert.ends_at == later.ends_at);
        return true;
    });
    end.told = true;
    before.untold.on_end(end);
    CHECK(before.lines() == Lines{});
    UntoldWorld after(before.store.tables());
    CHECK(after.lines() == Lines{});
    end.told = false;
    after.untold.on_end(end);
    CHECK(after.lines() == Lines{});
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
