#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_set>
#include <vector>

#include "base/labels.h"
#include "base/time.h"
#include "rules/rule_manager.h"

namespace tocsin {

/// Where one alert stood from when to when.
struct AlertStretch {
    Timestamp from, until;
    AlertPhase phase = AlertPhase::Inactive;  // pending or firing
};

/// One alert through a replay.
struct AlertLane {
    LabelSet labels;
    std::vector<AlertStretch> stretches;  // in the order of time
    std::size_t firings = 0;              // how often it began to fire
    Duration firing_time{0};
    bool is_coarse = false;  // it changed so often that the later stretches are drawn in steps of the resolution
};

/// What was drawn of the alerts of one rule, and what was left out.
struct AlertLanesView {
    std::vector<AlertLane> lanes;  // by when they were active first
    std::size_t alerts = 0;        // all there were; where they are very many, those that were told apart
    std::size_t firing_alerts = 0;
    std::size_t firings = 0;
    Duration firing_time{0};       // of the alerts of which everything is known, each counted
    bool is_partial_time = false;  // of other alerts the firings were only counted
    Duration resolution{0};
};

/// The alerts of one rule in time, within bounds.
class AlertLanes {
public:
    struct Limits {
        std::size_t kept = 500;      // alerts of which everything is known
        std::size_t shown = 40;      // lanes
        std::size_t stretches = 60;  // of a lane, to the millisecond
        std::size_t cells = 300;     // behind them
    };
    /// `budget`: how many alerts may be kept yet, of all rules; it outlives this.
    AlertLanes(Timestamp start, Timestamp end, const Limits& limits, std::size_t& budget);

    void add(const AlertTransition& change);
    /// What is there up to the end of the window. Alerts that fired go first where not all can be shown.
    AlertLanesView view() const;

private:
    struct Track {
        AlertLane lane;
        std::vector<std::uint8_t> cells;  // phases, once the lane is coarse
        AlertPhase phase = AlertPhase::Inactive;
        Timestamp since{};
    };
    Track* track_of(const LabelSet& labels);
    void count_other(const AlertTransition& change);
    void close(Track& track, Timestamp until) const;
    void paint(Track& track, const AlertStretch& stretch) const;
    void add_cells(Track& track) const;
    std::size_t cell_of(Timestamp at) const;

    Timestamp start_, end_;
    Limits limits_;
    std::size_t& budget_;
    std::map<LabelSet, Track> tracks_;
    std::unordered_set<std::uint64_t> others_, firing_others_;  // beyond them, by hash
    std::size_t other_firings_ = 0;
};

}  // namespace tocsin
