#include "daemon/alert_lanes.h"

#include <algorithm>
#include <utility>

namespace tocsin {
namespace {

// Alerts beyond those that are kept are told apart up to this many.
constexpr std::size_t kOthersMax = 100'000;

bool is_before(const AlertLane& a, const AlertLane& b) {
    const Timestamp first = a.stretches.front().from, second = b.stretches.front().from;
    return first != second ? first < second : a.labels < b.labels;
}

bool matters_more(const AlertLane& a, const AlertLane& b) {
    const bool fired = a.firings > 0, other_fired = b.firings > 0;
    return fired != other_fired ? fired : is_before(a, b);
}

}  // namespace

AlertLanes::AlertLanes(Timestamp start, Timestamp end, const Limits& limits, std::size_t& budget)
    : start_(start), end_(std::max(end, start + Duration{1})), limits_(limits), budget_(budget) {}

void AlertLanes::add(const AlertTransition& change) {
    Track* track = track_of(change.labels);
    if (track == nullptr) return count_other(change);
    close(*track, change.at);
    track->phase = change.to;
    track->since = change.at;
    track->lane.firings += change.to == AlertPhase::Firing ? 1 : 0;
}

AlertLanes::Track* AlertLanes::track_of(const LabelSet& labels) {
    const auto known = tracks_.find(labels);
    if (known != tracks_.end()) return &known->second;
    if (tracks_.size() >= limits_.kept || budget_ == 0) return nullptr;
    --budget_;
    return &tracks_[labels];
}

void AlertLanes::count_other(const AlertTransition& change) {
    const bool fires = change.to == AlertPhase::Firing;
    if (others_.size() < kOthersMax) others_.insert(change.labels.hash());
    if (fires && firing_others_.size() < kOthersMax) firing_others_.insert(change.labels.hash());
    other_firings_ += fires ? 1 : 0;
}

void AlertLanes::close(Track& track, Timestamp until) const {
    if (track.phase == AlertPhase::Inactive) return;
    const AlertStretch stretch{std::max(track.since, start_), std::min(until, end_), track.phase};
    if (track.phase == AlertPhase::Firing) track.lane.firing_time += stretch.until - stretch.from;
    if (track.lane.stretches.size() < limits_.stretches) {
        track.lane.stretches.push_back(stretch);
    } else {
        paint(track, stretch);
    }
}

// What fires hides what was pending in the same cell.
void AlertLanes::paint(Track& track, const AlertStretch& stretch) const {
    track.lane.is_coarse = true;
    track.cells.resize(limits_.cells);
    const auto phase = static_cast<std::uint8_t>(stretch.phase);
    for (std::size_t cell = cell_of(stretch.from); cell <= cell_of(stretch.until); ++cell) {
        track.cells[cell] = std::max(track.cells[cell], phase);
    }
}

std::size_t AlertLanes::cell_of(Timestamp at) const {
    const auto cell = static_cast<std::size_t>((at - start_).count()) * limits_.cells /
                      static_cast<std::size_t>((end_ - start_).count());
    return std::min(cell, limits_.cells - 1);
}

void AlertLanes::add_cells(Track& track) const {
    const auto begin_of = [&](std::size_t cell) {
        return start_ + (end_ - start_) * static_cast<std::int64_t>(cell) / static_cast<std::int64_t>(limits_.cells);
    };
    for (std::size_t begin = 0, end = 0; begin < track.cells.size(); begin = end) {
        while (end < track.cells.size() && track.cells[end] == track.cells[begin]) ++end;
        const Timestamp exact_until = track.lane.stretches.back().until;
        const auto phase = static_cast<AlertPhase>(track.cells[begin]);
        if (phase == AlertPhase::Inactive || begin_of(end) <= exact_until) continue;
        const Timestamp from = std::max(begin_of(begin), exact_until);
        track.lane.stretches.push_back({from, begin_of(end), phase});
    }
}

AlertLanesView AlertLanes::view() const {
    AlertLanesView view;
    view.resolution = (end_ - start_) / static_cast<std::int64_t>(limits_.cells);
    view.alerts = tracks_.size() + others_.size();
    view.firing_alerts = firing_others_.size();
    view.firings = other_firings_;
    view.is_partial_time = other_firings_ > 0;
    for (const auto& [labels, kept] : tracks_) {
        Track track = kept;
        track.lane.labels = labels;
        close(track, end_);
        add_cells(track);
        view.firing_alerts += track.lane.firings > 0 ? 1 : 0;
        view.firings += track.lane.firings;
        view.firing_time += track.lane.firing_time;
        if (!track.lane.stretches.empty()) view.lanes.push_back(std::move(track.lane));
    }
    std::sort(view.lanes.begin(), view.lanes.end(), matters_more);
    if (view.lanes.size() > limits_.shown) view.lanes.resize(limits_.shown);
    std::sort(view.lanes.begin(), view.lanes.end(), is_before);
    return view;
}

}  // namespace tocsin
