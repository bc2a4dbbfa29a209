#include "base/idle_connections.h"

#include <utility>

namespace tocsin {

IdleConnections::IdleConnections(Scheduler& scheduler, Limits limits) : scheduler_(scheduler), limits_(limits) {}

IdleConnections::~IdleConnections() {
    scheduler_.cancel(sweep_);
}

std::optional<AsioStream> IdleConnections::take(const std::string& place) {
    const auto found = by_place_.find(place);
    std::optional<AsioStream> taken;
    while (found != by_place_.end() && !found->second.empty() && !taken) {
        AsioStream stream = std::move(found->second.back().stream);
        found->second.pop_back();
        --count_;
        if (stream.is_quiet()) taken = std::move(stream);
    }
    if (found != by_place_.end() && found->second.empty()) by_place_.erase(found);
    return taken;
}

void IdleConnections::put(const std::string& place, AsioStream stream) {
    if (count_ >= limits_.all) return;
    auto& idle = by_place_[place];
    if (idle.size() >= limits_.per_place) {
        idle.erase(idle.begin());
        --count_;
    }
    idle.push_back({std::move(stream), scheduler_.monotonic()});
    ++count_;
    plan_sweep();
}

void IdleConnections::plan_sweep() {
    if (sweep_ != 0 || count_ == 0) return;
    sweep_ = scheduler_.after(limits_.idle / 2, [this] { sweep(); });
}

void IdleConnections::sweep() {
    sweep_ = 0;
    const MonotonicTime now = scheduler_.monotonic();
    for (auto place = by_place_.begin(); place != by_place_.end();) {
        count_ -= std::erase_if(place->second, [&](const Idle& idle) {
            return now - idle.since >= limits_.idle || !idle.stream.is_quiet();
        });
        place = place->second.empty() ? by_place_.erase(place) : std::next(place);
    }
    plan_sweep();
}

}  // namespace tocsin
