#include <string>
#include <vector>

#include "base/json.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

constexpr auto kConfig =
    "global: {scrape_interval: 10s, scrape_timeout: 2s}\n"
    "scrape_configs:\n"
    "  - job_name: zeta\n"
    "    metrics_path: /m\n"
    "    params: {module: [a, b]}\n"
    "    static_configs: [{targets: ['localhost:1', '[::1]:2', 'elsewhere:3']}]\n"
    "  - job_name: alpha\n"
    "    static_configs: [{targets: ['kept:1', 'left-out:1']}]\n"
    "    relabel_configs: [{source_labels: [__address__], regex: 'left-out.*', action: drop}]\n";
constexpr auto kRouting = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";

class TargetsWorld : public SimulatedDaemon {
public:
    TargetsWorld() {
        put("prometheus.yml", kConfig);
        put("alertmanager.yml", kRouting);
        options.keep_all = true;
        targets.always("http://kept:1/metrics",
                       fakes::FakeAnswer::ok("heat 20\n").header("Content-Type", "text/plain; version=0.0.4"));
        REQUIRE(start());
        advance(15s);
    }
    Json data(const std::string& path) {
        const auto response = server.get(path);
        REQUIRE(response);
        REQUIRE(response->status == 200);
        return parse_json(response->body).value().at("data");
    }
    /// One string of each target.
    std::vector<std::string> each(const std::string& list, const std::string& field, const std::string& query = {}) {
        std::vector<std::string> found;
        const Json all = data("/api/v1/targets" + query);
        for (const Json& target : all.at(list).items()) found.push_back(target.at(field).as_string());
        return found;
    }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("targets are listed by job, with their health", "[daemon][api][targets]") {
    TargetsWorld world;
    CHECK(world.each("activeTargets", "scrapePool") == Texts{"alpha", "zeta", "zeta", "zeta"});
    CHECK(world.each("activeTargets", "health") == Texts{"up", "down", "down", "down"});
    CHECK(world.each("activeTargets", "scrapeUrl", "?scrapePool=alpha") == Texts{"http://kept:1/metrics"});
}

TEST_CASE("a target on this machine is linked by the name that others know", "[daemon][api][targets]") {
    TargetsWorld world;
    CHECK(world.each("activeTargets", "globalUrl", "?scrapePool=zeta") ==
          Texts{"http://tocsin.example:2/m?module=a&module=b", "http://elsewhere:3/m?module=a&module=b",
                "http://tocsin.example:1/m?module=a&module=b"});
}

TEST_CASE("dropped targets are listed with what was discovered, and counted", "[daemon][api][targets]") {
    TargetsWorld world;
    const Json all = world.data("/api/v1/targets");
    REQUIRE(all.at("droppedTargets").items().size() == 1);
    const Json& dropped = all.at("droppedTargets").at(0);
    CHECK(dropped.at("discoveredLabels").at("__address__").as_string() == "left-out:1");
    CHECK(dropped.at("scrapePool").as_string() == "alpha");
    CHECK(dump(all.at("droppedTargetCounts")) == R"({"alpha":1,"zeta":0})");
    CHECK(world.data("/api/v1/targets?state=active").at("droppedTargets").items().empty());
    CHECK(world.data("/api/v1/targets?state=dropped").at("activeTargets").items().empty());
    CHECK(dump(world.data("/api/v1/scrape_pools")) == R"({"scrapePools":["alpha","zeta"]})");
}
