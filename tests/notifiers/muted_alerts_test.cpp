// Defects A, B and C of docs/differences.md behind everything that can keep an alert from being told: who was told of
// it hears what became of it when that is over.

#include <algorithm>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "notifiers/notification_service.h"
#include "tests/catch.h"
#include "tests/notifiers/notification_rig.h"

using namespace std::chrono_literals;

namespace tocsin {
namespace {

using tests::Lines;
using tests::NotificationRig;

enum class MuteKind { Silence, Inhibition, MuteTime, ActiveTime };

std::string times_of(MuteKind kind) {
    if (kind == MuteKind::MuteTime) return ", mute_time_intervals: [night]";
    return kind == MuteKind::ActiveTime ? ", active_time_intervals: [day]" : "";
}

/// From 6m to 1h55m55s (05:00:00) of the rig's time, `a` is muted; and `b` of the same group, where it is the route
/// that is.
class MutedWorld {
public:
    explicit MutedWorld(MuteKind kind)
        : rig(fmt::format(R"(
route:
  receiver: nobody
  routes:
  - {{receiver: both, matchers: ['alertname=~"a|b"'], group_wait: 30s, group_interval: 5m, repeat_interval: 4h{}}}
receivers:
- {{name: nobody}}
- name: both
  webhook_configs: [{{url: 'http://r/hook'}}]
  pagerduty_configs: [{{routing_key: key, url: 'http://r/pager'}}]
inhibit_rules: [{{source_matchers: [alertname=Source], target_matchers: [alertname=a]}}]
time_intervals:
- {{name: night, time_intervals: [{{times: [{{start_time: '03:10', end_time: '05:00'}}]}}]}}
- name: day
  time_intervals:
  - times: [{{start_time: '00:00', end_time: '03:10'}}, {{start_time: '05:00', end_time: '24:00'}}]
)",
                          times_of(kind))),
          kind_(kind) {}

    void begin_mute() {
        go_to(6min);
        told_before = rig.told();
        if (kind_ == MuteKind::Silence) silence_ = rig.silence("alertname=a", 0s, 10h);
        if (kind_ == MuteKind::Inhibition) rig.fire("Source");
    }
    void end_mute() {
        go_to(1h + 55min + 55s);
        CHECK(rig.told() == Lines{});
        if (kind_ == MuteKind::Silence) REQUIRE(rig.service->expire_silence(silence_).has_value());
        if (kind_ == MuteKind::Inhibition) rig.resolve("Source");
    }
    /// What was told in the hour after the mute; every incident is the first one.
    Lines told_after() {
        rig.advance(1h);
        std::string key;
        for (const auto& sent : rig.http.sent()) {
            if (!sent.request.url.ends_with("pager")) continue;
            const std::string its_key = parse_json(sent.request.body)->at("dedup_key").as_string();
            CHECK((key.empty() || key == its_key));
            key = its_key;
        }
        return rig.told();
    }

    NotificationRig rig;
    Lines told_before;

private:
    void go_to(Duration moment) { rig.advance(rig.started_at + moment - rig.scheduler.now()); }

