#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "engine/scrape/scrape_config.h"
#include "engine/scrape/scrape_limits.h"
#include "engine/scrape/target.h"

namespace tocsin {

/// From the labels of a line to those of the series as it is stored: with the target's, after metric_relabel_configs,
/// within the limits. For one body; what it was made from outlives it.
class SeriesLabels {
public:
    SeriesLabels(const ScrapeConfig& config, const Target& target, const ScrapeLimits& limits);

    enum class Verdict { Keep, Drop, Invalid };
    /// `exposed` is sorted by name. Invalid means that the whole scrape fails, for the reason in problem().
    Verdict judge(const std::vector<Label>& exposed);

    /// Of a series to keep, sorted by name. Good until the next one, and as long as `exposed` is.
    const std::vector<Label>& labels() const { return labels_; }
    const std::string& problem() const { return problem_; }

private:
    bool merge(const std::vector<Label>& exposed);
    bool relabel_all(const std::vector<Label>& exposed);
    Verdict check(std::span<const Label> labels, std::size_t checked_before);
    Verdict check_size(const Label& label);
    Verdict refuse(std::string problem);

    const ScrapeConfig& config_;
    const Target& target_;
    const ScrapeLimits& limits_;
    /// The target's labels are within the limits, so that they need no look for each series.
    bool target_fits_ = true;
    std::size_t target_size_ = 0;
    LabelBuilder relabelled_;
    std::vector<Label> labels_;
    std::string problem_;
};

/// The labels of the target added; what is in conflict with them renamed to `exported_…` or, with honor_labels, kept.
/// `exposed` is sorted by name and may contain empty values: with honor_labels one of those takes the target's label
/// away.
LabelBuilder with_target_labels(const std::vector<Label>& exposed, const LabelSet& target, bool honor_labels);

}  // namespace tocsin
