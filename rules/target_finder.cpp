#include "rules/target_finder.h"

#include <algorithm>
#include <iterator>

namespace tocsin {

// A target may expose any metric; what tells is the other matchers, and of those there are few in a configuration.
const std::vector<TargetId>& TargetFinder::targets_of(const Matchers& selector) {
    Matchers on_labels;
    std::string key;
    for (const Matcher& matcher : selector) {
        if (matcher.name() == kMetricNameLabel) continue;
        on_labels.push_back(matcher);
        key += to_string(matcher) + ',';
    }
    const auto [entry, is_new] = known_.try_emplace(std::move(key));
    if (is_new) {
        std::copy_if(targets_.begin(), targets_.end(), std::back_inserter(entry->second),
                     [&](TargetId target) { return scrapes_.may_expose(target, on_labels); });
    }
    return entry->second;
}

std::vector<TargetId> TargetFinder::targets_of(const std::vector<Matchers>& selectors) {
    std::set<const std::vector<TargetId>*> parts;
    for (const Matchers& selector : selectors) {
        if (!recorded_.contains(metric_name_of(selector))) parts.insert(&targets_of(selector));
    }
    std::vector<TargetId> found;
    for (const auto* part : parts) found.insert(found.end(), part->begin(), part->end());
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

}  // namespace tocsin
