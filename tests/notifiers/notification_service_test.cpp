#include "notifiers/notification_service.h"

#include <algorithm>

#include "tests/catch.h"
#include "tests/notifiers/notification_rig.h"

using namespace std::chrono_literals;

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::Lines;
using tests::NotificationRig;

constexpr const char* kHook = R"(
route:
  receiver: hook
  group_by: [group]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 1h
receivers:
- name: hook
  webhook_configs:
  - url: http://r/hook
)";

TEST_CASE("the first message comes after group_wait with all alerts of the group", "[notifiers][service]") {
    NotificationRig rig(kHook);
    rig.fire("a");
    rig.advance(10s);
    rig.fire("b");
    rig.advance(19s);
    CHECK(rig.told() == Lines{});
    rig.advance(1s);
    CHECK(rig.told() == Lines{"30s hook firing +a +b (first notification)"});
}

TEST_CASE("news of a group wait for the next flush, which is on the grid of group_interval", "[notifiers][service]") {
    NotificationRig rig(kHook);
    rig.fire("a");
    rig.advance(2min);
    rig.fire("b");
    rig.advance(1min);
    rig.resolve("a");
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)"});
    rig.advance(10min);
    CHECK(rig.told() == Lines{"5m30s hook firing -a +b (new alerts added)"});
    rig.resolve("b");
    rig.advance(10min);
    CHECK(rig.told() == Lines{"15m30s hook resolved -b (all alerts resolved)"});
    CHECK(rig.service->group_count() == 0);
}

TEST_CASE("groups are told apart by their labels", "[notifiers][service]") {
    NotificationRig rig(kHook);
    rig.fire("a", {{"group", "1"}});
    rig.fire("b", {{"group", "2"}});
    rig.fire("c");
    rig.advance(30s);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)", "30s hook firing +b (first notification)",
                              "30s hook firing +c (first notification)"});
    CHECK(rig.service->group_count() == 3);
}

TEST_CASE("an alert that fired and resolved between two flushes is told with the others only", "[notifiers][service]") {
    NotificationRig rig(kHook);
    rig.fire("a");
    rig.resolve("a");
    rig.advance(1h);
    CHECK(rig.told() == Lines{});
    CHECK(rig.service->group_count() == 0);
}

TEST_CASE("an alert ends when its end has come although nobody said so", "[notifiers][service]") {
    NotificationRig rig(kHook);
    Alert alert = rig.firing("a");
    alert.ends_at = Timestamp{};
    rig.receive({alert});
    rig.advance(10min);
    CHECK(rig.told() ==
          Lines{"30s hook firing +a (first notification)", "5m30s hook resolved -a (all alerts resolved)"});
}

TEST_CASE("an alert without a start began when it came", "[notifiers][service]") {
    NotificationRig rig(kHook);
    rig.advance(1h);
    Alert alert = rig.firing("a");
    alert.starts_at = alert.ends_at = Timestamp{};
    rig.receive({alert});
    CHECK(rig.service->alerts({}).front().alert->alert.starts_at == rig.scheduler.now());
}

TEST_CASE("without send_resolved nobody is told of the end, and everybody of the next beginning",
          "[notifiers][service]") {
    NotificationRig rig(R"(
route: {receiver: hook, group_wait: 10s, group_interval: 1m, repeat_interval: 4h}
receivers:
- name: hook
  webhook_configs: [{url: 'http://r/hook', send_resolved: false}]
)");
    rig.fire("a");
    rig.fire("b");
    rig.advance(1min);
    CHECK(rig.told() == Lines{"10s hook firing +a +b (first notification)"});
    SECTION("when one of them ends and begins again") {
        rig.resolve("a");
        rig.advance(2min);
        CHECK(rig.told() == Lines{});
        rig.fire("a");
        rig.advance(1min);
        CHECK(rig.told() == Lines{"3m10s hook firing +a +b (new alerts added)"});
    }
    SECTION("when all of them do") {
        rig.resolve("a");
        rig.resolve("b");
        rig.advance(2min);
        CHECK(rig.told() == Lines{});
        rig.fire("b");
        rig.advance(1min);
        CHECK(rig.told() == Lines{"3m10s hook firing +b (first notification)"});
    }
}

TEST_CASE("continue hands an alert to the next siblings too", "[notifiers][service]") {
    NotificationRig rig(R"(
route:
  receiver: default
  group_wait: 1s
  routes:
  - {receiver: one, matchers: [team="x"], continue: true}
  - {receiver: two, matchers: [severity="page"]}
  - {receiver: three}
receivers:
- {name: default, webhook_configs: [{url: 'http://r/default'}]}
- {name: one, webhook_configs: [{url: 'http://r/one'}]}
- {name: two, webhook_configs: [{url: 'http://r/two'}]}
- {name: three, webhook_configs: [{url: 'http://r/three'}]}
)");
    rig.fire("a", {{"team", "x"}, {"severity", "page"}});
    rig.fire("b", {{"team", "x"}});
    rig.advance(1s);
    CHECK(rig.told() == Lines{"1s one firing +a +b (first notification)", "1s two firing +a (first notification)",
                              "1s three firing +b (first notification)"});
}

TEST_CASE("defect M: a repeat interval that is a multiple of the group interval is kept exactly",
          "[notifiers][service]") {
    NotificationRig rig(kHook);
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok().after(200ms); });
    rig.fire("a");
    rig.advance(3h);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)",
                              "1h30s hook firing +a (repeat interval elapsed)",
                              "2h30s hook firing +a (repeat interval elapsed)"});
}

TEST_CASE("defect M: with the intervals that Alertmanager has by itself too", "[notifiers][service]") {
    NotificationRig rig(
        "route: {receiver: hook}\nreceivers: [{name: hook, webhook_configs: [{url: 'http://r/hook'}]}]\n");
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok().after(200ms); });
    rig.fire("a");
    rig.advance(9h);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)",
                              "4h30s hook firing +a (repeat interval elapsed)",
                              "8h30s hook firing +a (repeat interval elapsed)"});
}

TEST_CASE("a repeat interval between two flushes waits for the later one", "[notifiers][service]") {
    NotificationRig rig(R"(
route: {receiver: hook, group_wait: 0s, group_interval: 10s, repeat_interval: 25s}
receivers: [{name: hook, webhook_configs: [{url: 'http://r/hook'}]}]
)");
    rig.fire("a");
    rig.advance(1min);
    CHECK(rig.told() == Lines{"0s hook firing +a (first notification)", "30s hook firing +a (repeat interval elapsed)",
                              "1m hook firing +a (repeat interval elapsed)"});
}

TEST_CASE("an end is told however much longer the group interval is than the repeat interval", "[notifiers][service]") {
    NotificationRig rig(R"(
route: {receiver: hook, group_wait: 0s, group_interval: 1h, repeat_interval: 10m}
receivers: [{name: hook, webhook_configs: [{url: 'http://r/hook'}]}]
)");
    rig.fire("a");
    rig.advance(40min);
    rig.resolve("a");
    rig.advance(30min);
    CHECK(rig.told() == Lines{"0s hook firing +a (first notification)", "1h hook resolved -a (all alerts resolved)"});
}

