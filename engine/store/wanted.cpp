#include "engine/store/wanted.h"

#include <algorithm>

namespace tocsin {
namespace {

bool name_matches(const Matchers& matchers, std::string_view metric_name) {
    return std::ranges::all_of(matchers, [&](const Matcher& matcher) {
        return matcher.name() != kMetricNameLabel || matcher.matches(metric_name);
    });
}

}  // namespace

Wanted::Wanted(const std::vector<Selector>& selectors, bool keep_all, Duration retention)
    : keep_all_(keep_all), retention_(retention) {
    for (const Selector& selector : selectors) {
        selectors_.add(*selector.matchers, selector);
        if (metric_name_of(*selector.matchers).empty()) unnamed_.push_back(selector);
    }
}

bool Wanted::name(std::string_view metric_name) const {
    if (keep_all_ || (!metric_name.empty() && selectors_.has_name(metric_name))) return true;
    return std::ranges::any_of(unnamed_, [&](const Selector& s) { return name_matches(*s.matchers, metric_name); });
}

std::optional<Duration> Wanted::reach(const LabelSet& labels) const {
    std::optional<Duration> reach;
    if (keep_all_) reach = retention_;
    selectors_.for_each_candidate(labels, [&](const Selector& selector) {
        if ((!reach || *reach < selector.reach) && all_match(*selector.matchers, labels)) reach = selector.reach;
    });
    if (reach) reach = std::max(*reach, retention_);
    return reach;
}

}  // namespace tocsin
