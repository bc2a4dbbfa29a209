#include "engine/discovery/discovery.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "base/virtual_scheduler.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_resolver.h"
#include "tests/fakes/recording_log.h"

using namespace tocsin;

namespace {

const DiscoveryType& type_of(std::string_view key) {
    return **std::ranges::find(discovery_types(), key, &DiscoveryType::config_key);
}

}  // namespace

TEST_CASE("every discovery of the folder is in the list", "[engine][discovery]") {
    const std::filesystem::path folder = std::filesystem::path(TOCSIN_SOURCE_DIR) / "engine/discovery";
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().stem().string();
        const bool is_no_kind = name == "discovery" || name == "target_groups";
        if (entry.path().extension() == ".cpp" && !is_no_kind) files.insert(name);
    }
    std::ifstream list(folder / "discovery.def");
    std::set<std::string> listed;
    for (std::string line; std::getline(list, line);) {
        if (line.starts_with("DISCOVERY(")) listed.insert(line.substr(10, line.find(')') - 10));
    }
    CHECK(files == listed);
    CHECK(discovery_types().size() == listed.size());
}

TEST_CASE("static targets are published once, as they are written", "[engine][discovery]") {
    Diagnostics diagnostics;
    const auto node = parse_yaml("targets: ['a:1', b]\nlabels: {env: prod}\n", "prometheus.yml");
    REQUIRE(node);
    const auto config = type_of("static_configs").parse({*node, "prometheus.yml", ".", 3, diagnostics});
    CHECK(diagnostics.empty());
    REQUIRE(config);

    VirtualScheduler scheduler;
    VirtualExecutor executor(scheduler, 0);
    fakes::FakeHttpClient http(scheduler);
    fakes::FakeResolver resolver(scheduler);
    fakes::FakeDisk disk;
    SelfMetrics metrics;
    fakes::RecordingLog log;
    const auto discovery = config->create({scheduler, executor, http, resolver, disk, metrics, log, "job"});
    std::vector<TargetGroup> groups;
    discovery->start([&](TargetGroup group) { groups.push_back(std::move(group)); });
    REQUIRE(groups.size() == 1);
    CHECK(groups[0] == TargetGroup{.source = "3",
                                   .targets = {LabelSet{{"__address__", "a:1"}}, LabelSet{{"__address__", "b"}}},
                                   .labels = {{"env", "prod"}}});
    CHECK(config->same_as(*make_static_discovery(groups[0])));
    groups[0].targets.pop_back();
    CHECK_FALSE(config->same_as(*make_static_discovery(groups[0])));
}

TEST_CASE("an unknown field of static targets is reported, a URL is left to relabelling", "[engine][discovery]") {
    Diagnostics diagnostics;
    const auto url = parse_yaml("targets: ['http://a/b']\n", "f.yml");
    REQUIRE(url);
    CHECK(type_of("static_configs").parse({*url, "f.yml", ".", 0, diagnostics}));
    CHECK(diagnostics.empty());
    const auto unknown = parse_yaml("targets: [a]\nlabel: {}\n", "f.yml");
    REQUIRE(unknown);
    CHECK_FALSE(type_of("static_configs").parse({*unknown, "f.yml", ".", 0, diagnostics}));
    REQUIRE(diagnostics.size() == 1);
    CHECK(to_string(diagnostics[0]) == "f.yml:2:1: field label not found in static_config");
}
