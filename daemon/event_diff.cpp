#include "daemon/event_diff.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <utility>

namespace tocsin {
namespace {

constexpr Duration kMovedAtMost = std::chrono::minutes(30);

using Moments = std::deque<Timestamp>;
struct MomentsOfEvent {
    Moments before, after;
};

void take_same(MomentsOfEvent& moments) {
    Moments before, after;
    std::ranges::set_difference(moments.before, moments.after, std::back_inserter(before));
    std::ranges::set_difference(moments.after, moments.before, std::back_inserter(after));
    moments = {std::move(before), std::move(after)};
}

void pair_up(const std::string& who, const std::string& what, MomentsOfEvent moments,
             std::vector<EventChange>& changes) {
    take_same(moments);
    auto& [before, after] = moments;
    while (!before.empty() || !after.empty()) {
        const bool both = !before.empty() && !after.empty();
        const bool is_moved = both && std::chrono::abs(before.front() - after.front()) <= kMovedAtMost;
        const bool takes_before = is_moved || after.empty() || (both && before.front() < after.front());
        const bool takes_after = is_moved || !takes_before;
        EventChange change{who, what, std::nullopt, std::nullopt};
        if (takes_before) change.before = std::exchange(before.front(), {}), before.pop_front();
        if (takes_after) change.after = std::exchange(after.front(), {}), after.pop_front();
        changes.push_back(std::move(change));
    }
}

Timestamp first_of(const EventChange& change) {
    return std::min(change.before.value_or(Timestamp::max()), change.after.value_or(Timestamp::max()));
}

}  // namespace

std::vector<EventChange> compare_events(std::vector<ReplayedEvent> base, std::vector<ReplayedEvent> head) {
    std::map<std::pair<std::string, std::string>, MomentsOfEvent> events;
    for (const ReplayedEvent& event : base) events[{event.who, event.what}].before.push_back(event.at);
    for (const ReplayedEvent& event : head) events[{event.who, event.what}].after.push_back(event.at);
    std::vector<EventChange> changes;
    for (auto& [key, moments] : events) {
        std::ranges::sort(moments.before);
        std::ranges::sort(moments.after);
        pair_up(key.first, key.second, std::move(moments), changes);
    }
    std::ranges::stable_sort(changes, {}, first_of);
    return changes;
}

}  // namespace tocsin