TEST_CASE("defect O: old alerts are told at once, the whole batch in one message", "[notifiers][service]") {
    NotificationRig rig(kHook);
    Alert one = rig.firing("a");
    Alert other = rig.firing("b");
    one.starts_at = other.starts_at = rig.scheduler.now() - 1h;
    SECTION("that comes in one request") {
        rig.receive({one, other});
    }
    SECTION("that comes in several") {
        rig.receive({one});
        rig.advance(300ms);
        rig.receive({other});
    }
    rig.advance(1s);
    CHECK(rig.told() == Lines{"1s hook firing +a +b (first notification)"});
}

TEST_CASE("defect O: old alerts that a reload leads to a receiver are told in one message", "[notifiers][reload]") {
    NotificationRig rig("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
    for (const char* name : {"a", "b", "c"}) rig.fire(name);
    rig.advance(1h);
    rig.load(kHook);
    rig.advance(10min);
    CHECK(rig.told() == Lines{"1h hook firing +a +b +c (first notification)"});
}

TEST_CASE("defect O: a group that waits shorter than for a batch waits no longer for one", "[notifiers][service]") {
    NotificationRig rig(R"(
route: {receiver: hook, group_wait: 100ms}
receivers: [{name: hook, webhook_configs: [{url: 'http://r/hook'}]}]
)");
    Alert old = rig.firing("a");
    old.starts_at = rig.scheduler.now() - 1h;
    rig.receive({old});
    rig.advance(1s);
    CHECK(rig.told() == Lines{"100ms hook firing +a (first notification)"});
}

TEST_CASE("defect M: the repeat intervals of a busy receiver are kept exactly too", "[notifiers][service]") {
    NotificationRig rig(R"(
route: {receiver: hook, group_by: [group], group_wait: 0s, group_interval: 5s, repeat_interval: 10s}
receivers: [{name: hook, webhook_configs: [{url: 'http://r/hook'}]}]
)");
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok().after(300ms); });
    for (int i = 0; i < 80; ++i) rig.fire("a", {{"group", std::to_string(i)}});
    rig.advance(59s);
    CHECK(rig.http.sent().size() == std::size_t{80} * 6);
}

TEST_CASE("a receiver may take as long as a group interval, and gets the message once", "[notifiers][retry]") {
    NotificationRig rig(kHook);
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok().after(4min); });
    rig.fire("a");
    rig.advance(59min);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)"});
}

TEST_CASE("all attempts at a message have one group interval together", "[notifiers][retry]") {
    NotificationRig rig(kHook);
    rig.http.once("http://r/hook", FakeAnswer::with_status(500).after(4min));
    rig.http.once("http://r/hook", FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers));
    rig.fire("a");
    rig.advance(5min);
    rig.told();
    rig.fire("b");
    rig.advance(31s);
    CHECK(rig.told() == Lines{"5m30s hook firing +a +b (first notification)"});
}

TEST_CASE("what a receiver lets hang keeps its other groups waiting for a minute only", "[notifiers][retry]") {
    NotificationRig rig(kHook);
    rig.http.handle([](const HttpRequest& request) {
        return request.body.find("\"a9\"") != std::string::npos ? FakeAnswer::ok()
                                                                : FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers);
    });
    for (int i = 0; i < 10; ++i) rig.fire("a" + std::to_string(i), {{"group", std::to_string(i)}});
    rig.advance(80s);
    CHECK(rig.service->pending_deliveries() == 10);
    rig.advance(11s);
    CHECK(rig.service->pending_deliveries() == 9);
    rig.advance(1h);
    CHECK(rig.service->pending_deliveries() == 9);
}

TEST_CASE("a server error is retried with growing waits until the next flush, which begins anew",
          "[notifiers][retry]") {
    NotificationRig rig(kHook);
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::with_status(500); });
    rig.fire("a");
    rig.advance(30s + 20s);
    const auto& sent = rig.http.sent();
    REQUIRE(sent.size() >= 5);
    double expected = 500;
    for (std::size_t i = 1; i < 5; ++i, expected *= 1.5) {
        const auto wait = static_cast<double>((sent[i].at - sent[i - 1].at).count());
        CAPTURE(i, wait);
        CHECK(wait >= expected * 0.5 - 1);
        CHECK(wait <= expected * 1.5 + 1);
    }
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok(); });
    rig.advance(1min);
    const auto lines = rig.told();
    CHECK(lines.back().find("hook firing +a (first notification)") != std::string::npos);
    rig.advance(30min);
    CHECK(rig.told() == Lines{});
}

TEST_CASE("a receiver that stays down is tried at least every minute, and the failed flushes are counted",
          "[notifiers][retry]") {
    NotificationRig rig(kHook);
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::fails(FakeAnswer::Fault::Refused); });
    rig.fire("a");
    rig.advance(1h);
    const auto& sent = rig.http.sent();
    for (std::size_t i = 1; i < sent.size(); ++i) CHECK(sent[i].at - sent[i - 1].at <= 60s);
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok(); });
    rig.advance(61s);
    CHECK(sent.back().request.body.find("first notification") != std::string::npos);
    const std::string metrics = rig.metrics.render();
    CHECK(
        metrics.find(
            R"(alertmanager_notifications_failed_total{integration="webhook",reason="contextDeadlineExceeded",receiver_name="hook"} 12)") !=
        std::string::npos);
}

TEST_CASE("429 is retried when the receiver allows it, not before", "[notifiers][retry]") {
    NotificationRig rig(kHook);
    FakeAnswer busy = FakeAnswer::with_status(429);
    busy.header("Retry-After", "120");
    rig.http.once("http://r/hook", busy);
    rig.fire("a", {{"group", "1"}});
    rig.fire("b", {{"group", "2"}});
    rig.advance(30s + 119s);
    // The second group was under way already; after that all groups keep quiet.
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)", "30s hook firing +b (first notification)"});
    rig.fire("c", {{"group", "3"}});
    rig.advance(1s);
    CHECK(rig.told() == Lines{"2m30s hook firing +a (first notification)"});
    rig.advance(1min);
    CHECK(rig.told() == Lines{"2m59s hook firing +c (first notification)"});
}

TEST_CASE("Retry-After counts for all groups of the receiver", "[notifiers][retry]") {
    NotificationRig rig(kHook);
    FakeAnswer busy = FakeAnswer::with_status(429);
    busy.header("Retry-After", "120");
    rig.http.once("http://r/hook", busy);
    rig.fire("a", {{"group", "1"}});
    rig.advance(10s);
    rig.fire("b", {{"group", "2"}});
    rig.advance(139s);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)"});
    rig.advance(1s);
    CHECK(rig.told() ==
          Lines{"2m30s hook firing +a (first notification)", "2m30s hook firing +b (first notification)"});
}

TEST_CASE("a refused message is tried again at the next flush", "[notifiers][retry]") {
    NotificationRig rig(kHook);
    rig.http.once("http://r/hook", FakeAnswer::with_status(404));
    rig.fire("a");
    rig.advance(5min);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)"});
    rig.advance(5min);
    CHECK(rig.told() == Lines{"5m30s hook firing +a (first notification)"});
    CHECK(rig.metrics.render().find(R"(failed_total{integration="webhook",reason="clientError",receiver_name="hook"} 1)") !=
          std::string::npos);
}

TEST_CASE("a message whose template failed is counted with its receiver", "[notifiers][template]") {
    NotificationRig rig(R"(
route: {receiver: oncall}
receivers:
- name: oncall
  slack_configs: [{api_url: 'http://r/slack', text: '{{ index .Alerts 7 }}'}]
)");
    rig.fire("a");
    rig.advance(1min);
    CHECK(rig.metrics.render().find(
              R"(tocsin_notification_template_failures_total{integration="slack",receiver_name="oncall"} 1)") !=
          std::string::npos);
}