    MuteKind kind_;
    std::string silence_;
};

MuteKind any_kind() {
    return GENERATE(MuteKind::Silence, MuteKind::Inhibition, MuteKind::MuteTime, MuteKind::ActiveTime);
}

TEST_CASE("defect A: what ends while it is muted, by whatever, is told as resolved afterwards",
          "[notifiers][mute][scenario]") {
    MutedWorld world(any_kind());
    world.rig.fire("a");
    world.begin_mute();
    CHECK(world.told_before == Lines{"30s pager trigger", "30s hook firing +a (first notification)"});
    world.rig.advance(10min);
    world.rig.resolve("a");
    world.end_mute();
    CHECK(world.told_after() == Lines{"2h30s pager resolve", "2h30s hook resolved -a (all alerts resolved)"});
    CHECK(world.rig.service->group_count() == 0);
}

TEST_CASE("defect A: what ended while it was muted, by whatever, and fires again pages again",
          "[notifiers][mute][scenario]") {
    MutedWorld world(any_kind());
    world.rig.fire("a");
    world.begin_mute();
    world.rig.advance(10min);
    world.rig.resolve("a");
    world.rig.advance(20min);
    const bool behind_it = GENERATE(true, false);
    if (behind_it) world.rig.fire("a");
    world.end_mute();
    if (!behind_it) world.rig.fire("a");
    CHECK(world.told_after() == Lines{"2h30s pager trigger", "2h30s hook firing +a (mute ended)"});
}

TEST_CASE("defect A: of a larger group the one that ended while it was muted is told, by whatever it was",
          "[notifiers][mute][scenario]") {
    MutedWorld world(any_kind());
    world.rig.fire("a");
    world.rig.fire("b");
    world.begin_mute();
    CHECK(world.told_before.back() == "30s hook firing +a +b (first notification)");
    world.rig.advance(10min);
    world.rig.resolve("a");
    world.end_mute();
    CHECK(world.told_after() == Lines{"2h30s pager trigger", "2h30s hook firing -a +b (some alerts resolved)"});
}

TEST_CASE("defect B: what still fires when a mute ends is told again then, by whatever it was muted",
          "[notifiers][mute][scenario]") {
    MutedWorld world(any_kind());
    world.rig.fire("a");
    world.begin_mute();
    world.end_mute();
    CHECK(world.told_after() == Lines{"2h30s pager trigger", "2h30s hook firing +a (mute ended)"});
}

constexpr const char* kSources = R"(
route: {receiver: hook, group_by: [alertname], group_wait: 10s, group_interval: 1m}
receivers: [{name: hook, webhook_configs: [{url: 'http://r/hook'}]}]
inhibit_rules:
- {source_matchers: [s=1], target_matchers: ['t=~"1|2"'], equal: [e]}
)";

/// As the API says it of the alert of that name.
bool is_inhibited(const NotificationRig& rig, const std::string& name) {
    for (const AlertView& view : rig.service->alerts({})) {
        if (view.alert->alert.labels.get("alertname") == name) return !view.inhibited_by.empty();
    }
    return false;
}

bool tells_of(const Lines& lines, const std::string& name) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const auto& line) { return line.find("+" + name) != std::string::npos; });
}

/// For an hour and a half, in which what ended is forgotten, more than once.
bool stays_inhibited(NotificationRig& rig, const std::string& name) {
    for (int i = 0; i < 90; ++i) {
        rig.advance(1min);
        if (!is_inhibited(rig, name)) return false;
    }
    return !tells_of(rig.told(), name);
}

TEST_CASE("defect C: a source on both sides that ends later hides no other one from those that it cannot inhibit",
          "[notifiers][inhibit][scenario]") {
    NotificationRig rig(kSources);
    Alert both_sided = rig.firing("two", {{"s", "1"}, {"t", "2"}, {"e", "x"}});
    both_sided.ends_at += 1000h;
    const std::vector<Alert> sources = {rig.firing("one", {{"s", "1"}, {"e", "x"}}), both_sided};
    const bool later_first = GENERATE(true, false);
    rig.receive({sources[later_first ? 1 : 0]});
    rig.receive({sources[later_first ? 0 : 1]});
    rig.fire("target", {{"s", "1"}, {"t", "1"}, {"e", "x"}});
    CHECK(is_inhibited(rig, "target"));
    CHECK(stays_inhibited(rig, "target"));
}

TEST_CASE("defect C: while one source fires, the end of another one uncovers nothing, nor that it is forgotten",
          "[notifiers][inhibit][scenario]") {
    NotificationRig rig(kSources);
    const std::string ends = GENERATE("one", "two");
    rig.fire("one", {{"s", "1"}, {"e", "x"}});
    rig.fire("two", {{"s", "1"}, {"e", "x"}});
    rig.fire("target", {{"t", "1"}, {"e", "x"}});
    rig.advance(1min);
    CHECK(is_inhibited(rig, "target"));
    rig.resolve(ends, {{"s", "1"}, {"e", "x"}});
    CHECK(is_inhibited(rig, "target"));
    CHECK(stays_inhibited(rig, "target"));
    rig.resolve(ends == "one" ? "two" : "one", {{"s", "1"}, {"e", "x"}});
    rig.advance(2min);
    CHECK(tells_of(rig.told(), "target"));
}

}  // namespace
}  // namespace tocsin
