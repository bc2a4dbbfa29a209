#include "notifiers/explanation.h"

#include <algorithm>
#include <set>

#include "tests/catch.h"
#include "tests/notifiers/notification_rig.h"

using namespace std::chrono_literals;

namespace tocsin {
namespace {

using tests::FakeAnswer;
using tests::Lines;
using tests::NotificationRig;

constexpr const char* kRoute = R"(
route: {receiver: hook, group_by: [group], group_wait: 30s, group_interval: 5m, repeat_interval: 1h}
receivers:
- {name: hook, webhook_configs: [{url: 'http://r/hook'}]}
)";

class ExplanationRig : public NotificationRig {
public:
    using NotificationRig::NotificationRig;

    AlertExplanation explain(const std::string& name) const {
        AlertQuestion question;
        question.matchers = {Matcher::equal("alertname", name)};
        const auto explained = service->explain(question);
        REQUIRE(explained.alerts.size() == 1);
        CHECK_FALSE(explained.more);
        return explained.alerts.front();
    }

    /// One line an integration: `hook webhook[0] waiting; coming first notification at 30s`.
    Lines lines(const std::string& name) const {
        const AlertExplanation alert = explain(name);
        Lines lines;
        for (const auto& receiver : alert.receivers) {
            for (const auto& one : receiver.integrations) {
                std::string line = fmt::format("{} {}[{}] {}", receiver.receiver, one.integration, one.index,
                                               to_string(verdict_of(alert, receiver, one)));
                if (one.told != IntegrationExplanation::Told::Nothing) {
                    const bool fires = one.told == IntegrationExplanation::Told::Firing;
                    line += fmt::format(", told {} at {}", fires ? "firing" : "resolved", since_start(one.told_at));
                }
                if (one.coming) {
                    line +=
                        fmt::format("; coming {} at {}", to_string(one.coming->reason), since_start(one.coming->at));
                }
                lines.push_back(std::move(line));
            }
        }
        return lines;
    }

    /// Of the one integration of an alert: since when its message waits for its turn, behind how many.
    std::string turn(const std::string& name) const {
        const AlertExplanation alert = explain(name);
        const auto& one = alert.receivers.front().integrations.front();
        return fmt::format("{} since {} behind {}, attempt {}",
                           to_string(verdict_of(alert, alert.receivers.front(), one)), since_start(one.queued_since),
                           one.behind ? fmt::format("{}", *one.behind) : "-", one.attempts);
    }

