#include "engine/store/time_spans.h"

#include <algorithm>
#include <iterator>

namespace tocsin {
namespace {

constexpr std::size_t kSpansMax = 10'000;

}  // namespace

// Those that it reaches become one with it.
void TimeSpans::add(const Span& span) {
    auto at = spans_.upper_bound(span.first);
    if (at != spans_.begin() && std::prev(at)->second >= span.first - together_) --at;
    Span whole = span;
    while (at != spans_.end() && at->first <= span.last + together_) {
        // Mostly time goes on, and nothing else changes.
        if (at->first <= span.first &&
            (std::next(at) == spans_.end() || std::next(at)->first > span.last + together_)) {
            at->second = std::max(at->second, span.last);
            return;
        }
        whole = {std::min(whole.first, at->first), std::max(whole.last, at->second)};
        at = spans_.erase(at);
    }
    spans_[whole.first] = whole.last;
    if (spans_.size() > kSpansMax) join_near_ones();
}

void TimeSpans::join_near_ones() {
    const std::vector<Span> all = spans();
    together_ *= 4;
    spans_.clear();
    for (const Span& span : all) add(span);
}

void TimeSpans::add(const TimeSpans& others) {
    for (const Span& span : others.spans()) add(span);
}

std::vector<TimeSpans::Span> TimeSpans::spans() const {
    std::vector<Span> all;
    for (const auto& [first, last] : spans_) all.push_back({first, last});
    return all;
}

std::vector<TimeSpans::Span> TimeSpans::gaps() const {
    std::vector<Span> all;
    const std::vector<Span> found = spans();
    for (std::size_t i = 1; i < found.size(); ++i) all.push_back({found[i - 1].last, found[i].first});
    return all;
}

}  // namespace tocsin
