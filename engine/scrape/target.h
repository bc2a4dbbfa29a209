#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/discovery/discovery.h"
#include "engine/scrape/scrape_config.h"

namespace tocsin {

/// Something to scrape: where it is, and the labels that its series get. Immutable.
struct Target {
    LabelSet labels;             // `job`, `instance`, …: no `__` ones any more
    LabelSet discovered_labels;  // before relabelling
    std::string url;
    std::optional<Duration> interval;  // nothing: as the rule groups that use it
    Duration timeout;

    /// The same series come from the same place; how often is another matter.
    bool same_series_as(const Target& other) const { return labels == other.labels && url == other.url; }
};

/// What became of the targets of a group (prometheus/prometheus scrape.PopulateLabels).
struct PopulatedTargets {
    std::vector<Target> targets;
    std::vector<LabelSet> dropped;      // by relabelling; as discovered
    std::vector<std::string> failures;  // `instance 3 in group …: no address`
};
PopulatedTargets populate_targets(const TargetGroup& group, const ScrapeConfig& config);

}  // namespace tocsin
