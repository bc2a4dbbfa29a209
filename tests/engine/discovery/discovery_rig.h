#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "base/virtual_scheduler.h"
#include "engine/discovery/discovery.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/fake_dns.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_process.h"
#include "tests/fakes/fake_resolver.h"
#include "tests/fakes/recording_log.h"

namespace tocsin::tests {

/// One discovery in a world of its own, and what it has published.
struct DiscoveryRig {
    /// `yaml` is one item of the list `key`; relative names start in `directory`.
    void start(std::string_view key, std::string_view yaml, const std::string& directory = "/") {
        Diagnostics problems;
        const auto node = parse_yaml(yaml, "prometheus.yml");
        REQUIRE(node);
        const auto type = std::ranges::find(discovery_types(), key, &DiscoveryType::config_key);
        REQUIRE(type != discovery_types().end());
        config = (*type)->parse({*node, "prometheus.yml", directory, 0, problems});
        for (const Diagnostic& problem : problems) FAIL(to_string(problem));
        REQUIRE(config);
        discovery = config->create({scheduler, executor, http, resolver, disk, metrics, log, "job", &file_watch, &dns});
        discovery->start([this](TargetGroup group) {
            ++published;
            const std::string source = group.source;
            if (group.targets.empty()) {
                groups.erase(source);
            } else {
                groups[source] = std::move(group);
            }
        });
    }

    /// A line a group: `source {labels}: address address`.
    std::string shown() const {
        std::string text;
        for (const auto& [source, group] : groups) {
            text += source + " " + to_string(group.labels) + ":";
            for (const LabelSet& target : group.targets) text += " " + std::string(target.get("__address__"));
            text += "\n";
        }
        return text;
    }

    VirtualScheduler scheduler;
    VirtualExecutor executor{scheduler, 0};
    fakes::FakeHttpClient http{scheduler};
    fakes::FakeResolver resolver{scheduler};
    fakes::FakeDns dns{scheduler};
    fakes::FakeFileWatch file_watch{scheduler};
    fakes::FakeDisk disk{"/sd"};
    SelfMetrics metrics;
    fakes::RecordingLog log;
    std::map<std::string, TargetGroup> groups;
    int published = 0;
    std::shared_ptr<const DiscoveryConfig> config;
    std::unique_ptr<Discovery> discovery;
};

}  // namespace tocsin::tests