    std::string since_start(Timestamp t) const { return to_string(t - started_at); }
};

TEST_CASE("what waits for group_wait is told with the first flush", "[notifiers][explanation]") {
    ExplanationRig rig(kRoute);
    rig.fire("a");
    rig.advance(10s);
    CHECK(rig.lines("a") == Lines{"hook webhook[0] waiting; coming first notification at 30s"});
    const auto explanation = rig.explain("a");
    const auto& receiver = explanation.receivers.front();
    CHECK_FALSE(receiver.has_flushed);
    CHECK(receiver.next_flush == rig.started_at + 30s);
    CHECK(receiver.group_key == "{}:{}");
}

TEST_CASE("what came after a flush waits for group_interval", "[notifiers][explanation]") {
    ExplanationRig rig(kRoute);
    rig.fire("a");
    rig.advance(40s);
    rig.fire("b");
    CHECK(rig.lines("b") == Lines{"hook webhook[0] waiting; coming new alerts added at 5m30s"});
    CHECK(rig.explain("b").receivers.front().has_flushed);
}

TEST_CASE("what was told is repeated on the flush that is late enough", "[notifiers][explanation]") {
    ExplanationRig rig(kRoute);
    rig.fire("a");
    rig.advance(40s);
    const Lines told{"hook webhook[0] told, told firing at 30s; coming repeat interval elapsed at 1h30s"};
    CHECK(rig.lines("a") == told);
    rig.advance(20min);
    CHECK(rig.lines("a") == told);
    rig.told();
    rig.advance(40min);
    CHECK(rig.told() == Lines{"1h30s hook firing +a (repeat interval elapsed)"});
}

TEST_CASE("an end waits for the next flush, and stays known until the alert is forgotten", "[notifiers][explanation]") {
    ExplanationRig rig(kRoute);
    rig.fire("a");
    rig.advance(1min);
    rig.resolve("a");
    CHECK(rig.lines("a") == Lines{"hook webhook[0] waiting, told firing at 30s; coming all alerts resolved at 5m30s"});
    rig.advance(5min);
    CHECK(rig.service->group_count() == 0);
    CHECK(rig.lines("a") == Lines{"hook webhook[0] told, told resolved at 5m30s"});
    CHECK(rig.explain("a").receivers.front().place == ReceiverExplanation::Place::None);
}

TEST_CASE("what ended before anybody was to be told is unseen", "[notifiers][explanation]") {
    ExplanationRig rig(kRoute);
    rig.fire("a");
    rig.advance(1s);
    rig.resolve("a");
    rig.advance(1s);
    CHECK(rig.lines("a") == Lines{"hook webhook[0] unseen"});
}

TEST_CASE("a silence is named with who made it and until when it holds", "[notifiers][explanation]") {
    ExplanationRig rig(kRoute);
    const std::string id = rig.silence("alertname=a", 0s, 2h);
    rig.silence("alertname=b", 0s, 2h);
    rig.fire("a");
    rig.advance(1min);
    CHECK(rig.lines("a") == Lines{"hook webhook[0] silenced"});
    const auto silences = rig.explain("a").silences;
    REQUIRE(silences.size() == 1);
    CHECK(silences.front().id == id);
    CHECK(silences.front().created_by == "somebody");
    CHECK(silences.front().comment == "because");
    CHECK(silences.front().ends_at == rig.started_at + 2h);
}

TEST_CASE("what was told before the silence is said to be told", "[notifiers][explanation]") {
    ExplanationRig rig(kRoute);
    rig.fire("a");
    rig.advance(1min);
    rig.silence("alertname=a", 0s, 2h);
    rig.advance(10min);
    CHECK(rig.lines("a") == Lines{"hook webhook[0] told, told firing at 30s"});
    CHECK(rig.explain("a").silences.size() == 1);
}

TEST_CASE("an inhibiting alert is named, and its rule", "[notifiers][explanation]") {
    ExplanationRig rig(
        std::string(kRoute) +
        "inhibit_rules:\n"
        "- {name: down hides slow, source_matchers: [alertname=down], target_matchers: [alertname=slow], "
        "equal: [cluster]}\n");
    rig.fire("down", {{"cluster", "eu"}});
    rig.fire("slow", {{"cluster", "eu"}});
    rig.advance(1min);
    CHECK(rig.lines("slow") == Lines{"hook webhook[0] inhibited"});
    const auto inhibition = rig.explain("slow").inhibition;
    REQUIRE(inhibition);
    CHECK(inhibition->rule == "down hides slow");
    CHECK(to_string(inhibition->source->alert.labels) == R"({alertname="down", cluster="eu"})");
    CHECK_FALSE(rig.explain("down").inhibition);
}

constexpr const char* kTimes = R"(
route:
  receiver: hook
  group_wait: 1s
  routes:
  - {receiver: hook, matchers: [when=night], mute_time_intervals: [nights]}
  - {receiver: hook, matchers: [when=work], active_time_intervals: [work]}
  - {receiver: hook, matchers: [when=never], active_time_intervals: [never]}
receivers:
- {name: hook, webhook_configs: [{url: 'http://r/hook'}]}
time_intervals:
- name: nights
  time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}, {times: [{start_time: '00:00', end_time: '06:30'}]}]
- name: work
  time_intervals: [{weekdays: ['monday:friday'], times: [{start_time: '09:00', end_time: '17:00'}], location: Europe/Berlin}]
- name: never
  time_intervals: [{years: ['2020']}]
)";