TEST_CASE("defect J: what fired while the receiver refused is told although it has ended", "[notifiers][retry]") {
    const bool send_resolved = GENERATE(true, false);
    NotificationRig rig(fmt::format(R"(
route: {{receiver: hook, group_wait: 30s, group_interval: 5m}}
receivers:
- name: hook
  webhook_configs: [{{url: 'http://r/hook', send_resolved: {}}}]
)",
                                    send_resolved));
    rig.http.once("http://r/hook", FakeAnswer::with_status(GENERATE(400, 404)));
    rig.fire("a");
    rig.advance(1min);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)"});
    rig.resolve("a");
    rig.advance(10min);
    CHECK(rig.told() == Lines{"5m30s hook resolved -a (first notification)"});
    rig.advance(1h);
    CHECK(rig.told() == Lines{});
    CHECK(rig.service->group_count() == 0);
}

TEST_CASE("defect J: what a webhook or Slack refuses by 4xx or 429 is told all the same", "[notifiers][retry]") {
    const std::string integration = GENERATE(R"(webhook_configs: [{url: 'http://r/hook'}])",
                                             R"(slack_configs: [{api_url: 'http://r/hook', send_resolved: true}])");
    NotificationRig rig("route: {receiver: r, group_wait: 30s, group_interval: 5m}\nreceivers: [{name: r, " +
                        integration + "}]\n");
    const int status = GENERATE(400, 404, 429);
    CAPTURE(integration, status);
    const auto messages = [&] { return rig.told().size(); };
    SECTION("while it fires, if the receiver takes it soon") {
        rig.http.once("http://r/hook", FakeAnswer::with_status(status));
        rig.fire("a");
        rig.advance(6min);
        // After 429 within seconds, after another 4xx with the next flush.
        const Timestamp taken = rig.http.sent().back().at;
        CHECK(messages() == 2);
        CHECK(taken - rig.started_at < (status == 429 ? Duration(35s) : Duration(6min)));
        rig.advance(1h);
        CHECK(messages() == 0);
    }
    SECTION("with its end, if the receiver takes nothing before") {
        rig.http.always("http://r/hook", FakeAnswer::with_status(status));
        rig.fire("a");
        rig.advance(2min);
        rig.resolve("a");
        rig.advance(1min);
        CHECK(messages() > 0);
        rig.http.always("http://r/hook", FakeAnswer::ok("ok"));
        rig.advance(10min);
        // After 429 the message that was refused goes out first, within its time.
        CHECK(messages() == (status == 429 ? 2 : 1));
        CHECK_THAT(rig.last_request().body, Catch::Contains("RESOLVED") || Catch::Contains("resolved"));
        rig.advance(1h);
        CHECK(messages() == 0);
        CHECK(rig.service->group_count() == 0);
    }
}

TEST_CASE("defect J: an alert that came and went unheard in a group that was told before is told too",
          "[notifiers][retry]") {
    NotificationRig rig(kHook);
    rig.fire("a");
    rig.advance(1min);
    rig.resolve("a");
    rig.advance(5min);
    rig.told();
    rig.http.once("http://r/hook", FakeAnswer::with_status(400));
    rig.fire("b");
    rig.advance(1min);
    rig.resolve("b");
    rig.told();
    rig.advance(5min);
    CHECK(rig.told() == Lines{"11m30s hook resolved -b (all alerts resolved)"});
}

TEST_CASE("an end that is said to be long ago is told although the receiver refuses at first", "[notifiers][retry]") {
    NotificationRig rig(kHook);
    rig.fire("a");
    rig.advance(1min);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)"});
    Alert ended = rig.firing("a");
    ended.starts_at = ended.ends_at = rig.scheduler.now() - 24h * 365;
    rig.receive({ended});
    rig.http.always("http://r/hook", FakeAnswer::with_status(404));
    rig.advance(15min);
    CHECK(rig.told().size() == 3);
    rig.http.always("http://r/hook", FakeAnswer::ok());
    rig.advance(5min);
    CHECK(rig.told() == Lines{"20m30s hook resolved -a (all alerts resolved)"});
    CHECK(rig.service->group_count() == 0);
}

TEST_CASE("a slow receiver delays no other one", "[notifiers][retry]") {
    NotificationRig rig(R"(
route:
  receiver: slow
  group_by: [group]
  group_wait: 10s
  group_interval: 10s
  routes: [{receiver: slow, continue: true}, {receiver: quick}]
receivers:
- {name: slow, webhook_configs: [{url: 'http://r/slow'}]}
- {name: quick, webhook_configs: [{url: 'http://r/quick'}]}
)");
    rig.http.always("http://r/slow", FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers));
    for (int i = 0; i < 50; ++i) rig.fire("a" + std::to_string(i), {{"group", std::to_string(i)}});
    rig.advance(10s);
    std::size_t slow = 0;
    std::size_t quick = 0;
    for (const auto& sent : rig.http.sent()) ++(sent.request.url == "http://r/slow" ? slow : quick);
    CHECK(quick == 50);
    CHECK(slow == 8);
    CHECK(rig.service->pending_deliveries() == 50);
}

TEST_CASE("one message of a group is under way at a time, and the flush it missed is made up for",
          "[notifiers][retry]") {
    NotificationRig rig(R"(
route: {receiver: hook, group_wait: 10s, group_interval: 10s}
receivers: [{name: hook, webhook_configs: [{url: 'http://r/hook'}]}]
)");
    rig.http.once("http://r/hook", FakeAnswer::ok().after(9s));
    rig.fire("a");
    rig.advance(11s);
    rig.fire("b");
    rig.advance(7s);
    CHECK(rig.told() == Lines{"10s hook firing +a (first notification)"});
    rig.advance(2s);
    CHECK(rig.told() == Lines{"20s hook firing +a +b (new alerts added)"});
    rig.http.once("http://r/hook", FakeAnswer::ok().after(9500ms));
    rig.fire("c");
    rig.advance(15s);
    CHECK(rig.told() == Lines{"30s hook firing +a +b +c (new alerts added)"});
    rig.fire("d");
    rig.advance(4s);
    CHECK(rig.told() == Lines{});
    rig.advance(1s);
    CHECK(rig.told() == Lines{"40s hook firing +a +b +c +d (new alerts added)"});
}

TEST_CASE("silenced alerts are not told, the others of their group are", "[notifiers][silence]") {
    NotificationRig rig(kHook);
    rig.silence("alertname=a", 0s, 20min);
    rig.fire("a");
    rig.fire("b");
    rig.advance(10min);
    CHECK(rig.told() == Lines{"30s hook firing +b (first notification)"});
    const auto shown = rig.service->alerts({});
    REQUIRE(shown.size() == 2);
    CHECK(std::count_if(shown.begin(), shown.end(), [](const auto& view) { return view.is_suppressed(); }) == 1);
    rig.advance(15min);
    CHECK(rig.told() == Lines{"20m30s hook firing +a +b (new alerts added)"});
}

