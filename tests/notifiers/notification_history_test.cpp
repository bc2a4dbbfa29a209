#include "notifiers/notification_history.h"

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

constexpr const char* kRoutes = R"(
route: {receiver: hook, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 4h}
receivers:
- {name: hook, webhook_configs: [{url: 'http://r/hook'}]}
)";

/// A service whose history is watched, over a store that a test may look into.
struct HistoryWorld {
    explicit HistoryWorld(fakes::FakeStateStore::Tables tables = {})
        : store(clock, std::move(tables)), history(clock, log, 120h) {
        history.keep_in(store);
        NotificationOptions options;
        options.observer = &history;
        rig.emplace(kRoutes, options);
    }

    /// `firing delivered 1 a+ b+` each, the last one first.
    Lines lines() const {
        Lines lines;
        history.for_each([&](const ToldMessage& message) {
            std::string line = fmt::format("{} {} {}", message.status, to_string(message.result), message.attempts);
            for (const auto& alert : message.alerts) {
                line += fmt::format(" {}{}", alert.labels.get("alertname"), alert.firing ? '+' : '-');
            }
            lines.push_back(line);
            return true;
        });
        return lines;
    }

    VirtualScheduler clock{from_unix_ms(1'767'323'045'000)};
    fakes::RecordingLog log;
    fakes::FakeStateStore store;
    NotificationHistory history;
    std::optional<NotificationRig> rig;
};

TEST_CASE("a message is one record, however often it was tried", "[notifiers][history]") {
    HistoryWorld world;
    NotificationRig& rig = *world.rig;
    rig.http.once("http://r/hook", FakeAnswer::with_status(503, "busy"));
    rig.fire("a");
    rig.advance(10s);
    CHECK(world.lines() == Lines{"firing waiting 1 a+"});
    rig.advance(10s);
    CHECK(world.lines() == Lines{"firing delivered 2 a+"});
    rig.resolve("a");
    rig.advance(2min);
    CHECK(world.lines() == Lines{"resolved delivered 1 a-", "firing delivered 2 a+"});
    world.history.for_each([&](const ToldMessage& message) {
        CHECK(message.receiver == "hook");
        CHECK(message.integration == "webhook");
        CHECK(message.group_key == R"({}:{alertname="a"})");
        CHECK(message.reason == "all alerts resolved");
        CHECK(message.resolved == 1);
        CHECK(message.last_attempt >= message.first_attempt);
        return false;
    });
}

TEST_CASE("what a receiver refuses is remembered with the reason", "[notifiers][history]") {
    HistoryWorld world;
    NotificationRig& rig = *world.rig;
    rig.http.once("http://r/hook", FakeAnswer::with_status(400, "bad"));
    rig.fire("a");
    rig.advance(11s);
    CHECK(world.lines() == Lines{"firing failed 1 a+"});
    world.history.for_each([&](const ToldMessage& message) {
        CHECK(message.error == "unexpected status code 400: bad");
        return true;
    });
    // The next flush makes another message.
    rig.advance(1min);
    CHECK(world.lines() == Lines{"firing delivered 1 a+", "firing failed 1 a+"});
}

TEST_CASE("the history survives a restart", "[notifiers][history]") {
    HistoryWorld before;
    before.rig->fire("a");
    before.rig->advance(11s);
    HistoryWorld after(before.store.tables());
    CHECK(after.lines() == before.lines());
    after.rig->fire("b");
    after.rig->advance(11s);
    CHECK(after.lines().size() == 2);
    CHECK(after.store.tables().at("notification_history").size() == 2);
}

TEST_CASE("a message whose place another one takes has failed", "[notifiers][history]") {
    HistoryWorld world;
    NotificationRig& rig = *world.rig;
    rig.http.always("http://r/hook", FakeAnswer::with_status(503, "busy"));
    rig.fire("a");
    rig.advance(75s);
    REQUIRE(world.lines().size() == 2);
    CHECK(world.lines()[0].starts_with("firing waiting"));
    CHECK(world.lines()[1].starts_with("firing failed"));
    rig.http.always("http://r/hook", FakeAnswer::ok("ok"));
    rig.advance(1min);
    CHECK(world.lines()[0].starts_with("firing delivered"));
    world.history.for_each([&](const ToldMessage& message) {
        CHECK(message.result != ToldMessage::Result::Waiting);
        return true;
    });
}

