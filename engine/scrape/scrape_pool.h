#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/discovery/discovery.h"
#include "engine/scrape/scrape_config.h"
#include "engine/scrape/target.h"

namespace tocsin {

/// One job: its discoveries, and the targets that follow from what they publish.
class ScrapePool {
public:
    /// `changed` is called when a discovery publishes later than at the start.
    ScrapePool(const DiscoveryContext& context, std::function<void()> changed)
        : context_(context), changed_(std::move(changed)) {}

    /// Starts the discoveries of `config`. Those that run with the same configuration go on, with what they found.
    void configure(std::shared_ptr<const ScrapeConfig> config);
    const ScrapeConfig& config() const { return *config_; }
    const std::shared_ptr<const ScrapeConfig>& shared_config() const { return config_; }

    /// What the groups of this moment come to, each target once, in the order of their labels.
    PopulatedTargets populate() const;

private:
    struct Run {
        std::shared_ptr<const DiscoveryConfig> config;
        std::unique_ptr<Discovery> discovery;
        std::map<std::string, TargetGroup> groups;  // by source
        bool starting = false;
    };
    std::unique_ptr<Run> start(std::shared_ptr<const DiscoveryConfig> config);

    DiscoveryContext context_;
    std::function<void()> changed_;
    std::shared_ptr<const ScrapeConfig> config_;
    std::vector<std::unique_ptr<Run>> runs_;
};

}  // namespace tocsin
