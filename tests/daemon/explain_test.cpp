#include "base/json.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

/// A daemon that has polled one target a few times.
class World : public SimulatedDaemon {
public:
    World() {
        put("prometheus.yml",
            "rule_files: [rules.yml]\n"
            "scrape_configs:\n  - job_name: node\n    static_configs: [{targets: ['a:1']}]\n");
        put("rules.yml",
            "groups:\n- name: g\n  interval: 10s\n  rules:\n  - alert: Hot\n    expr: max_over_time(temperature[1m]) > "
            "30\n");
        put("alertmanager.yml", "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n");
        targets.always(
            "http://a:1/metrics",
            fakes::FakeAnswer::ok("temperature{room=\"x\"} 20\n").header("Content-Type", "text/plain; version=0.0.4"));
        const auto started = start();
        REQUIRE(started);
        REQUIRE(started->ok());
        advance(30s);
    }

    Json get(const std::string& path) {
        const auto response = server.get(path);
        REQUIRE(response);
        status = response->status;
        return *parse_json(response->body);
    }

    int status = 0;
};

}  // namespace

TEST_CASE("the plan of an expression is explained over what the daemon has", "[daemon][api][explain]") {
    World world;
    const Json data = world.get("/api/v1/explain?query=max_over_time(temperature[25s])%2B1").at("data");
    CHECK(world.status == 200);
    CHECK(data.at("resultType").as_string() == "instant vector");
    CHECK(data.at("time").as_number() == static_cast<double>(to_unix_ms(world.scheduler.now())) / 1000);
    const Json& nodes = data.at("nodes");
    REQUIRE(nodes.items().size() == 4);
    CHECK(nodes.at(0).at("title").as_string() == "+");
    CHECK(nodes.at(1).at("title").as_string() == "max_over_time()");
    CHECK(nodes.at(2).at("title").as_string() == "temperature[25s]");
    CHECK(nodes.at(2).at("depth").as_integer() == 2);
    CHECK(nodes.at(2).at("rows").as_integer() == 1);
    CHECK(nodes.at(2).at("present").as_integer() == 3);
    REQUIRE(data.at("result").items().size() == 1);
    CHECK(data.at("result").at(0).at("metric").at("room").as_string() == "x");
    CHECK(data.at("result").at(0).at("value").as_string() == "21");
}

TEST_CASE("what cannot be explained is refused as a query would be", "[daemon][api][explain]") {
    World world;
    CHECK(world.get("/api/v1/explain?query=rate(up)").at("error").as_string() ==
          "invalid parameter \"query\": 1:6: parse error: expected type range vector in call to function \"rate\", got "
          "instant vector");
    CHECK(world.status == 400);
    CHECK(world.get("/api/v1/explain?query=up&time=soon").at("errorType").as_string() == "bad_data");
    CHECK(world.get("/api/v1/explain?query=topk(NaN,up)").at("errorType").as_string() == "execution");
    CHECK(world.status == 422);
}