TEST_CASE("a message that is dropped while it waits has failed", "[notifiers][history]") {
    HistoryWorld world;
    NotificationRig& rig = *world.rig;
    rig.http.always("http://r/hook", FakeAnswer::with_status(503, "busy"));
    rig.fire("a");
    rig.advance(10s);
    REQUIRE(world.lines() == Lines{"firing waiting 1 a+"});
    SECTION("by a silence") {
        rig.silence("alertname=a", 0s, 1h);
        rig.advance(2min);
    }
    SECTION("by a reload") {
        rig.load("route: {receiver: hook, group_by: [alertname]}\nreceivers: [{name: hook}]\n");
    }
    SECTION("by the end") {
        rig.service.reset();
    }
    CHECK(world.lines() == Lines{"firing failed 1 a+"});
    world.history.for_each([&](const ToldMessage& message) {
        CHECK(message.error == "unexpected status code 503: busy");
        return true;
    });
}

TEST_CASE("a message that waited has failed after a restart, on the disk too", "[notifiers][history]") {
    HistoryWorld before;
    before.rig->http.always("http://r/hook", FakeAnswer::with_status(503, "busy"));
    before.rig->fire("a");
    before.rig->advance(10s);
    // As a crash leaves it: nobody has told of the end.
    const auto tables = before.store.tables();
    REQUIRE(before.lines() == Lines{"firing waiting 1 a+"});
    HistoryWorld after(tables);
    CHECK(after.lines() == Lines{"firing failed 1 a+"});
    HistoryWorld later(after.store.tables());
    CHECK(later.lines() == Lines{"firing failed 1 a+"});
}

AttemptEvent waiting_attempt(const std::string& group_key, std::size_t number, Timestamp at) {
    AttemptEvent attempt;
    attempt.integration = "webhook";
    attempt.group_key = group_key;
    attempt.number = number;
    attempt.started_at = at;
    attempt.outcome.kind = Outcome::Kind::RetryLater;
    attempt.retry_in = 1s;
    return attempt;
}

TEST_CASE("a first attempt ends the message that waits at its place", "[notifiers][history]") {
    HistoryWorld world;
    world.history.on_attempt(waiting_attempt("x", 1, world.clock.now()));
    world.history.on_attempt(waiting_attempt("y", 1, world.clock.now()));
    world.history.on_attempt(waiting_attempt("x", 2, world.clock.now()));
    world.history.on_attempt(waiting_attempt("x", 1, world.clock.now()));
    CHECK(world.lines() == Lines{" waiting 1", " waiting 1", " failed 2"});
}

TEST_CASE("a message that is forgotten while it waits is not waited for", "[notifiers][history]") {
    HistoryWorld world;
    world.history.on_attempt(waiting_attempt("x", 1, world.clock.now()));
    for (std::size_t i = 0; i < NotificationHistory::kMessagesMax; ++i) {
        world.history.on_attempt(waiting_attempt(std::to_string(i), 1, world.clock.now()));
    }
    world.history.on_attempt(waiting_attempt("x", 2, world.clock.now()));
    CHECK(world.lines().front() == " waiting 1");
    CHECK(world.history.size() == NotificationHistory::kMessagesMax);
}

TEST_CASE("a record that makes no sense is told and left out", "[notifiers][history]") {
    HistoryWorld world({{"notification_history", {{"x", "{}"}, {"000001767323045000 0000000001", "[]"}}}});
    CHECK(world.history.size() == 0);
    CHECK(world.log.count(LogLevel::Error) == 2);
}

TEST_CASE("what is old is forgotten, on the disk too", "[notifiers][history]") {
    HistoryWorld before;
    before.rig->fire("a");
    before.rig->advance(11s);
    REQUIRE(before.history.size() == 1);
    VirtualScheduler later{before.clock.now() + 121h};
    fakes::FakeStateStore store(later, before.store.tables());
    NotificationHistory history(later, before.log, 120h);
    history.keep_in(store);
    CHECK(history.size() == 0);
    CHECK(store.tables().at("notification_history").empty());
}

TEST_CASE("of many messages the last ones are remembered", "[notifiers][history]") {
    VirtualScheduler clock{from_unix_ms(1'767'323'045'000)};
    fakes::RecordingLog log;
    NotificationHistory history(clock, log, 120h);
    AttemptEvent attempt;
    attempt.integration = "webhook";
    attempt.started_at = clock.now();
    for (std::size_t i = 0; i < NotificationHistory::kMessagesMax + 10; ++i) {
        attempt.group_key = std::to_string(i);
        history.on_attempt(attempt);
    }
    CHECK(history.size() == NotificationHistory::kMessagesMax);
    history.for_each([&](const ToldMessage& message) {
        CHECK(message.group_key == std::to_string(NotificationHistory::kMessagesMax + 9));
        return false;
    });
}

}  // namespace
}  // namespace tocsin