TEST_CASE("a silence stops the retries of what it matches", "[notifiers][silence]") {
    NotificationRig rig(kHook);
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::with_status(500); });
    rig.fire("a");
    rig.fire("b");
    rig.advance(31s);
    CHECK(rig.told().size() > 1);
    rig.silence("alertname=a", 0s, 1h);
    rig.advance(2min);
    for (const auto& line : rig.told()) CHECK(line.find("+a") == std::string::npos);
    rig.silence("alertname=b", 0s, 1h);
    rig.advance(1min);
    CHECK(rig.told() == Lines{});
}

TEST_CASE("defect A: an alert that ends while it is muted is told as resolved when the mute ends",
          "[notifiers][silence]") {
    NotificationRig rig(kHook);
    rig.fire("a");
    rig.advance(1min);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)"});
    const std::string id = rig.silence("alertname=a", 0s, 20min);
    rig.advance(1min);
    rig.resolve("a");
    rig.advance(10min);
    CHECK(rig.told() == Lines{});
    CHECK(rig.service->group_count() == 1);
    SECTION("because its time is over") {
        rig.advance(15min);
        CHECK(rig.told() == Lines{"25m30s hook resolved -a (all alerts resolved)"});
    }
    SECTION("because somebody ended it") {
        REQUIRE(rig.service->expire_silence(id).has_value());
        rig.advance(5min);
        CHECK(rig.told() == Lines{"15m30s hook resolved -a (all alerts resolved)"});
    }
    rig.advance(1h);
    CHECK(rig.told() == Lines{});
    CHECK(rig.service->group_count() == 0);
}

TEST_CASE("defect A: an alert that ended and fires again behind a mute pages again", "[notifiers][silence]") {
    NotificationRig rig(kHook);
    rig.fire("a");
    rig.advance(1min);
    rig.told();
    const std::string id = rig.silence("alertname=a", 0s, 3h);
    rig.resolve("a");
    rig.advance(10min);
    SECTION("while the mute lasts") {
        rig.fire("a");
        rig.advance(10min);
        REQUIRE(rig.service->expire_silence(id).has_value());
        rig.advance(5min);
        CHECK(rig.told() == Lines{"25m30s hook firing +a (mute ended)"});
    }
    SECTION("after it") {
        REQUIRE(rig.service->expire_silence(id).has_value());
        rig.fire("a");
        rig.advance(5min);
        CHECK(rig.told() == Lines{"15m30s hook firing +a (mute ended)"});
    }
}

TEST_CASE("defect A: one alert of a larger group", "[notifiers][silence]") {
    NotificationRig rig(kHook);
    rig.fire("a");
    rig.fire("b");
    rig.advance(1min);
    rig.told();
    const std::string id = rig.silence("alertname=a", 0s, 3h);
    rig.resolve("a");
    rig.advance(10min);
    CHECK(rig.told() == Lines{});
    REQUIRE(rig.service->expire_silence(id).has_value());
    rig.advance(5min);
    CHECK(rig.told() == Lines{"15m30s hook firing -a +b (some alerts resolved)"});
}

TEST_CASE("defect B: an alert that still fires is told again when its mute ends", "[notifiers][silence]") {
    NotificationRig rig(kHook);
    rig.fire("a");
    rig.advance(1min);
    rig.told();
    rig.silence("alertname=a", 0s, 20min);
    rig.advance(20min);
    CHECK(rig.told() == Lines{});
    rig.advance(5min);
    CHECK(rig.told() == Lines{"25m30s hook firing +a (mute ended)"});
    rig.advance(30min);
    CHECK(rig.told() == Lines{});
}

TEST_CASE("defect B2: a group with a told alert that fires on under a silence is not resolved",
          "[notifiers][silence]") {
    NotificationRig rig(R"(
route: {receiver: both, group_wait: 10s, group_interval: 1m}
receivers:
- name: both
  webhook_configs: [{url: 'http://r/hook'}]
  pagerduty_configs: [{routing_key: key, url: 'http://r/pager'}]
)");
    rig.fire("a");
    rig.fire("b");
    rig.advance(11s);
    CHECK(rig.told() == Lines{"10s pager trigger", "10s hook firing +a +b (first notification)"});
    const std::string id = rig.silence("alertname=a", 0s, 3h);
    rig.resolve("b");
    rig.advance(1min);
    CHECK(rig.told() == Lines{"1m10s pager trigger", "1m10s hook firing -b (some alerts resolved)"});
    rig.resolve("a");
    rig.advance(1min);
    CHECK(rig.told() == Lines{});
    REQUIRE(rig.service->expire_silence(id).has_value());
    rig.advance(1min);
    CHECK(rig.told() == Lines{"3m10s pager resolve", "3m10s hook resolved -a (all alerts resolved)"});
}

TEST_CASE("a silenced alert that nobody was told of does not keep the others from being resolved",
          "[notifiers][silence]") {
    NotificationRig rig(kHook);
    rig.silence("alertname=a", 0s, 10h);
    rig.fire("a");
    rig.fire("b");
    rig.advance(1min);
    rig.resolve("b");
    rig.advance(10min);
    CHECK(rig.told() ==
          Lines{"30s hook firing +b (first notification)", "5m30s hook resolved -b (all alerts resolved)"});
}

constexpr const char* kInhibit = R"(
route: {receiver: hook, group_by: [alertname], group_wait: 10s, group_interval: 1m}
receivers: [{name: hook, webhook_configs: [{url: 'http://r/hook'}]}]
inhibit_rules:
- source_matchers: [severity="critical"]
  target_matchers: [severity="warning"]
  equal: [cluster]
)";

TEST_CASE("an alert is not told while a more important one of the same kind fires", "[notifiers][inhibit]") {
    NotificationRig rig(kInhibit);
    // In one batch the source may come last.
    rig.receive({rig.firing("low", {{"severity", "warning"}, {"cluster", "eu"}}),
                 rig.firing("elsewhere", {{"severity", "warning"}, {"cluster", "us"}}),
                 rig.firing("high", {{"severity", "critical"}, {"cluster", "eu"}})});
    rig.advance(30s);
    CHECK(rig.told() ==
          Lines{"10s hook firing +elsewhere (first notification)", "10s hook firing +high (first notification)"});
    rig.resolve("high", {{"severity", "critical"}, {"cluster", "eu"}});
    rig.advance(1min);
    CHECK(rig.told() ==
          Lines{"1m10s hook firing +low (first notification)", "1m10s hook resolved -high (all alerts resolved)"});
}

TEST_CASE("defect C: a target stays inhibited while any of its sources fires", "[notifiers][inhibit]") {
    NotificationRig rig(kInhibit);
    rig.receive({rig.firing("one", {{"severity", "critical"}, {"cluster", "eu"}}),
                 rig.firing("two", {{"severity", "critical"}, {"cluster", "eu"}}),
                 rig.firing("low", {{"severity", "warning"}, {"cluster", "eu"}})});
    rig.advance(1min);
    rig.told();
    rig.resolve("two", {{"severity", "critical"}, {"cluster", "eu"}});
    rig.advance(1h);
    for (const auto& line : rig.told()) CHECK(line.find("low") == std::string::npos);
    rig.resolve("one", {{"severity", "critical"}, {"cluster", "eu"}});
    rig.advance(2min);
    CHECK(rig.told().back().find("firing +low") != std::string::npos);
}

