#pragma once

#include <optional>
#include <vector>

#include "base/labels.h"
#include "base/time.h"
#include "engine/store/scrape_log.h"
#include "engine/store/store.h"

namespace tocsin {

/// The timeline that the rules of one group write to: a row an evaluation, begun by the first rule that has something
/// to write.
///
/// Written on the scheduler's thread between evaluations, so that the next rule of the group sees it in the same cycle.
class GroupTimeline {
public:
    /// With a log, which outlives this, rows are written there, too, and it begins with what an earlier run has left of
    /// this owner. What that run wrote last, and the first end() finds not written again, ends.
    explicit GroupTimeline(Store& store, ScrapeLog* log = nullptr, ScrapeOwner owner = {});
    /// All series of it are gone with it, at once or when the store is thawed.
    ~GroupTimeline();
    GroupTimeline(const GroupTimeline&) = delete;
    GroupTimeline& operator=(const GroupTimeline&) = delete;

    /// What is written from here to end() belongs to `at`. An instant that is not after the last one is not written at
    /// all.
    void begin(Timestamp at);
    /// The column of this series, made when it is new; see Store::column_for().
    std::optional<ColumnIndex> column_for(const LabelSet& labels);
    void write(ColumnIndex column, double value);
    void end();

    /// Other rules write here from now on. What those before them wrote last, and the first end() finds not written
    /// again, ends with a stale marker.
    void change_hands();

    /// The wall clock was set by `step`, and what was written moves along.
    void move_time(Duration step) { store_.timeline(id_).move_time(step); }

    Store& store() const { return store_; }
    TimelineId id() const { return id_; }

private:
    bool begin_row();
    void end_left_behind();

    Store& store_;
    TimelineId id_;
    ScrapeLog* log_;
    ScrapeOwner owner_;
    bool columns_changed_ = false;  // since the last row
    Timestamp at_{};
    bool has_row_ = false;
    bool refused_ = false;
    std::vector<LabelSet> left_behind_;  // alive when the timeline changed hands
};

}  // namespace tocsin
