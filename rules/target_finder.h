#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/scrape/scrape_manager.h"

namespace tocsin {

/// Which targets the selectors of rules read. For one moment: made anew when targets or rules have changed.
class TargetFinder {
public:
    /// `recorded`: the metric names that rules write, which no group waits for a target to bring.
    TargetFinder(const ScrapeManager& scrapes, std::set<std::string, std::less<>> recorded)
        : scrapes_(scrapes), targets_(scrapes.targets()), recorded_(std::move(recorded)) {}

    /// Sorted, each once.
    std::vector<TargetId> targets_of(const std::vector<Matchers>& selectors);
    /// All there are, in the order in which they are to be polled.
    const std::vector<TargetId>& targets() const { return targets_; }

private:
    const std::vector<TargetId>& targets_of(const Matchers& selector);

    const ScrapeManager& scrapes_;
    std::vector<TargetId> targets_;
    std::set<std::string, std::less<>> recorded_;
    std::map<std::string, std::vector<TargetId>> known_;  // by what a selector says about anything but the metric name
};

}  // namespace tocsin