TEST_CASE("defect A with inhibition: the end is told when the inhibition is over", "[notifiers][inhibit]") {
    NotificationRig rig(kInhibit);
    rig.fire("low", {{"severity", "warning"}, {"cluster", "eu"}});
    rig.advance(30s);
    rig.told();
    rig.fire("high", {{"severity", "critical"}, {"cluster", "eu"}});
    rig.advance(2min);
    rig.resolve("low", {{"severity", "warning"}, {"cluster", "eu"}});
    rig.advance(5min);
    CHECK(rig.told().size() == 1);
    rig.resolve("high", {{"severity", "critical"}, {"cluster", "eu"}});
    rig.advance(2min);
    const auto lines = rig.told();
    CHECK(std::any_of(lines.begin(), lines.end(), [](const auto& line) {
        return line.find("resolved -low (all alerts resolved)") != std::string::npos;
    }));
}

TEST_CASE("mute times keep a route quiet and what it missed is told afterwards", "[notifiers][time_interval]") {
    NotificationRig rig(R"(
route:
  receiver: hook
  routes:
  - {receiver: hook, matchers: [kind=muted], group_wait: 0s, group_interval: 10m, mute_time_intervals: [night]}
  - {receiver: hook, matchers: [kind=active], group_wait: 0s, group_interval: 10m, active_time_intervals: [night]}
receivers: [{name: hook, webhook_configs: [{url: 'http://r/hook'}]}]
time_intervals:
- {name: night, time_intervals: [{times: [{start_time: '03:30', end_time: '04:00'}]}]}
)");
    rig.fire("m", {{"kind", "muted"}});
    rig.fire("n", {{"kind", "muted"}});
    rig.fire("a", {{"kind", "active"}});
    rig.advance(20min);
    CHECK(rig.told() == Lines{"0s hook firing +m +n (first notification)"});
    rig.advance(10min);  // 03:34
    CHECK(rig.told() == Lines{"30m hook firing +a (first notification)"});
    rig.resolve("n", {{"kind", "muted"}});
    rig.resolve("a", {{"kind", "active"}});
    rig.advance(20min);
    CHECK(rig.told() == Lines{"40m hook resolved -a (all alerts resolved)"});
    rig.advance(10min);  // 04:04
    CHECK(rig.told() == Lines{"1h hook firing +m -n (some alerts resolved)"});
    const auto groups = rig.service->groups({});
    REQUIRE(groups.size() == 1);
    CHECK(groups.front().alerts.front().muted_by.empty());
}

TEST_CASE("groups show by which interval they are muted", "[notifiers][time_interval]") {
    NotificationRig rig(R"(
route:
  receiver: hook
  routes: [{receiver: hook, mute_time_intervals: [always]}]
receivers: [{name: hook, webhook_configs: [{url: 'http://r/hook'}]}]
time_intervals: [{name: always, time_intervals: [{}]}]
)");
    rig.fire("a");
    rig.advance(1h);
    CHECK(rig.told() == Lines{});
    CHECK(rig.service->groups({}).front().alerts.front().muted_by == Lines{"always"});
    AlertFilter filter;
    filter.muted = false;
    CHECK(rig.service->groups(filter).empty());
    CHECK(rig.metrics.render().find(R"(suppressed_total{reason="mute_time_interval"} 12)") != std::string::npos);
}

TEST_CASE("defect P: a reload keeps the timers of groups and what is under way", "[notifiers][reload]") {
    NotificationRig rig(kHook);
    rig.http.once("http://r/hook", FakeAnswer::ok().after(9s));
    rig.fire("a");
    rig.advance(20s);
    rig.load(kHook);
    rig.advance(11s);
    rig.load(kHook);
    rig.advance(29s);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)"});
    CHECK_FALSE(rig.http.sent().front().cancelled);
    rig.fire("b");
    rig.load(kHook);
    rig.advance(5min);
    CHECK(rig.told() == Lines{"5m30s hook firing +a +b (new alerts added)"});
}

TEST_CASE("shorter timers of a reload count for the groups that are there", "[notifiers][reload]") {
    NotificationRig rig(kHook);
    const auto load_with = [&](const std::string& timers) {
        std::string text = kHook;
        const std::string before = "group_wait: 30s\n  group_interval: 5m";
        rig.load(text.replace(text.find(before), before.size(), timers));
    };
    rig.fire("a");
    rig.advance(5s);
    SECTION("while they wait for their first message") {
        load_with("group_wait: 10s\n  group_interval: 5m");
        rig.advance(1min);
        CHECK(rig.told() == Lines{"10s hook firing +a (first notification)"});
    }
    SECTION("which may be over already") {
        load_with("group_wait: 1s\n  group_interval: 5m");
        rig.advance(1min);
        CHECK(rig.told() == Lines{"5s hook firing +a (first notification)"});
    }
    SECTION("between their messages, whose grid stays the same") {
        rig.advance(55s);
        rig.told();
        load_with("group_wait: 30s\n  group_interval: 50s");
        rig.fire("b");
        rig.advance(30s);
        CHECK(rig.told() == Lines{"1m20s hook firing +a +b (new alerts added)"});
        rig.fire("c");
        rig.advance(50s);
        CHECK(rig.told() == Lines{"2m10s hook firing +a +b +c (new alerts added)"});
    }
    SECTION("longer ones from the next message on") {
        rig.advance(55s);
        rig.told();
        load_with("group_wait: 30s\n  group_interval: 15m");
        rig.fire("b");
        rig.advance(5min);
        CHECK(rig.told() == Lines{"5m30s hook firing +a +b (new alerts added)"});
        rig.fire("c");
        rig.advance(15min);
        CHECK(rig.told() == Lines{"20m30s hook firing +a +b +c (new alerts added)"});
    }
}

TEST_CASE("a reload that changes the receiver's address sends the next message there", "[notifiers][reload]") {
    NotificationRig rig(kHook);
    rig.fire("a");
    rig.advance(1min);
    std::string moved = kHook;
    moved.replace(moved.find("http://r/hook"), 13, "http://r/else");
    rig.load(moved);
    rig.resolve("a");
    rig.advance(5min);
    CHECK(rig.told() ==
          Lines{"30s hook firing +a (first notification)", "5m30s else resolved -a (all alerts resolved)"});
}

constexpr const char* kRouted = R"(
route:
  receiver: other
  routes: [{{receiver: pager, matchers: ['{}'], group_wait: 10s, group_interval: 1m}}]
receivers:
- {{name: other, webhook_configs: [{{url: 'http://r/other'}}]}}
- {{name: pager, pagerduty_configs: [{{routing_key: key, url: 'http://r/pager'}}]}}
)";

TEST_CASE("defect H: editing a route's matcher keeps the group and the incident it opened", "[notifiers][reload]") {
    NotificationRig rig(fmt::format(kRouted, "severity=critical"));
    rig.fire("a", {{"severity", "critical"}});
    rig.advance(30s);
    REQUIRE(rig.told() == Lines{"10s pager trigger"});
    const std::string key = rig.last_body().at("dedup_key").as_string();
    rig.load(fmt::format(kRouted, "severity=~\"critical|page\""));
    rig.advance(10min);
    CHECK(rig.told() == Lines{});
    rig.resolve("a", {{"severity", "critical"}});
    rig.advance(1min);
    CHECK(rig.told() == Lines{"11m10s pager resolve"});
    CHECK(rig.last_body().at("dedup_key").as_string() == key);
}

