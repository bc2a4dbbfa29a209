#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/labels.h"
#include "base/matcher.h"

namespace tocsin {

/// The metric name that a series must have to match, when the matchers say so by equality; otherwise empty.
std::string_view metric_name_of(const Matchers& matchers);

/// Items that belong to matchers, found by a series: which of thousands of selectors could take it.
///
/// Selectors of one metric name that fix the same labels by equality form a group, and within it the values of these
/// labels lead to the few whose other matchers must be tried.
template <class Item>
class SelectorIndex {
public:
    void add(const Matchers& matchers, Item item) {
        const Place place = place_of(matchers);
        groups_of(metric_name_of(matchers))[place.names][place.hash].push_back(std::move(item));
    }

    /// An item that was added with these matchers.
    void remove(const Matchers& matchers, const Item& item) {
        const auto named = by_name_.find(metric_name_of(matchers));
        if (named == by_name_.end()) return;
        const Place place = place_of(matchers);
        const auto group = named->second.find(place.names);
        if (group == named->second.end()) return;
        const auto items = group->second.find(place.hash);
        if (items == group->second.end()) return;
        std::erase(items->second, item);
        if (items->second.empty()) group->second.erase(items);
        if (group->second.empty()) named->second.erase(group);
        if (named->second.empty()) by_name_.erase(named);
    }

    /// Every item whose matchers could match, and hardly another one.
    template <class Visit>
    void for_each_candidate(const LabelSet& labels, Visit visit) const {
        const std::string_view metric_name = labels.metric_name();
        if (!metric_name.empty()) visit_groups(metric_name, labels, visit);
        visit_groups({}, labels, visit);
    }

    /// Every item whose matchers fix this metric name; for the empty one, those that fix none.
    template <class Visit>
    void for_each_of_name(std::string_view metric_name, Visit visit) const {
        const auto named = by_name_.find(metric_name);
        if (named == by_name_.end()) return;
        for (const auto& [_, group] : named->second) {
            for (const auto& [hash, items] : group) std::ranges::for_each(items, visit);
        }
    }

    bool has_name(std::string_view metric_name) const { return by_name_.find(metric_name) != by_name_.end(); }

private:
    // Items by the values of the labels of the group. Different values with one hash do no harm.
    using Group = std::map<std::uint64_t, std::vector<Item>>;
    using Groups = std::map<std::vector<std::string>, Group>;  // by the names of the labels

    struct Place {
        std::vector<std::string> names;
        std::uint64_t hash = 0;
    };
    static Place place_of(const Matchers& matchers) {
        Place place;
        for (const Matcher* matcher : fixed_labels(matchers)) {
            place.hash = hash_bytes(matcher->value(), place.hash);
            place.names.push_back(matcher->name());
        }
        return place;
    }

    Groups& groups_of(std::string_view metric_name) {
        const auto named = by_name_.find(metric_name);
        return named != by_name_.end() ? named->second : by_name_[std::string(metric_name)];
    }

    static std::vector<const Matcher*> fixed_labels(const Matchers& matchers) {
        std::vector<const Matcher*> fixed;
        for (const Matcher& matcher : matchers) {
            if (matcher.op() == MatchOp::Equal && matcher.name() != kMetricNameLabel) fixed.push_back(&matcher);
        }
        std::ranges::stable_sort(fixed, {},
                                 [](const Matcher* matcher) -> const std::string& { return matcher->name(); });
        return fixed;
    }

    template <class Visit>
    void visit_groups(std::string_view metric_name, const LabelSet& labels, Visit& visit) const {
        const auto named = by_name_.find(metric_name);
        if (named == by_name_.end()) return;
        for (const auto& [names, group] : named->second) {
            std::uint64_t hash = 0;
            for (const std::string& name : names) hash = hash_bytes(labels.get(name), hash);
            const auto items = group.find(hash);
            if (items != group.end()) std::ranges::for_each(items->second, visit);
        }
    }

    std::map<std::string, Groups, std::less<>> by_name_;
};

}  // namespace tocsin
