#include "daemon/live_recording.h"

#include <algorithm>
#include <functional>
#include <string>

#include <fmt/format.h>

#include "daemon/configuration.h"
#include "tests/catch.h"
#include "tests/daemon/simulated_daemon.h"

using namespace tocsin;
using namespace tocsin::tests;
using namespace std::chrono_literals;

namespace {

constexpr auto kConfig =
    "global: {scrape_interval: 30s, evaluation_interval: 30s}\nrule_files: [rules.yml]\n"
    "scrape_configs:\n- job_name: node\n  static_configs: [{targets: ['a:1', 'b:1']}]\n"
    "  metric_relabel_configs: [{source_labels: [room], target_label: place}]\n";
constexpr auto kRules = "groups: [{name: g, rules: [{alert: Hot, expr: heat > 30}, {record: r, expr: heat * 2}]}]\n";

/// Two targets, of which b refuses for a minute.
class World : public SimulatedDaemon {
public:
    World() {
        put("prometheus.yml", kConfig);
        put("rules.yml", kRules);
        targets.handle([this](const HttpRequest& request) {
            const bool is_b = request.url.find("b:1") != std::string::npos;
            if (is_b && elapsed() >= 30s && elapsed() < 90s) {
                return fakes::FakeAnswer::fails(fakes::FakeAnswer::Fault::Refused);
            }
            return fakes::FakeAnswer::ok(
                       fmt::format("heat{{room=\"x\"}} {}\nother 1\nold 5 1772359190000\n", elapsed().count() / 1000))
                .header("Content-Type", "text/plain; version=0.0.4");
        });
    }

    std::string record(Duration length, bool keep_all, const Anonymiser& anonymiser,
                       const std::function<void()>& in_the_middle = {}) {
        auto rules = load_rule_configuration(disk, "/etc/tocsin/prometheus.yml", {});
        REQUIRE(rules);
        auto writer = FixtureWriter::create(disk, "/etc/tocsin/x.om");
        REQUIRE(writer);
        auto recording = LiveRecording::create(
            {scheduler, executor, targets, resolver, disk, random, file_watch, log},
            {rules->prometheus.scrape_configs, rules->rule_files, rule_settings(rules->prometheus, {}, ""), keep_all},
            *writer, anonymiser);
        REQUIRE(recording);
        (*recording)->start([](const Error& error) { FAIL(error.message); });
        scheduler.advance(length / 2);
        if (in_the_middle) in_the_middle();
        scheduler.advance(length - length / 2);
        bool stopped = false;
        (*recording)->stop([&] { stopped = true; });
        scheduler.settle();
        CHECK(stopped);
        counts = (*recording)->counts();
        REQUIRE(writer->finish());
        return *disk.content("/etc/tocsin/x.om");
    }

    LiveRecording::Counts counts;
};

}  // namespace

TEST_CASE("what rules read of live targets is recorded as it was polled, failures included", "[daemon][record]") {
    World world;
    const std::string text = world.record(2min, false, Anonymiser({}, ""));
    CHECK(text == R"(heat{instance="a:1",job="node",place="x",room="x"} 0 1772359200
heat{instance="b:1",job="node",place="x",room="x"} 0 1772359200
up{instance="a:1",job="node"} 1 1772359200
up{instance="b:1",job="node"} 1 1772359200
heat{instance="a:1",job="node",place="x",room="x"} 30 1772359230
up{instance="a:1",job="node"} 1 1772359230
up{instance="b:1",job="node"} 0 1772359230
heat{instance="a:1",job="node",place="x",room="x"} 60 1772359260
up{instance="a:1",job="node"} 1 1772359260
up{instance="b:1",job="node"} 0 1772359260
heat{instance="a:1",job="node",place="x",room="x"} 90 1772359290
heat{instance="b:1",job="node",place="x",room="x"} 90 1772359290
up{instance="a:1",job="node"} 1 1772359290
up{instance="b:1",job="node"} 1 1772359290
heat{instance="a:1",job="node",place="x",room="x"} 120 1772359320
heat{instance="b:1",job="node",place="x",room="x"} 120 1772359320
up{instance="a:1",job="node"} 1 1772359320
up{instance="b:1",job="node"} 1 1772359320
# EOF
)");
    CHECK(world.counts.polls == 10);
    CHECK(world.counts.failed_polls == 2);
}

TEST_CASE("all of live targets can be recorded, with names that say nothing", "[daemon][record]") {
    World world;
    const std::string text = world.record(30s, true, Anonymiser({"instance"}, "key"));
    CHECK_THAT(text, Catch::Contains("other{instance=\"instance-"));
    CHECK_THAT(text, Catch::Contains("scrape_duration_seconds{instance=\"instance-"));
    CHECK_THAT(text, Catch::Contains("old{instance=\"instance-"));
    CHECK_THAT(text, !Catch::Contains("a:1"));
    CHECK_THAT(text, !Catch::Contains("\nr{"));
}

TEST_CASE("a target that comes in place of another one is recorded under its own name", "[daemon][record]") {
    World world;
    world.put("prometheus.yml",
              "global: {scrape_interval: 30s, evaluation_interval: 30s}\nrule_files: [rules.yml]\n"
              "scrape_configs:\n- job_name: node\n  file_sd_configs: [{files: [targets.json]}]\n");
    world.put("targets.json", R"([{"targets": ["c:1"]}])");
    const std::string text = world.record(4min, false, Anonymiser({}, ""), [&] {
        world.put("targets.json", R"([{"targets": ["d:1"]}])");
        world.file_watch.change("/etc/tocsin/targets.json");
    });
    CHECK_THAT(text, Catch::Contains("up{instance=\"c:1\",job=\"node\"} 1 1772359320\n"));
    CHECK_THAT(text, !Catch::Contains("up{instance=\"c:1\",job=\"node\"} 1 1772359350\n"));
    CHECK_THAT(text, Catch::Contains("up{instance=\"d:1\",job=\"node\"} 1 1772359350\n"));
    CHECK_THAT(text, Catch::Contains("heat{instance=\"d:1\",job=\"node\",room=\"x\"} 240 1772359440\n"));
}

TEST_CASE("a long recording is written as it goes", "[daemon][record]") {
    World world;
    const std::string text = world.record(30min, false, Anonymiser({}, ""));
    CHECK(std::count(text.begin(), text.end(), '\n') == 61 * 4 - 2 + 1);
    CHECK(text.ends_with("# EOF\n"));
}