// The world of the rig begins on a Friday at 03:04:05.
TEST_CASE("a mute time is named, and when it ends", "[notifiers][explanation]") {
    ExplanationRig rig(kTimes);
    rig.fire("a", {{"when", "night"}});
    rig.advance(1min);
    CHECK(rig.lines("a") == Lines{"hook webhook[0] muted"});
    const auto receiver = rig.explain("a").receivers.front();
    REQUIRE(receiver.time_mute);
    CHECK(receiver.time_mute->reason == MuteReason::MuteTimeInterval);
    CHECK(receiver.time_mute->by == Lines{"nights"});
    CHECK(to_rfc3339_ms(receiver.unmuted_at.value()) == "2026-01-02T06:30:00.000Z");
}

TEST_CASE("outside of an active time the next one is told", "[notifiers][explanation]") {
    ExplanationRig rig(kTimes);
    rig.advance(16h);  // Friday evening
    rig.fire("a", {{"when", "work"}});
    rig.advance(1min);
    const auto receiver = rig.explain("a").receivers.front();
    REQUIRE(receiver.time_mute);
    CHECK(receiver.time_mute->reason == MuteReason::ActiveTimeInterval);
    CHECK(receiver.time_mute->by == Lines{"work"});
    CHECK(to_rfc3339_ms(receiver.unmuted_at.value()) == "2026-01-05T08:00:00.000Z");
}

TEST_CASE("of a mute without an end in sight no end is told", "[notifiers][explanation]") {
    ExplanationRig rig(kTimes);
    rig.fire("a", {{"when", "never"}});
    rig.advance(1min);
    const auto receiver = rig.explain("a").receivers.front();
    CHECK(receiver.time_mute);
    CHECK_FALSE(receiver.unmuted_at);
}

TEST_CASE("of a failing receiver the error, the attempts and the next one are told", "[notifiers][explanation]") {
    ExplanationRig rig(kRoute);
    rig.http.always("http://r/hook", FakeAnswer::with_status(503, "busy"));
    rig.fire("a");
    rig.advance(32s);
    CHECK(rig.lines("a").front().starts_with("hook webhook[0] retrying"));
    const auto one = rig.explain("a").receivers.front().integrations.front();
    CHECK(one.attempts > 1);
    CHECK(one.last_error == "unexpected status code 503: busy");
    CHECK(one.next_attempt > rig.scheduler.now());
    CHECK(one.next_attempt <= rig.scheduler.now() + 90s);
}

TEST_CASE("what a receiver refused is told again with the next flush", "[notifiers][explanation]") {
    ExplanationRig rig(kRoute);
    rig.http.once("http://r/hook", FakeAnswer::with_status(400, "bad"));
    rig.fire("a");
    rig.advance(1min);
    CHECK(rig.lines("a") == Lines{"hook webhook[0] waiting; coming first notification at 5m30s"});
    CHECK(rig.explain("a").receivers.front().integrations.front().last_error == "unexpected status code 400: bad");
    rig.advance(5min);
    CHECK(rig.explain("a").receivers.front().integrations.front().last_error.empty());
}

TEST_CASE("an attempt that is under way is seen", "[notifiers][explanation]") {
    ExplanationRig rig(kRoute);
    rig.http.always("http://r/hook", FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers));
    rig.fire("a");
    rig.advance(31s);
    CHECK(rig.lines("a").front().starts_with("hook webhook[0] sending"));
}

TEST_CASE("an integration that does not want to hear of ends is not told of them", "[notifiers][explanation]") {
    ExplanationRig rig(R"(
route: {receiver: both, group_wait: 10s, group_interval: 1m}
receivers:
- name: both
  webhook_configs: [{url: 'http://r/a', send_resolved: false}, {url: 'http://r/b'}]
)");
    rig.fire("a");
    rig.advance(20s);
    rig.resolve("a");
    CHECK(rig.lines("a") == Lines{"both webhook[0] not wanted, told firing at 10s",
                                  "both webhook[1] waiting, told firing at 10s; coming all alerts resolved at 1m10s"});
    rig.advance(1min);
    CHECK(rig.lines("a") == Lines{"both webhook[0] not wanted", "both webhook[1] told, told resolved at 1m10s"});
}