TEST_CASE("a group whose alerts go elsewhere after a reload is gone", "[notifiers][reload]") {
    NotificationRig rig(fmt::format(kRouted, "severity=critical"));
    rig.fire("a", {{"severity", "critical"}});
    rig.advance(30s);
    rig.told();
    rig.load(fmt::format(kRouted, "severity=nothing"));
    CHECK(rig.service->group_count() == 1);
    rig.advance(30s);
    CHECK(rig.told() == Lines{"1m other firing +a (first notification)"});
}

TEST_CASE("defect H: who was told of an alert that goes elsewhere after a reload is told of its end",
          "[notifiers][reload]") {
    NotificationRig rig(fmt::format(kRouted, "severity=critical"));
    rig.fire("a", {{"severity", "critical"}});
    rig.fire("b", {{"severity", "critical"}});
    rig.advance(30s);
    rig.told();
    const std::string key = rig.last_body().at("dedup_key").as_string();
    SECTION("because the route is gone") {
        rig.load(fmt::format(kRouted, "severity=nothing"));
        rig.load(fmt::format(kRouted, "severity=nothing"));
    }
    SECTION("because groups are made by other labels") {
        std::string text = fmt::format(kRouted, "severity=critical");
        text.replace(text.find("group_wait"), 0, "group_by: [severity], receiver: other, ");
        text.replace(text.find("receiver: pager, "), 17, "");
        rig.load(text);
    }
    CHECK(rig.service->group_count() == 1);
    rig.advance(1min);
    const auto lines = rig.told();
    REQUIRE(lines.size() == 1);
    CHECK(lines.front().find("other firing +a +b (first notification)") != std::string::npos);
    rig.resolve("a", {{"severity", "critical"}});
    rig.advance(1min);
    const auto some_ended = rig.told();
    CHECK(std::count(some_ended.begin(), some_ended.end(), "2m10s pager trigger") == 1);
    rig.resolve("b", {{"severity", "critical"}});
    rig.advance(10min);
    const auto end = rig.told();
    const auto resolve = std::find(end.begin(), end.end(), "3m10s pager resolve");
    REQUIRE(resolve != end.end());
    for (const auto& sent : rig.http.sent()) {
        if (sent.request.url != "http://r/pager") continue;
        CHECK(parse_json(sent.request.body)->at("dedup_key").as_string() == key);
    }
    rig.fire("a", {{"severity", "critical"}});
    rig.advance(10min);
    for (const auto& line : rig.told()) CHECK(line.find("pager") == std::string::npos);
}

TEST_CASE("a receiver that two routes tell of the same alerts, by day and by night, hears of them once",
          "[notifiers][time_interval]") {
    NotificationRig rig(R"(
route:
  receiver: other
  group_wait: 0s
  group_interval: 10m
  routes:
  - {receiver: hook, matchers: [kind=both], mute_time_intervals: [night], continue: true}
  - {receiver: hook, matchers: [kind=both], active_time_intervals: [night]}
receivers: [{name: hook, webhook_configs: [{url: 'http://r/hook'}]}, {name: other}]
time_intervals:
- {name: night, time_intervals: [{times: [{start_time: '03:30', end_time: '04:00'}]}]}
)");
    rig.fire("a", {{"kind", "both"}});
    rig.fire("b", {{"kind", "both"}});
    rig.advance(20min);
    CHECK(rig.told() == Lines{"0s hook firing +a +b (first notification)"});
    rig.advance(20min);  // 03:40
    CHECK(rig.told() == Lines{});
    rig.resolve("a", {{"kind", "both"}});
    rig.advance(10min);
    CHECK(rig.told() == Lines{"50m hook firing -a +b (some alerts resolved)"});
    rig.advance(30min);  // 04:20
    CHECK(rig.told() == Lines{});
    rig.resolve("b", {{"kind", "both"}});
    rig.advance(20min);
    CHECK(rig.told() == Lines{"1h30m hook resolved -b (all alerts resolved)"});
}

constexpr const char* kThereAndBack = R"(
route:
  receiver: hook
  group_wait: 0s
  group_interval: 1m
  routes: [{{receiver: other, matchers: ['{}']}}]
receivers:
- {{name: hook, webhook_configs: [{{url: 'http://r/hook'}}]}}
- {{name: other, webhook_configs: [{{url: 'http://r/other'}}]}}
)";

TEST_CASE("alerts that go elsewhere and come back are told of in their group as before", "[notifiers][reload]") {
    NotificationRig rig(fmt::format(kThereAndBack, "kind=none"));
    rig.fire("a", {{"kind", "some"}});
    rig.fire("b", {{"kind", "some"}});
    rig.advance(10s);
    CHECK(rig.told() == Lines{"0s hook firing +a +b (first notification)"});
    rig.load(fmt::format(kThereAndBack, "kind=some"));
    rig.advance(2min);
    CHECK(rig.told() == Lines{"10s other firing +a +b (first notification)"});
    SECTION("and nobody hears of it") {}
    SECTION("another one having come to it meanwhile") {
        rig.fire("c", {{"kind", "more"}});
        rig.advance(1min);
        CHECK(rig.told() == Lines{"3m hook firing +c (new alerts added)"});
        rig.resolve("c", {{"kind", "more"}});
        rig.advance(1min);
        CHECK(rig.told() == Lines{"4m hook firing -c (some alerts resolved)"});
    }
    rig.load(fmt::format(kThereAndBack, "kind=none"));
    rig.advance(10min);
    CHECK(rig.told() == Lines{});
    rig.fire("d", {{"kind", "some"}});
    rig.advance(1min);
    rig.resolve("a", {{"kind", "some"}});
    rig.advance(1min);
    const auto lines = rig.told();
    CAPTURE(lines);
    REQUIRE(lines.size() >= 2);
    CHECK(lines[0].find("hook firing +a +b +d (new alerts added)") != std::string::npos);
    CHECK(lines[1].find("hook firing -a +b +d (some alerts resolved)") != std::string::npos);
    rig.resolve("b", {{"kind", "some"}});
    rig.resolve("d", {{"kind", "some"}});
    rig.advance(10min);
    std::size_t ends = 0;
    for (const auto& line : rig.told()) ends += line.find("hook resolved") != std::string::npos ? 1 : 0;
    CHECK(ends == 1);
    CHECK(rig.service->group_count() == 0);
}

TEST_CASE("a receiver that is gone after a reload is told nothing", "[notifiers][reload]") {
    NotificationRig rig(fmt::format(kRouted, "severity=critical"));
    rig.fire("a", {{"severity", "critical"}});
    rig.advance(30s);
    rig.told();
    rig.load("route: {receiver: other}\nreceivers: [{name: other, webhook_configs: [{url: 'http://r/other'}]}]\n");
    rig.resolve("a", {{"severity", "critical"}});
    rig.advance(1h);
    CHECK(rig.told() == Lines{});
    CHECK(rig.service->group_count() == 0);
}

