#include "daemon/query_service.h"

#include <deque>

#include "base/json.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

/// Threads that are busy until the test lets them go on.
class HeldExecutor final : public Executor {
public:
    explicit HeldExecutor(VirtualScheduler& scheduler) : scheduler_(scheduler) {}

    void run(std::function<void()> work, std::function<void()> done) override {
        held_.emplace_back(std::move(work), std::move(done));
        if (!is_held) release();
    }
    void release() {
        is_held = false;
        while (!held_.empty()) {
            auto [work, done] = std::move(held_.front());
            held_.pop_front();
            work();
            scheduler_.post(std::move(done));
        }
    }
    std::size_t waiting() const { return held_.size(); }

    bool is_held = false;

private:
    VirtualScheduler& scheduler_;
    std::deque<std::pair<std::function<void()>, std::function<void()>>> held_;
};

constexpr auto kRules =
    "groups:\n- name: g\n  interval: 10s\n  rules:\n  - alert: Hot\n    expr: heat > 30\n  - record: doubled\n    "
    "expr: heat * 2\n";

class World : public SimulatedDaemon {
public:
    World() {
        put("prometheus.yml",
            "rule_files: [rules.yml]\nscrape_configs:\n  - job_name: node\n    static_configs: [{targets: ['a:1']}]\n");
        put("rules.yml", kRules);
        put("alertmanager.yml", "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
        options.keep_all = true;
        options.retention = 1h;
        set_heat(20);
    }
    void set_heat(int degrees) {
        targets.always("http://a:1/metrics", fakes::FakeAnswer::ok("heat " + std::to_string(degrees) + "\n")
                                                 .header("Content-Type", "text/plain; version=0.0.4"));
    }
    Result<ReloadOutcome> start_held() {
        app = std::make_unique<App>(Doors{scheduler, executor, targets, receivers, mails, server, resolver, disk, random,
                                          signals, file_watch, log, state_thread, threads},
                                    options);
        return app->start();
    }
    fakes::FakeHttpServer::Reply begin(const std::string& target) {
        auto reply = server.start({.target = target});
        scheduler.settle();
        return reply;
    }
    std::string metrics() { return server.get("/metrics")->body; }

    HeldExecutor threads{scheduler};
};

std::string body_of(const fakes::FakeHttpServer::Reply& reply) {
    return *reply ? std::to_string((*reply)->status) + " " + (*reply)->body : "no answer yet";
}

}  // namespace

TEST_CASE("queries that take for ever hold no evaluation back", "[daemon][query-service]") {
    World world;
    REQUIRE(world.start_held());
    world.advance(20s);
    world.threads.is_held = true;
    std::vector<fakes::FakeHttpServer::Reply> replies;
    for (int i = 0; i < 20; ++i) replies.push_back(world.begin("/api/v1/query?query=heat"));
    REQUIRE(world.threads.waiting() == 20);

    world.set_heat(40);
    world.advance(60s);
    const Json groups = *parse_json(world.server.get("/api/v1/rules")->body);
    const Json& group = groups.at("data").at("groups").at(0);
    CHECK(group.at("lastEvaluation").as_string() == "2026-03-01T10:01:20Z");
    CHECK(group.at("rules").at(0).at("state").as_string() == "firing");
    CHECK_THAT(
        world.metrics(),
        Catch::Contains("prometheus_rule_group_iterations_missed_total{rule_group=\"/etc/tocsin/rules.yml;g\"} 0"));
    for (const auto& reply : replies) CHECK_FALSE(*reply);

    // Late as they are, they tell of the time at which they were asked.
    world.threads.release();
    world.advance(1s);
    for (const auto& reply : replies) CHECK_THAT(body_of(reply), Catch::Contains("[1772359220,\"20\"]"));
}

TEST_CASE("what takes too long is told so, waiting or running", "[daemon][query-service]") {
    World world;
    world.options.query_limits.concurrent_max = 1;
    world.options.query_limits.queued_max = 1;
    REQUIRE(world.start_held());
    world.advance(20s);
    world.threads.is_held = true;
    const auto running = world.begin("/api/v1/query?query=heat");
    const auto waiting = world.begin("/api/v1/query?query=heat&timeout=30s");
    const auto refused = world.begin("/api/v1/series?match[]=heat");
    CHECK(
        body_of(refused) ==
        R"(503 {"status":"error","errorType":"unavailable","error":"too many queries are waiting; try again later"})");
    CHECK_THAT(world.metrics(), Catch::Contains("prometheus_engine_queries 2"));

    world.advance(29999ms);
    CHECK_FALSE(*waiting);
    world.advance(1ms);
    CHECK(body_of(waiting) ==
          R"(503 {"status":"error","errorType":"timeout","error":"query timed out in query queue"})");
    world.advance(89999ms);
    CHECK_FALSE(*running);
    world.advance(1ms);
    CHECK(body_of(running) ==
          R"(503 {"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"})");

    // Its place is free once the thread has noticed.
    const auto next = world.begin("/api/v1/query?query=1&time=5");
    CHECK_FALSE(*next);
    world.threads.release();
    world.scheduler.settle();
    CHECK(body_of(next) == R"(200 {"status":"success","data":{"resultType":"scalar","result":[5,"1"]}})");
    CHECK_THAT(world.metrics(), Catch::Contains("prometheus_engine_queries 0"));
    CHECK_THAT(world.metrics(), Catch::Contains("tocsin_query_timeouts_total 2"));
}

TEST_CASE("a query done in many parts gives what it gives in one", "[daemon][query-service]") {
    const std::string target =
        "/api/v1/query_range?start=1772359210&end=1772359800&step=10&query=" +
        std::string("sum_over_time(heat[1m])%2Bheat%20offset%202m%2Bmax_over_time(heat[2m:20s]%20@%20end())");
    std::string whole;
    for (const std::uint64_t cells : {std::uint64_t{1'000'000}, std::uint64_t{20}}) {
        World world;
        world.options.query_limits.cells_wanted = cells;
        REQUIRE(world.start_held());
        for (int heat = 1; heat <= 60; ++heat) {
            world.set_heat(heat * heat % 17);
            world.advance(10s);
        }
        const std::string body = world.server.get(target)->body;
        CHECK_THAT(body, Catch::Contains("[1772359800,"));
        if (whole.empty()) whole = body;
        CHECK(body == whole);
    }
}

TEST_CASE("a query that would copy too much for one step is refused", "[daemon][query-service]") {
    World world;
    world.options.query_limits.cells_max = 20;
    REQUIRE(world.start_held());
    world.advance(10min);
    CHECK(world.server.get("/api/v1/query?query=sum_over_time(heat[5m])")->status == 422);
    CHECK(world.server.get("/api/v1/query?query=sum_over_time(heat[1m])")->status == 200);
}
