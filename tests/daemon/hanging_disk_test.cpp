#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

/// A target that gets hot, and a storage folder on a disk that hangs when a test says so: whoever touches it then,
/// other than on its own threads, would hang with it.
class HangingWorld : public SimulatedDaemon {
public:
    HangingWorld() {
        put("prometheus.yml",
            "rule_files: [rules.yml]\nscrape_configs:\n  - job_name: node\n    static_configs: [{targets: ['a:1']}]\n");
        put("rules.yml",
            "groups:\n- name: g\n  interval: 10s\n  rules:\n  - {alert: Hot, expr: 'avg_over_time(heat[1m]) > 30'}\n");
        put("alertmanager.yml",
            "route: {receiver: hook, group_wait: 0s, group_interval: 1s}\n"
            "receivers: [{name: hook, webhook_configs: [{url: 'http://hook/alerts'}]}]\n");
        receivers.always("http://hook/alerts", fakes::FakeAnswer::ok());
        set_heat("20");
    }
    ~HangingWorld() { app.reset(); }

    void set_heat(const std::string& degrees) {
        targets.always("http://a:1/metrics", fakes::FakeAnswer::ok("heat " + degrees + "\n")
                                                 .header("Content-Type", "text/plain; version=0.0.4"));
    }
    void hang() {
        log_thread.hang();
        state_thread.hang();
        disk.take_touched();
    }
    void go_on() {
        state_thread.go_on();
        log_thread.go_on();
        scheduler.settle();
    }
    std::vector<std::string> statuses_sent() const {
        std::vector<std::string> all;
        for (const auto& sent : receivers.sent())
            all.push_back(parse_json(sent.request.body)->at("status").as_string());
        return all;
    }
    bool is_well(const std::string& part) {
        return parse_json(server.get("/healthz")->body)->at("data").at(part).as_bool();
    }
    /// What lies in the storage folder and was touched since it hangs.
    std::set<std::string> touched_storage() {
        std::set<std::string> touched;
        for (const std::string& path : disk.take_touched()) {
            if (path.starts_with(options.storage_path)) touched.insert(path);
        }
        return touched;
    }

    using Paths = std::set<std::string>;
};

void check_alerts_come_and_go(HangingWorld& world) {
    world.set_heat("90");
    world.advance(1min);
    CHECK(world.statuses_sent() == std::vector<std::string>{"firing"});
    world.set_heat("0");
    world.advance(1min);
    CHECK(world.statuses_sent() == std::vector<std::string>{"firing", "resolved"});
    CHECK(world.server.get("/api/v1/query?query=heat")->status == 200);
    CHECK(world.server.get("/metrics")->status == 200);
}

}  // namespace

TEST_CASE("a storage disk that hangs holds no scrape, no evaluation and no notification up", "[daemon][hanging-disk]") {
    HangingWorld world;
    REQUIRE(world.start().value().ok());
    world.advance(61s);
    REQUIRE(world.is_well("storage_ok"));
    SECTION("in the midst of good writes") {
        world.hang();
    }
    SECTION("after writes that failed: what tries again does it elsewhere") {
        world.disk.set_capacity(0);
        world.set_heat("21");
        world.advance(10s);
        REQUIRE_FALSE(world.is_well("storage_ok"));
        world.hang();
    }
    check_alerts_come_and_go(world);
    CHECK_FALSE(world.is_well("storage_ok"));
    CHECK_FALSE(world.is_well("state_ok"));
    CHECK(world.touched_storage() == HangingWorld::Paths{});
    world.disk.set_capacity(100'000'000);
    world.go_on();
    world.advance(1min);
    CHECK(world.is_well("storage_ok"));
    CHECK(world.is_well("state_ok"));
    CHECK_FALSE(world.touched_storage().empty());
}

TEST_CASE("a storage disk that hangs is told by /healthz within the patience of a write", "[daemon][hanging-disk]") {
    HangingWorld world;
    REQUIRE(world.start().value().ok());
    world.advance(61s);
    world.hang();
    world.advance(9s);  // the next row is written with the next tick
    CHECK(world.is_well("storage_ok"));
    world.advance(11s);
    CHECK_FALSE(world.is_well("storage_ok"));
    CHECK(world.server.get("/healthz")->status == 503);
    world.go_on();
    CHECK(world.is_well("storage_ok"));
    CHECK(world.server.get("/healthz")->status == 200);
}

TEST_CASE("a stop waits for a storage disk that hangs as long as for a write, and no longer",
          "[daemon][hanging-disk]") {
    HangingWorld world;
    REQUIRE(world.start().value().ok());
    world.advance(61s);
    world.hang();
    const bool hangs_long = GENERATE(false, true);
    CAPTURE(hangs_long);
    world.advance(hangs_long ? 30s : 10s);
    bool stopped = false;
    world.app->stop([&stopped] { stopped = true; });
    world.advance(hangs_long ? 1s : 21s);
    CHECK(stopped);
}