TEST_CASE("a receiver without integrations tells nobody", "[notifiers][explanation]") {
    ExplanationRig rig("route: {receiver: hole, group_wait: 1s}\nreceivers: [{name: hole}]\n");
    rig.fire("a");
    rig.advance(1min);
    const auto receivers = rig.explain("a").receivers;
    REQUIRE(receivers.size() == 1);
    CHECK(receivers.front().receiver == "hole");
    CHECK(receivers.front().place == ReceiverExplanation::Place::Group);
    CHECK(receivers.front().integrations.empty());
}

constexpr const char* kTwoTeams = R"(
route:
  receiver: one
  group_wait: 1s
  routes:
  - {receiver: one, matchers: [team="%"], continue: true}
  - {receiver: two, matchers: [alertname="a"]}
receivers:
- {name: one, webhook_configs: [{url: 'http://r/one'}]}
- {name: two, webhook_configs: [{url: 'http://r/two'}]}
)";

std::string two_teams(const std::string& team) {
    std::string text = kTwoTeams;
    return text.replace(text.find('%'), 1, team);
}

TEST_CASE("a message that waits for its turn says since when and behind how many", "[notifiers][explanation]") {
    ExplanationRig rig(kRoute);
    rig.http.handle([](const HttpRequest&) { return FakeAnswer::fails(FakeAnswer::Fault::NeverAnswers); });
    std::string name = "a";
    for (int i = 0; i < 11; ++i, ++name[0]) rig.fire(name, {{"group", name}});
    rig.advance(30s);
    SECTION("behind those that are sent to the receiver and those that came before") {
        rig.advance(5s);
        Lines behind;
        for (name = "a"; name != "l"; ++name[0]) {
            if (rig.turn(name).starts_with("queued since 30s behind ")) behind.push_back(rig.turn(name).substr(24));
        }
        std::sort(behind.begin(), behind.end());
        CHECK(behind == Lines{"10, attempt 0", "8, attempt 0", "9, attempt 0"});
        CHECK(rig.backlog().sending == 8);
        CHECK(rig.backlog().queued == 3);
        CHECK(rig.backlog().due == rig.started_at + 30s);
    }
    SECTION("also behind others on the way out, which is not being sent") {
        rig.http.say_behind("http://r/hook", 41);
        rig.advance(5s);
        std::set<std::string> turns;
        for (name = "a"; name != "l"; ++name[0]) turns.insert(rig.turn(name));
        CHECK(turns.count("queued since 30s behind 41, attempt 0") == 1);
        CHECK(rig.backlog().sending == 0);
        CHECK(rig.backlog().queued == 11);
    }
    SECTION("with another integration of a reload it waits where it came in") {
        rig.load(kRoute);
        CHECK(rig.backlog().queued == 3);
        CHECK(rig.backlog().sending == 8);
    }
    const std::string metrics = rig.metrics.render();
    CHECK_THAT(metrics, Catch::Contains(fmt::format(
                            "tocsin_notifications_sending{{integration=\"webhook\",receiver_name=\"hook\"}} {}\n",
                            rig.backlog().sending)));
    CHECK_THAT(metrics, Catch::Contains(fmt::format(
                            "tocsin_notifications_queued{{integration=\"webhook\",receiver_name=\"hook\"}} {}\n",
                            rig.backlog().queued)));
    CHECK_THAT(metrics,
               Catch::Contains(fmt::format("tocsin_notifications_oldest_pending_seconds{{integration=\"webhook\","
                                           "receiver_name=\"hook\"}} {}\n",
                                           (rig.scheduler.now() - rig.started_at - 30s).count() / 1000)));
}