TEST_CASE("what flushes look up, and what is forgotten, is counted and measured", "[notifiers][metrics]") {
    NotificationRig rig(kHook);
    const auto shows = [&](const std::string& line) {
        return rig.metrics.render().find("\n" + line + "\n") != std::string::npos;
    };
    rig.fire("a");
    rig.advance(1min);
    CHECK(shows("alertmanager_nflog_queries_total 1"));
    CHECK(shows("alertmanager_nflog_query_errors_total 1"));  // nothing was known of the group
    CHECK(shows("alertmanager_nflog_query_duration_seconds_count 1"));
    CHECK(shows("alertmanager_silences_query_duration_seconds_count 0"));
    rig.silence("alertname=b", 0s, 2h);
    rig.advance(5min);
    CHECK(shows("alertmanager_nflog_queries_total 2"));
    CHECK(shows("alertmanager_nflog_query_errors_total 1"));
    CHECK_FALSE(shows("alertmanager_silences_queries_total 0"));
    CHECK(shows("alertmanager_silences_query_duration_seconds_count 1"));
    rig.advance(10min);
    CHECK(shows("alertmanager_nflog_gc_duration_seconds_count 1"));
    CHECK(shows("alertmanager_silences_gc_duration_seconds_count 1"));
    rig.resolve("a");
    CHECK(shows("alertmanager_alerts{state=\"active\"} 0"));
    CHECK(shows("alertmanager_marked_alerts{state=\"active\"} 1"));
}

TEST_CASE("nothing is counted of a receiver that is gone after a reload", "[notifiers][reload][metrics]") {
    const auto routed_to = [](const char* name) {
        return fmt::format("route: {{receiver: {0}, group_wait: 0s, group_interval: 1m}}\nreceivers:\n"
                           "- {{name: {0}, slack_configs: [{{api_url: 'http://r/{0}', text: '{{{{ index .Alerts 7 }}}}'}}]}}\n",
                           name);
    };
    NotificationRig rig(routed_to("former"));
    rig.fire("a");
    rig.advance(1s);
    const auto shows = [&](const char* text) { return rig.metrics.render().find(text) != std::string::npos; };
    CHECK(shows(R"(tocsin_notification_template_failures_total{integration="slack",receiver_name="former"} 1)"));
    CHECK(shows(R"(tocsin_alert_flaps_total{receiver_name="former"} 0)"));
    rig.load(routed_to("later"));
    CHECK_FALSE(shows("former"));
    CHECK(shows(R"(alertmanager_notifications_total{integration="slack",receiver_name="later"} 0)"));
    CHECK(shows(R"(alertmanager_notifications_total{integration="webhook"} 0)"));
    CHECK_FALSE(shows(R"(alertmanager_notifications_total{integration="slack"} )"));
    rig.load("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
    CHECK(shows(R"(alertmanager_notifications_total{integration="slack"} 0)"));
}

TEST_CASE("a configuration that tocsin cannot send by is refused and the old one stays", "[notifiers][reload]") {
    NotificationRig rig(kHook);
    auto config = parse_alertmanager_config(R"(
route: {receiver: mail}
receivers:
- name: mail
  victorops_configs: [{api_key: k, routing_key: r}]
)",
                                            "am.yml");
    REQUIRE(config.has_value());
    const auto loaded = rig.service->load(*std::move(config));
    REQUIRE_FALSE(loaded.has_value());
    CHECK(to_string(loaded.error().front()).find("am.yml:5:") == 0);
    CHECK(loaded.error().front().message.find("victorops") != std::string::npos);
    CHECK(rig.service->receivers().front().name == "hook");
    CHECK(rig.metrics.render().find("alertmanager_config_last_reload_successful 0") != std::string::npos);
}

TEST_CASE("defect I: a restart keeps timers, log and silences", "[notifiers][restart]") {
    NotificationRig rig(kHook);
    rig.fire("a");
    rig.fire("s");
    rig.silence("alertname=s", 0s, 2h);
    rig.advance(2min);
    rig.fire("b");
    rig.told();
    const NotificationState state = rig.service->snapshot();
    rig.advance(1min);
    rig.restart(kHook, state);
    rig.advance(2min);
    CHECK(rig.told() == Lines{});
    rig.advance(1min);
    CHECK(rig.told() == Lines{"5m30s hook firing +a +b (new alerts added)"});
    rig.advance(50min);
    CHECK(rig.told() == Lines{});
}

TEST_CASE("an alert that ended while the program was down is told when it is up again", "[notifiers][restart]") {
    NotificationRig rig(kHook);
    Alert alert = rig.firing("a");
    alert.ends_at = rig.scheduler.now() + 10min;
    rig.receive({alert});
    rig.advance(1min);
    rig.told();
    const NotificationState state = rig.service->snapshot();
    rig.service->drain(1s, [] {});
    rig.advance(30min);
    rig.restart(kHook, state);
    rig.advance(1s);
    CHECK(rig.told() == Lines{"31m hook resolved -a (all alerts resolved)"});
}

TEST_CASE("what was under way when the program ended is sent by the next one", "[notifiers][restart]") {
    NotificationState committed;
    NotificationRig* at = nullptr;
    NotificationOptions options;
    options.commit = [&](std::function<void()> then) {
        committed = at->service->snapshot();
        then();
    };
    NotificationRig rig(kHook, options);
    at = &rig;
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers); });
    rig.fire("a");
    rig.advance(31s);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)"});
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok(); });
    rig.restart(kHook, committed);
    rig.resolve("a");
    rig.advance(5min);
    CHECK(rig.told() == Lines{"31s hook resolved -a (first notification)"});
}

TEST_CASE("an attempt begins only after what is to be sent was committed", "[notifiers][restart]") {
    std::function<void()> committed;
    NotificationOptions options;
    options.commit = [&](std::function<void()> then) { committed = std::move(then); };
    NotificationRig rig(kHook, options);
    rig.fire("a");
    rig.advance(1min);
    CHECK(rig.told() == Lines{});
    REQUIRE(committed);
    committed();
    CHECK(rig.told() == Lines{"1m hook firing +a (first notification)"});
}

TEST_CASE("drain waits for what is under way and starts nothing", "[notifiers][restart]") {
    NotificationRig rig(kHook);
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok().after(5s); });
    rig.fire("a");
    rig.advance(31s);
    bool done = false;
    rig.service->drain(1min, [&] { done = true; });
    rig.fire("b", {{"group", "2"}});
    rig.advance(3s);
    CHECK_FALSE(done);
    rig.advance(3s);
    CHECK(done);
    rig.advance(1h);
    CHECK(rig.told() == Lines{"30s hook firing +a (first notification)"});
}

