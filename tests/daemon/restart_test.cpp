#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"
#include "tests/rounds.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

constexpr auto kConfig =
    "rule_files: [rules.yml]\n"
    "scrape_configs:\n  - job_name: node\n    static_configs: [{targets: ['a:1']}]\n";
constexpr auto kRules =
    "groups:\n- name: g\n  interval: 10s\n  rules:\n"
    "  - alert: Hot\n    expr: temperature > 30\n"
    "  - alert: Warm\n    expr: temperature > 20\n    for: 1m\n"
    "  - alert: Boiled\n    expr: temperature > 90\n    keep_firing_for: 1m\n";
constexpr auto kRouting =
    "route: {receiver: hook, group_wait: 0s, group_interval: 1s, group_by: [alertname]}\n"
    "receivers:\n- name: hook\n  webhook_configs: [{url: 'http://hook/alerts'}]\n";

/// One target whose temperature goes up and down; a daemon that can be killed and started again.
class World : public SimulatedDaemon {
public:
    World() {
        put("prometheus.yml", kConfig);
        put("rules.yml", kRules);
        put("alertmanager.yml", kRouting);
        receivers.always("http://hook/alerts", fakes::FakeAnswer::ok());
        targets.handle([this](const HttpRequest&) {
            return fakes::FakeAnswer::ok(fmt::format("temperature {}\n", temperature()))
                .header("Content-Type", "text/plain; version=0.0.4");
        });
    }
    ~World() { app.reset(); }

    int temperature() const {
        if (fixed_temperature >= 0) return fixed_temperature;
        const auto second = elapsed() / 1s;
        if (second < 30) return 10;
        if (second < 120) return 25;
        if (second < 140) return 95;
        return second < 170 ? 35 : 22;
    }

    /// As kill -9 does it; what the disk had not synced is gone as after a power cut if `power` is given.
    void kill(Random* power = nullptr) {
        app.reset();
        if (power != nullptr) disk.power_cut(*power);
    }

    bool is_durable() { return app->metrics().gauge("tocsin_state_durable", "").get() == 1; }

    /// Every alert with all that must outlast a restart, one line each.
    std::string alerts(bool with_times = true) {
        const auto answer = server.get("/api/v1/alerts");
        REQUIRE(answer);
        std::string lines;
        const Json body = *parse_json(answer->body);
        for (const Json& alert : body.at("data").at("alerts").items()) {
            lines += alert.at("labels").at("alertname").as_string() + " " + alert.at("state").as_string();
            if (with_times) {
                lines += " " + alert.at("activeAt").as_string() + " " + alert.at("keepFiringSince").as_string();
            }
            lines += "\n";
        }
        return lines;
    }
    /// Every change of an alert that is remembered, one line each, the last one first.
    std::string history(bool with_times = true) {
        const auto answer = server.get("/api/v1/alerts/history");
        REQUIRE(answer);
        std::string lines;
        const Json body = *parse_json(answer->body);
        for (const Json& change : body.at("data").at("changes").items()) {
            lines += change.at("labels").at("alertname").as_string() + " " + change.at("state").as_string();
            if (with_times) {
                lines += fmt::format(" {} {} {}", change.at("at").as_string(), change.at("value").as_string(),
                                     change.at("activeAt").as_string());
            }
            lines += "\n";
        }
        return lines;
    }
    std::vector<std::string> statuses_sent() const {
        std::vector<std::string> all;
        for (const auto& sent : receivers.sent())
            all.push_back(parse_json(sent.request.body)->at("status").as_string());
        return all;
    }

    int fixed_temperature = -1;
};

constexpr int kTicks = 25;

}  // namespace

TEST_CASE("killed at any instant, the daemon has the alerts and the history of the last tick that was written",
          "[daemon][restart]") {
    std::vector<std::string> twin{""};  // after each tick: alerts, then their history
    const auto state_of = [](World& world) { return world.alerts() + "--\n" + world.history(); };
    twin.front() = "--\n";
    std::uint64_t changes = 0;
    std::string end, end_of_history;
    {
        World world;
        REQUIRE(world.start());
        world.advance(5s);  // between two ticks
        for (int tick = 1; tick <= kTicks; ++tick) {
            world.advance(10s);
            twin.push_back(state_of(world));
        }
        end = world.alerts(false);
        end_of_history = world.history(false);
        changes = world.disk.changes();
    }
    REQUIRE(end == "Warm firing\n");
    REQUIRE(end_of_history ==
            "Boiled resolved\nHot resolved\nBoiled firing\nHot firing\nWarm firing\nWarm pending\n");
    SeededRandom random(17);
    for (int round = 0; round < tests::rounds(200); ++round) {
        const std::uint64_t at = random.next() % changes;
        CAPTURE(round, at);
        World world;
        world.disk.stop_at_change(at);
        std::size_t written = 0;
        if (world.start()) {
            world.advance(5s);
            for (std::size_t tick = 1; tick <= kTicks && world.is_durable(); ++tick) {
                world.advance(10s);
                if (world.is_durable()) written = tick;
            }
        }
        world.kill(&random);
        REQUIRE(world.start());
        const std::string found = state_of(world);
        CAPTURE(written, found, twin[written]);
        CHECK((found == twin[written] || (written < kTicks && found == twin[written + 1])));
        world.advance(400s - world.elapsed());
        CHECK(world.alerts(false) == end);
        CHECK(world.history(false) == end_of_history);
    }
}