TEST_CASE("what is not written down yet waits for that, behind nobody", "[notifiers][explanation]") {
    NotificationOptions options;
    options.commit = [](const std::function<void()>&) {};
    ExplanationRig rig(kRoute, options);
    rig.fire("a");
    rig.advance(1min);
    CHECK(rig.turn("a") == "queued since 30s behind -, attempt 0");
    CHECK(rig.backlog().queued == 1);
}

TEST_CASE("each route of an alert is explained", "[notifiers][explanation]") {
    ExplanationRig rig(two_teams("x"));
    rig.fire("a", {{"team", "x"}});
    rig.advance(2s);
    CHECK(rig.lines("a") == Lines{"one webhook[0] told, told firing at 1s; coming repeat interval elapsed at 4h1s",
                                  "two webhook[0] told, told firing at 1s; coming repeat interval elapsed at 4h1s"});
}

TEST_CASE("a receiver that an alert's routes left is told of its end", "[notifiers][explanation]") {
    ExplanationRig rig(two_teams("x"));
    rig.fire("a", {{"team", "x"}});
    rig.advance(2s);
    rig.load(two_teams("y"));
    CHECK(rig.lines("a").size() == 2);
    CHECK(rig.explain("a").receivers.back().receiver == "one");
    CHECK(rig.explain("a").receivers.back().place == ReceiverExplanation::Place::Leaving);
}

TEST_CASE("alerts are asked for by matchers, by fingerprint, and at most so many", "[notifiers][explanation]") {
    ExplanationRig rig(kRoute);
    for (const char* name : {"a", "b", "c"}) rig.fire(name, {{"team", "db"}});
    AlertQuestion question;
    question.matchers = {Matcher::equal("team", "db")};
    CHECK(rig.service->explain(question).alerts.size() == 3);
    question.limit = 2;
    CHECK(rig.service->explain(question).alerts.size() == 2);
    CHECK(rig.service->explain(question).more);
    question.fingerprint = to_string_fingerprint(rig.explain("b").alert->fingerprint);
    const auto one = rig.service->explain(question);
    REQUIRE(one.alerts.size() == 1);
    CHECK(one.alerts.front().alert->alert.labels.get("alertname") == "b");
    question.fingerprint = "0";
    CHECK(rig.service->explain(question).alerts.empty());
}

TEST_CASE("those that nobody was told of are found", "[notifiers][explanation]") {
    ExplanationRig rig(kRoute);
    rig.silence("alertname=b", 0s, 2h);
    rig.fire("a");
    rig.fire("b");
    rig.advance(1min);
    rig.fire("c");
    AlertQuestion question;
    question.untold_only = true;
    const auto explained = rig.service->explain(question);
    REQUIRE(explained.alerts.size() == 2);
    CHECK(explained.alerts[0].alert->alert.labels.get("alertname") == "b");
    CHECK(explained.alerts[1].alert->alert.labels.get("alertname") == "c");
}

TEST_CASE("what one integration was told of and another one was not is found where that is asked",
          "[notifiers][explanation]") {
    ExplanationRig rig(R"(
route: {receiver: both, group_wait: 10s, group_interval: 1m}
receivers:
- name: both
  webhook_configs: [{url: 'http://r/takes'}, {url: 'http://r/refuses'}]
)");
    rig.http.once("http://r/refuses", FakeAnswer::with_status(400, "bad"));
    rig.fire("a");
    rig.advance(20s);
    AlertQuestion question;
    question.untold_only = true;
    CHECK(rig.service->explain(question).alerts.empty());
    question.any_receiver = true;
    const auto explained = rig.service->explain(question);
    REQUIRE(explained.alerts.size() == 1);
    const auto& integrations = explained.alerts.front().receivers.front().integrations;
    CHECK(integrations[0].told == IntegrationExplanation::Told::Firing);
    CHECK(integrations[1].told == IntegrationExplanation::Told::Nothing);
    rig.advance(1min);
    CHECK(rig.service->explain(question).alerts.empty());
}

}  // namespace
}  // namespace tocsin