TEST_CASE("a step of the wall clock neither sends nor ends anything", "[notifiers][clock]") {
    const auto step = GENERATE(Duration(1h), Duration(-1h), Duration(std::chrono::hours(87'600)));
    NotificationRig rig(kHook);
    Alert alert = rig.firing("a");
    alert.ends_at = rig.scheduler.now() + 20min;
    rig.receive({alert});
    rig.advance(1min);
    rig.told();
    rig.scheduler.step_wall_clock(step);
    rig.advance(10min);
    CHECK(rig.told() == Lines{});
    rig.advance(15min);
    const auto lines = rig.told();
    REQUIRE(lines.size() == 1);
    CHECK(lines.front().find("resolved -a (all alerts resolved)") != std::string::npos);
}

TEST_CASE("alerts are filtered by state, labels and receiver", "[notifiers][service]") {
    NotificationRig rig(kInhibit);
    rig.receive({rig.firing("low", {{"severity", "warning"}, {"cluster", "eu"}}),
                 rig.firing("high", {{"severity", "critical"}, {"cluster", "eu"}}), rig.firing("quiet")});
    rig.silence("alertname=quiet", 0s, 1h);
    const auto names = [&](const AlertFilter& filter) {
        Lines out;
        for (const auto& view : rig.service->alerts(filter))
            out.emplace_back(view.alert->alert.labels.get("alertname"));
        std::sort(out.begin(), out.end());
        return out;
    };
    CHECK(names({}) == Lines{"high", "low", "quiet"});
    AlertFilter filter;
    filter.active = false;
    CHECK(names(filter) == Lines{"low", "quiet"});
    filter = {};
    filter.silenced = false;
    CHECK(names(filter) == Lines{"high", "low"});
    filter = {};
    filter.inhibited = false;
    CHECK(names(filter) == Lines{"high", "quiet"});
    filter = {};
    filter.matchers = parse_matchers("cluster=eu")->matchers;
    CHECK(names(filter) == Lines{"high", "low"});
    filter = {};
    filter.receiver = *Regex::compile("ho.*");
    CHECK(names(filter).size() == 3);
    filter.receiver = *Regex::compile("ho");
    CHECK(names(filter).empty());
    filter = {};
    filter.receiver_matchers = parse_matchers("name=other")->matchers;
    CHECK(names(filter).empty());
    rig.resolve("high", {{"severity", "critical"}, {"cluster", "eu"}});
    CHECK(names({}) == Lines{"low", "quiet"});
}

TEST_CASE("every attempt and every mute can be watched", "[notifiers][service]") {
    struct Watch final : NotificationObserver {
        void on_attempt(const AttemptEvent& event) override {
            lines.push_back(fmt::format("{} {}[{}] {} {} #{} +{} -{} {}", event.receiver, event.integration,
                                        event.index, event.status, to_string(event.reason), event.number, event.firing,
                                        event.resolved, event.outcome.http_status));
        }
        void on_mute(const MuteEvent& event) override {
            lines.push_back(fmt::format("{} muted by {}", event.alert->alert.labels.get("alertname"),
                                        to_string(event.mute.reason)));
        }
        Lines lines;
    } watch;
    NotificationOptions options;
    options.observer = &watch;
    NotificationRig rig(kHook, options);
    rig.http.once("http://r/hook", FakeAnswer::with_status(503));
    rig.silence("alertname=q", 0s, 1h);
    rig.fire("a");
    rig.fire("q");
    rig.advance(40s);
    CHECK(watch.lines == Lines{"q muted by silence", "hook webhook[0] firing first notification #1 +1 -0 503",
                               "hook webhook[0] firing first notification #2 +1 -0 200"});
}

TEST_CASE("start-delay holds the first flushes back", "[notifiers][service]") {
    NotificationOptions options;
    options.start_delay = 2min;
    NotificationRig rig(kHook, options);
    rig.fire("a");
    rig.advance(119s);
    CHECK(rig.told() == Lines{});
    rig.advance(1s);
    CHECK(rig.told() == Lines{"2m hook firing +a (first notification)"});
}

TEST_CASE("start-delay holds back what was not taken before a restart too", "[notifiers][restart]") {
    NotificationRig rig(kHook);
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::with_status(500); });
    rig.fire("a");
    rig.advance(40s);
    const NotificationState state = rig.service->snapshot();
    NotificationOptions options;
    options.start_delay = 10s;
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok(); });
    rig.restart(kHook, state, options);
    rig.told();
    rig.advance(9s);
    CHECK(rig.told() == Lines{});
    rig.advance(1s);
    CHECK(rig.told() == Lines{"50s hook firing +a (first notification)"});
}

TEST_CASE("the labels of a route are in its messages, expanded", "[notifiers][service]") {
    NotificationRig rig(R"(
route: {receiver: hook, group_wait: 1s, labels: {team: 'x-{{ .CommonLabels.alertname }}', broken: '{{ .Nope }}'}}
receivers: [{name: hook, webhook_configs: [{url: 'http://r/hook'}]}]
)");
    rig.fire("a");
    rig.advance(1s);
    CHECK(rig.last_body().at("routeLabels").at("team").as_string() == "x-a");
    CHECK(rig.last_body().at("routeLabels").at("broken").as_string() == "{{ .Nope }}");
}

TEST_CASE("what waits for its turn when the configuration changes goes out by the new one", "[notifiers][reload]") {
    NotificationRig rig(kHook);
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::ok().after(5s); });
    for (int i = 0; i < 9; ++i) rig.fire("a" + std::to_string(i), {{"group", std::to_string(i)}});
    rig.advance(31s);
    CHECK(rig.told().size() == 8);
    std::string moved = kHook;
    moved.replace(moved.find("http://r/hook"), 13, "http://r/else");
    rig.load(moved);
    rig.advance(5s);
    CHECK(rig.told() == Lines{"35s else firing +a8 (first notification)"});
}

TEST_CASE("the same input gives the same bytes at the same times", "[notifiers][service]") {
    const auto run = [] {
        NotificationRig rig(kHook);
        rig.http.handle([](const HttpRequest&) { return FakeAnswer::with_status(500); });
        for (int i = 0; i < 20; ++i) rig.fire("a" + std::to_string(i), {{"group", std::to_string(i % 7)}});
        rig.advance(20min);
        std::string out;
        for (const auto& sent : rig.http.sent()) out += fmt::format("{} {}\n", to_unix_ms(sent.at), sent.request.body);
        return out;
    };
    CHECK(run() == run());
}

TEST_CASE("alerts beyond the limit of their name are dropped loudly", "[notifiers][service]") {
    NotificationOptions options;
    options.alert_limits.per_alertname = 2;
    NotificationRig rig(kHook, options);
    for (int i = 0; i < 3; ++i) rig.fire("a", {{"i", std::to_string(i)}});
    rig.fire("b");
    CHECK(rig.service->alerts({}).size() == 3);
    CHECK(rig.metrics.render().find("alertmanager_alerts_limited_total 1") != std::string::npos);
    CHECK(rig.log.count(LogLevel::Error) == 1);
}

constexpr auto kNobody = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";

TEST_CASE("silences that are made, changed and ended are logged where it is asked for", "[notifiers][silence]") {
    const bool asked = GENERATE(false, true);
    NotificationOptions options;
    options.log_silences = asked;
    NotificationRig rig(kNobody, options);
    const auto logged = [&] {
        std::string text;
        for (const auto& message : rig.log.messages()) {
            if (message.target == "notifiers::silence") text += message.message + "; ";
        }
        return text;
    };
    const std::string id = rig.silence("a=1", 0ms, 1h);
    Silence longer = *rig.service->find_silence(id);
    longer.ends_at += 1h;
    REQUIRE(rig.service->set_silence(longer).has_value());
    longer.matchers = parse_matchers("a=2")->matchers;
    const auto replaced = rig.service->set_silence(longer);
    REQUIRE(replaced.has_value());
    REQUIRE(rig.service->expire_silence(*replaced).has_value());
    CHECK(logged() ==
          (asked ? "silence created; silence updated; silence created; silence expired; silence expired; " : ""));
    CHECK(rig.log.contains("{a=\"2\"}") == asked);
}

TEST_CASE("a silence of more than 30 days is told in the log", "[notifiers][silence]") {
    NotificationRig rig(kNobody);
    rig.silence("a=1", 0ms, 30 * 24h);
    CHECK_FALSE(rig.log.contains("30 days"));
    rig.silence("a=1", 0ms, 30 * 24h + 1h);
    CHECK(rig.log.contains("a silence is in force for more than 30 days"));
    CHECK(rig.log.contains("somebody"));
}

}  // namespace
}  // namespace tocsin
