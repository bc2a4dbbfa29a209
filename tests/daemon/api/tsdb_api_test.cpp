#include "base/json.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

constexpr auto kConfig =
    "rule_files: [rules.yml]\n"
    "scrape_configs:\n"
    "  - job_name: node\n    scrape_interval: 10s\n    scrape_timeout: 2s\n    static_configs: [{targets: ['a:1', "
    "'b:1']}]\n";
constexpr auto kRules =
    "groups:\n"
    "  - name: rooms\n    interval: 10s\n    rules:\n"
    "      - {alert: Hot, expr: 'heat{room=\"hall\"} > 30 and on () absent(nothing_like_it)'}\n";
constexpr auto kRouting = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";
constexpr auto kBody = "heat{room=\"hall\"} 20\nheat{room=\"attic\"} 3\nunwanted 7\n";

class StoreWorld : public SimulatedDaemon {
public:
    StoreWorld() {
        put("prometheus.yml", kConfig);
        put("rules.yml", kRules);
        put("alertmanager.yml", kRouting);
        for (const char* target : {"a:1", "b:1"}) {
            targets.always(std::string("http://") + target + "/metrics",
                           fakes::FakeAnswer::ok(kBody).header("Content-Type", "text/plain; version=0.0.4"));
        }
        REQUIRE(start());
        advance(30s);
    }
    std::string status(const std::string& query = {}) {
        const auto response = server.get("/api/v1/status/tsdb" + query);
        REQUIRE(response);
        return std::to_string(response->status) + " " + response->body;
    }
    bool shows(const std::string& line) {
        return ("\n" + server.get("/metrics")->body).find("\n" + line + "\n") != std::string::npos;
    }
};

bool has(const std::string& text, const std::string& part) {
    CAPTURE(text, part);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the status of the store tells what takes its place", "[daemon][api][store]") {
    StoreWorld world;
    const std::string status = world.status();
    // Two series that the rule selects.
    CHECK(
        has(status, R"(200 {"status":"success","data":{"headStats":{"numSeries":2,"numLabelPairs":5,"chunkCount":0,)"));
    CHECK(has(status, R"("seriesCountByMetricName":[{"name":"heat","value":2}])"));
    CHECK(has(status, R"("labelValueCountByLabelName":[{"name":"instance","value":2},{"name":"__name__","value":1},)"));
    CHECK(has(status, R"("memoryInBytesByLabelName":[{"name":"__name__","value":8},{"name":"job","value":8},)"));
    CHECK(has(status,
              R"("seriesCountByLabelValuePair":[{"name":"__name__=heat","value":2},{"name":"job=node","value":2},)"));
    CHECK(has(status, R"("linesSkipped":)"));
    CHECK(has(status, R"("prefixHits":)"));
    CHECK(has(status, R"("bytesPerSeries":)"));
}

TEST_CASE("a selector that matches nothing is seen", "[daemon][api][store][rules]") {
    StoreWorld world;
    CHECK(has(world.status(),
              R"("selectors":[{"group":"/etc/tocsin/rules.yml;rooms","rule":"Hot","selector":"nothing_like_it","series":0},)"
              R"({"group":"/etc/tocsin/rules.yml;rooms","rule":"Hot","selector":"heat{room=\"hall\"}","series":2}])"));
    CHECK(has(world.status("?limit=1"),
              R"("selectors":[{"group":"/etc/tocsin/rules.yml;rooms","rule":"Hot","selector":"nothing_like_it","series":0}])"));
    const std::string of_rule = R"(tocsin_rule_selector_series{rule="Hot",rule_group="/etc/tocsin/rules.yml;rooms",selector=)";
    CHECK(world.shows(of_rule + R"("nothing_like_it"} 0)"));
    CHECK(world.shows(of_rule + R"("heat{room=\"hall\"}"} 2)"));
}

TEST_CASE("selectors that a reload takes away leave the metrics", "[daemon][api][store][rules]") {
    StoreWorld world;
    REQUIRE(has(world.server.get("/metrics")->body, R"(selector="nothing_like_it")"));
    world.put("rules.yml",
              "groups: [{name: rooms, interval: 10s, rules: [{alert: Hot, expr: 'heat > 30'}, {alert: Hot, expr: "
              "'heat > 40'}]}]\n");
    world.server.post("/-/reload", "", "application/json");
    world.advance(20s);
    const std::string metrics = world.server.get("/metrics")->body;
    CHECK_FALSE(has(metrics, "nothing_like_it"));
    CHECK(has(metrics, R"(tocsin_rule_selector_series{rule="Hot#2",rule_group="/etc/tocsin/rules.yml;rooms",selector="heat"} 4)"));
}

TEST_CASE("a limit of the store's status is refused as Prometheus does it", "[daemon][api][store]") {
    StoreWorld world;
    const std::string refused = R"(400 {"status":"error","errorType":"bad_data","error":")";
    CHECK(world.status("?limit=0") == refused + R"(limit must be a positive number"})");
    CHECK(world.status("?limit=x") == refused + R"(limit must be a positive number"})");
    CHECK(world.status("?limit=10001") == refused + R"(limit must not exceed 10000"})");
}
