#include "engine/store/wanted.h"

#include <algorithm>

namespace tocsin {
namespace {

bool name_matches(const Matchers& matchers, std::string_view metric_name) {
    return std::ranges::all_of(matchers, [&](const Matcher& matcher) {
        return matcher.name() != kMetricNameLabel || matcher.matches(metric_name);
    });
}

void take_longest(std::optional<Duration>& reach, const std::vector<Wanted::Selector>& selectors,
                  const LabelSet& labels) {
    for (const Wanted::Selector& selector : selectors) {
        if (reach && *reach >= selector.reach) continue;
        if (all_match(*selector.matchers, labels)) reach = selector.reach;
    }
}

}  // namespace

std::string_view metric_name_of(const Matchers& matchers) {
    const auto it = std::ranges::find_if(matchers, [](const Matcher& matcher) {
        return matcher.op() == MatchOp::Equal && matcher.name() == kMetricNameLabel;
    });
    return it == matchers.end() ? std::string_view{} : std::string_view{it->value()};
}

Wanted::Wanted(const std::vector<Selector>& selectors, bool keep_all, Duration retention)
    : keep_all_(keep_all), retention_(retention) {
    for (const Selector& selector : selectors) {
        const std::string_view name = metric_name_of(*selector.matchers);
        (name.empty() ? others_ : by_name_[std::string(name)]).push_back(selector);
    }
}

bool Wanted::name(std::string_view metric_name) const {
    if (keep_all_ || by_name_.find(metric_name) != by_name_.end()) return true;
    return std::ranges::any_of(others_, [&](const Selector& s) { return name_matches(*s.matchers, metric_name); });
}

std::optional<Duration> Wanted::reach(const LabelSet& labels) const {
    std::optional<Duration> reach;
    if (keep_all_) reach = retention_;
    const auto named = by_name_.find(labels.metric_name());
    if (named != by_name_.end()) take_longest(reach, named->second, labels);
    take_longest(reach, others_, labels);
    if (reach) reach = std::max(*reach, retention_);
    return reach;
}

}  // namespace tocsin
