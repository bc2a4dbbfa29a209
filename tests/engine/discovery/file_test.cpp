#include <string>

#include "tests/catch.h"
#include "tests/engine/discovery/discovery_rig.h"

using namespace tocsin;
using namespace std::chrono_literals;
using tests::DiscoveryRig;

TEST_CASE("targets of files are there at once, with the file's name", "[engine][discovery][file]") {
    DiscoveryRig rig;
    rig.disk.put("/sd/a.yml", "- targets: ['a:1', 'a:2']\n  labels: {env: prod}\n- targets: ['b:1']\n");
    rig.disk.put("/sd/b.json", R"([{"targets": ["c:1"], "labels": {"env": "dev"}}])");
    rig.start("file_sd_configs", "files: ['*.yml', b.json]", "/sd");
    CHECK(rig.shown() == R"(/sd/a.yml:0 {__meta_filepath="/sd/a.yml", env="prod"}: a:1 a:2
/sd/a.yml:1 {__meta_filepath="/sd/a.yml"}: b:1
/sd/b.json:0 {__meta_filepath="/sd/b.json", env="dev"}: c:1
)");
}

TEST_CASE("a file that changes, comes or goes is noticed by the watch", "[engine][discovery][file]") {
    DiscoveryRig rig;
    rig.disk.put("/sd/a.yml", "- targets: [a]\n- targets: [b]\n");
    rig.start("file_sd_configs", "files: ['*.yml']", "/sd");
    rig.disk.put("/sd/a.yml", "- targets: [c]\n");
    rig.disk.put("/sd/b.yml", "- targets: [d]\n");
    rig.file_watch.change("/sd/a.yml");
    rig.scheduler.advance(1ms);
    CHECK(rig.shown() ==
          "/sd/a.yml:0 {__meta_filepath=\"/sd/a.yml\"}: c\n/sd/b.yml:0 {__meta_filepath=\"/sd/b.yml\"}: d\n");
    REQUIRE(rig.disk.remove("/sd/a.yml"));
    rig.file_watch.change("/sd/a.yml");
    rig.scheduler.advance(1ms);
    CHECK(rig.shown() == "/sd/b.yml:0 {__meta_filepath=\"/sd/b.yml\"}: d\n");
}

TEST_CASE("what the watch misses is found at the refresh interval", "[engine][discovery][file]") {
    DiscoveryRig rig;
    rig.start("file_sd_configs", "{files: [a.yml], refresh_interval: 30s}", "/sd");
    CHECK(rig.shown().empty());
    rig.disk.put("/sd/a.yml", "- targets: [a]\n");
    rig.scheduler.advance(29s);
    CHECK(rig.shown().empty());
    rig.scheduler.advance(1s);
    CHECK(rig.shown() == "/sd/a.yml:0 {__meta_filepath=\"/sd/a.yml\"}: a\n");
}

TEST_CASE("a file that cannot be read keeps the targets that it had", "[engine][discovery][file]") {
    const auto text = GENERATE(as<std::string>{}, "- targets: [", "- target: [a]\n", "targets: [a]\n", "-\n",
                               "- {labels: {a: {}}}\n");
    CAPTURE(text);
    DiscoveryRig rig;
    rig.disk.put("/sd/a.yml", "- targets: [a]\n");
    rig.start("file_sd_configs", "files: [a.yml]", "/sd");
    rig.disk.put("/sd/a.yml", text);
    rig.file_watch.change("/sd/a.yml");
    rig.scheduler.advance(1ms);
    CHECK(rig.shown() == "/sd/a.yml:0 {__meta_filepath=\"/sd/a.yml\"}: a\n");
    CHECK(rig.metrics.counter("prometheus_sd_file_read_errors_total", "").get() == 1);
    CHECK(rig.metrics.summary("prometheus_sd_file_scan_duration_seconds", "").count() == 2);
}

TEST_CASE("a discovery that is gone hears nothing any more", "[engine][discovery][file]") {
    DiscoveryRig rig;
    rig.disk.put("/sd/a.yml", "- targets: [a]\n");
    rig.start("file_sd_configs", "files: [a.yml]", "/sd");
    rig.disk.put("/sd/a.yml", "- targets: [b]\n");
    rig.file_watch.change("/sd/a.yml");
    rig.discovery.reset();
    rig.scheduler.advance(10min);
    CHECK(rig.shown() == "/sd/a.yml:0 {__meta_filepath=\"/sd/a.yml\"}: a\n");
    CHECK(rig.file_watch.watches() == 0);
}
