#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/time.h"
#include "engine/scrape/scrape_cache.h"
#include "engine/store/scrape_log.h"
#include "engine/store/store.h"

namespace tocsin {

/// The series of one target in the store: where each slot of its lines is, and the rows of its scrapes.
///
/// Series of one target share a timeline with those that are wanted about as far back, so that one rule with a window
/// of a week does not keep all of the target for a week. A series whose samples have timestamps of their own has a
/// timeline of its own. Scheduler's thread; everything but known() while the store is not frozen.
class TargetSeries {
public:
    /// With a log its rows are written there, too; it outlives this.
    explicit TargetSeries(Store& store, ScrapeLog* log = nullptr, ScrapeOwner owner = {})
        : store_(store), log_(log), owner_(std::move(owner)) {}
    /// Its timelines go when the store is thawed.
    ~TargetSeries();
    TargetSeries(const TargetSeries&) = delete;
    TargetSeries& operator=(const TargetSeries&) = delete;

    /// What a body is read against: the lines of the last good scrape (none when the store or the selections changed in
    /// a way that makes them worthless: they are `given_up` then), and what is wanted at this moment.
    struct Known {
        std::shared_ptr<const ScrapeLines> lines, given_up;
        std::shared_ptr<const Wanted> wanted;
        std::uint64_t wanted_generation;
    };
    Known known() const;
    /// After something has changed that decides which series lines are: relabelling, target labels, limits.
    void forget_lines();
    /// After something has changed that leaves the series what they are: lines are read anew, and yet are not new.
    void give_up_lines() { wanted_generation_ = 0; }

    /// Takes what an earlier run has left, as far as it is wanted. Before the first scrape.
    void adopt(const std::vector<RecoveredTimeline>& timelines);
    /// The rows are those of another target from now on.
    void set_owner(ScrapeOwner owner) { owner_ = std::move(owner); }

    /// `up` and its like, which do not come from the body.
    void set_report_labels(std::vector<LabelSet> labels);

    struct Outcome {
        std::uint64_t duplicates = 0;     // a second sample of a series at the same time
        std::uint64_t out_of_order = 0;   // not newer than what is there
        std::uint64_t out_of_bounds = 0;  // more than ten minutes ahead
        std::uint64_t refused = 0;        // the store is full, or another target has the series
    };

    // A scrape is committed in two steps, since the reports say how the first one went.

    /// Whether the slots of a reading against `known` are still what they were. If not, the body must be read again.
    bool can_take(const Known& known) const { return known.lines->lines.empty() || columns_are_ours(); }
    /// Finds the place of each sample of the body, and takes the lines of the reading, which was made for these
    /// selections.
    Outcome take(ScrapeReading& reading, std::uint64_t wanted_generation, Timestamp tick,
                 bool track_timestamps_staleness);
    /// Instead of it: there is no body. All that was alive ends.
    void take_nothing(Timestamp tick, bool track_timestamps_staleness);
    /// Writes the rows at `tick`, with `reports` in the order of set_report_labels(). False when time went back:
    /// nothing was written.
    bool write(Timestamp tick, std::span<const double> reports);

    /// Those shared by many series, then the others.
    std::vector<TimelineId> timelines() const;

    /// The wall clock was set by `step`: rows that carry a tick move along, timestamps of the target's own stay.
    void move_time(Duration step) {
        for (const Row& row : rows_) store_.timeline(row.timeline).move_time(step);
    }

private:
    using Place = Store::Location;
    // A series without a place. The timeline says how far back it is wanted, in seconds.
    static Place nowhere(Duration reach) { return {static_cast<TimelineId>(reach.count() / 1000), kNoColumn}; }
    struct Row {
        TimelineId timeline;
        Duration reach_max;
        LayoutGeneration layout;  // after the last good scrape
        std::vector<double> cells;
    };

    bool columns_are_ours() const;
    void take_changes(ScrapeReading& reading, Timestamp tick, Outcome& outcome);
    Place place_born(const ScrapeReading::Born& born, bool timed);
    void drop_lines_without_place(ScrapeLines& lines, const std::vector<bool>& refused) const;
    void take_values(const std::vector<double>& values, Timestamp tick, Outcome& outcome);
    void take_timed(const ScrapeReading::TimedSample& sample, Timestamp tick, Outcome& outcome);
    void append_alone(Place place, Timestamp time, double value, Outcome& outcome);
    void resolve_reports();
    void end_what_vanished(Timestamp tick, bool track_timestamps_staleness);
    void remove_empty_timelines();

    void log_row(TimelineId id, bool is_alone, Duration reach);
    TimelineId add_alone();
    bool is_alone(TimelineId id) const;
    Row& row_for(Duration reach);
    Row* row_of(TimelineId timeline);
    bool put(Place place, double value);

    Store& store_;
    ScrapeLog* log_;
    ScrapeOwner owner_;
    bool columns_changed_ = true;  // since the last row of rows_
    std::shared_ptr<const ScrapeLines> lines_ = std::make_shared<const ScrapeLines>();
    std::uint64_t wanted_generation_ = 0;  // of lines_
    bool is_alive_ = false;                // the last scrape was good
    std::vector<Place> places_;            // by slot
    std::vector<Row> rows_;
    std::size_t last_row_ = 0;                // where row_of() found the last one
    std::vector<TimelineId> alone_;           // timelines of one series, sorted
    std::vector<TimelineId> appended_alone_;  // in this scrape
    std::vector<LabelSet> report_labels_;
    std::vector<Place> report_places_;
    std::uint64_t reports_generation_ = 0;  // the selections for which report_places_ holds
};

}  // namespace tocsin
