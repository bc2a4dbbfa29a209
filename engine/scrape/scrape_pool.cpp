#include "engine/scrape/scrape_pool.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tocsin {

void ScrapePool::configure(std::shared_ptr<const ScrapeConfig> config) {
    config_ = std::move(config);
    std::vector<std::unique_ptr<Run>> before = std::exchange(runs_, {});
    for (const auto& discovery : config_->discoveries) {
        const auto running =
            std::ranges::find_if(before, [&](const auto& run) { return run && run->config->same_as(*discovery); });
        runs_.push_back(running != before.end() ? std::move(*running) : start(discovery));
    }
}

std::unique_ptr<ScrapePool::Run> ScrapePool::start(std::shared_ptr<const DiscoveryConfig> config) {
    auto run = std::make_unique<Run>();
    run->discovery = config->create(context_);
    run->config = std::move(config);
    run->starting = true;
    run->discovery->start([this, run = run.get()](TargetGroup group) {
        const std::string source = group.source;
        if (group.targets.empty()) {
            if (run->groups.erase(source) == 0) return;
        } else {
            TargetGroup& known = run->groups[source];
            if (known == group) return;
            known = std::move(group);
        }
        if (!run->starting) changed_();
    });
    run->starting = false;
    return run;
}

PopulatedTargets ScrapePool::populate() const {
    PopulatedTargets all;
    for (const auto& run : runs_) {
        for (const auto& [_, group] : run->groups) {
            PopulatedTargets some = populate_targets(group, *config_);
            std::ranges::move(some.targets, std::back_inserter(all.targets));
            std::ranges::move(some.dropped, std::back_inserter(all.dropped));
            std::ranges::move(some.failures, std::back_inserter(all.failures));
        }
    }
    std::ranges::stable_sort(all.targets, [](const Target& a, const Target& b) {
        return std::tie(a.labels, a.url) < std::tie(b.labels, b.url);
    });
    const auto same = [](const Target& a, const Target& b) { return a.same_series_as(b); };
    all.targets.erase(std::unique(all.targets.begin(), all.targets.end(), same), all.targets.end());
    return all;
}

}  // namespace tocsin