TEST_CASE("after a restart firing alerts go on firing, and pending ones fire when they would have",
          "[daemon][restart]") {
    World world;
    world.fixed_temperature = 35;
    REQUIRE(world.start());
    world.advance(55s);
    REQUIRE(world.alerts(false) == "Hot firing\nWarm pending\n");
    const std::string before = world.alerts();
    world.kill();
    REQUIRE(world.start());
    CHECK(world.alerts() == before);
    world.advance(5s);
    CHECK(world.alerts(false) == "Hot firing\nWarm firing\n");
    world.kill();
    world.fixed_temperature = 10;
    REQUIRE(world.start());
    world.advance(20s);
    CHECK(world.alerts().empty());
}

TEST_CASE("the time of an outage does not count for a pending alert", "[daemon][restart]") {
    World world;
    world.fixed_temperature = 25;
    REQUIRE(world.start());
    world.advance(45s);  // pending since 0, evaluated last at 40
    REQUIRE(world.alerts(false) == "Warm pending\n");
    world.kill();
    SECTION("within the tolerance it goes on from where it was") {
        world.scheduler.advance(30min);
        REQUIRE(world.start());
        world.advance(5s);
        CHECK(world.alerts(false) == "Warm pending\n");
        world.advance(10s);
        CHECK(world.alerts(false) == "Warm pending\n");
        world.advance(10s);  // 40 s before the outage and 20 s behind it
        CHECK(world.alerts(false) == "Warm firing\n");
    }
    SECTION("beyond the tolerance it begins anew") {
        world.scheduler.advance(2h);
        REQUIRE(world.start());
        world.advance(45s);
        CHECK(world.alerts(false) == "Warm pending\n");
        world.advance(20s);
        CHECK(world.alerts(false) == "Warm firing\n");
    }
    SECTION("where `for` is as long as the grace period it fires no sooner than that") {
        world.options.outage.grace = 1min;
        world.scheduler.advance(30min);
        REQUIRE(world.start());
        world.advance(55s);
        CHECK(world.alerts(false) == "Warm pending\n");
        world.advance(10s);
        CHECK(world.alerts(false) == "Warm firing\n");
    }
}

TEST_CASE("an alert whose rule is gone after a restart is resolved", "[daemon][restart]") {
    World world;
    world.fixed_temperature = 35;
    REQUIRE(world.start());
    world.advance(15s);
    REQUIRE(world.statuses_sent() == std::vector<std::string>{"firing"});
    world.kill();
    world.put("rules.yml", "groups: []\n");
    REQUIRE(world.start());
    CHECK(world.log.contains("the rule was gone after a restart"));
    CHECK(world.alerts().empty());
}

TEST_CASE("on a full disk alerts are still told, and /healthz says that state does not last", "[daemon][restart]") {
    World world;
    REQUIRE(world.start());
    world.advance(15s);
    CHECK(world.server.get("/healthz")->status == 200);
    world.disk.set_capacity(0);
    world.fixed_temperature = 35;
    world.advance(10s);
    CHECK(world.statuses_sent() == std::vector<std::string>{"firing"});
    const auto health = world.server.get("/healthz");
    CHECK(health->status == 503);
    CHECK_FALSE(parse_json(health->body)->at("data").at("state_ok").as_bool());
    world.disk.set_capacity(100'000'000);
    world.advance(15s);
    CHECK(parse_json(world.server.get("/healthz")->body)->at("data").at("state_ok").as_bool());
    const std::string before = world.alerts();
    world.kill();
    REQUIRE(world.start());
    CHECK(world.alerts() == before);
}

TEST_CASE("while the disk of the state hangs, evaluations keep to the grid and messages go out; then all is written",
          "[daemon][restart]") {
    World world, twin;
    for (World* each : {&world, &twin}) {
        REQUIRE(each->start());
        each->advance(15s);
    }
    world.state_thread.hang();
    for (int tick = 0; tick < kTicks; ++tick) {
        for (World* each : {&world, &twin}) each->advance(10s);
        CAPTURE(tick);
        // With the time of each rule's last evaluation.
        CHECK(world.server.get("/api/v1/rules")->body == twin.server.get("/api/v1/rules")->body);
        CHECK(world.alerts() == twin.alerts());
        CHECK(world.history() == twin.history());
        CHECK(world.statuses_sent() == twin.statuses_sent());
    }
    CHECK(world.statuses_sent().size() > 2);
    CHECK_FALSE(world.is_durable());
    world.state_thread.go_on();
    world.advance(0s);
    CHECK(world.is_durable());
    const std::string alerts = world.alerts(), history = world.history();
    REQUIRE_FALSE(alerts.empty());
    Random& no_luck = world.random;
    world.kill(&no_luck);
    REQUIRE(world.start());
    CHECK(world.alerts() == alerts);
    CHECK(world.history() == history);
}

TEST_CASE("a message that waits to be written down waits ten seconds for a disk that hangs", "[daemon][restart]") {
    World world;
    REQUIRE(world.start());
    world.advance(15s);
    world.state_thread.hang();
    world.fixed_temperature = 35;
    world.advance(14s);
    CHECK(world.alerts(false).find("Hot firing") != std::string::npos);
    CHECK(world.statuses_sent().empty());
    world.advance(2s);
    CHECK(world.statuses_sent() == std::vector<std::string>{"firing"});
    world.state_thread.go_on();
    world.advance(1h);
    CHECK(world.statuses_sent().size() == 2);  // and the one of Warm, each once
}
