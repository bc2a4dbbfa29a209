#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/matcher.h"
#include "base/time.h"
#include "engine/store/selection.h"
#include "engine/store/timeline.h"
#include "engine/store/wanted.h"

namespace tocsin {

struct StoreOptions {
    /// Keep every series, not only those that a selection takes.
    bool keep_all = false;
    /// How far back every series is kept at least; a selection that looks further back extends it for what it takes.
    Duration retention{0};
    Duration lookback_delta{std::chrono::minutes(5)};
    std::size_t series_max = 20'000'000;
};

struct LayoutGeneration {
    /// Which of the timelines that had this id: never 0, and never the same again.
    std::uint64_t made = 0;
    /// Changes when a column was given back: only one without a sample in the last row, unless `moved` changes too.
    std::uint64_t released = 0;
    /// Changes when columns got other numbers, or lost a series that went on: nobody wants it any more, or it was
    /// moved.
    std::uint64_t moved = 0;

    bool operator==(const LayoutGeneration&) const = default;
};

/// The last of every series that a rule needs, in memory (design: "the rules say what to keep").
///
/// One thread, the scheduler's, changes it. While it is frozen nothing changes: evaluations read it then from any
/// thread; changes asked for meanwhile through when_thawed() wait, in order.
class Store {
public:
    explicit Store(StoreOptions options);
    ~Store();

    // ---- what to keep

    /// A selector of a rule, kept up to date as series come and go. Live series that match are in it at once (those
    /// whose samples were not kept so far have none yet). `reach`: how far back from its evaluation time it looks.
    class SelectionHandle {
    public:
        SelectionHandle() = default;
        SelectionHandle(SelectionHandle&&) noexcept;
        SelectionHandle& operator=(SelectionHandle&&) noexcept;
        ~SelectionHandle();
        /// Refreshes runs() if series came or went; call once at the start of an evaluation, on any thread, while
        /// frozen.
        const Selection& get() const;
        explicit operator bool() const { return selection_ != nullptr; }

    private:
        friend class Store;
        void release();
        Store* store_ = nullptr;  // null when the selection is the handle's own
        Selection* selection_ = nullptr;
        std::unique_ptr<Selection> own_;
    };
    /// A sample is kept until `reach` has passed, or StoreOptions::retention if that is longer; the lookback delta of
    /// an instant selector and an offset are part of its reach.
    SelectionHandle select(Matchers matchers, Duration reach);

    /// The same for one look at what is there: asks for nothing to be kept, and is not kept up to date. Any thread,
    /// while frozen or untouched; for queries that come by.
    SelectionHandle select_once(Matchers matchers) const;

    /// All selectors, and how far back each one looks.
    struct Kept {
        Matchers matchers;
        Duration reach;
    };
    std::vector<Kept> kept() const;

    /// Whether any series of this metric name could be wanted: a line of a scrape whose name is not is skipped before
    /// its labels are read. Changes only when selections do; `wanted_generation` tells.
    bool name_wanted(std::string_view metric_name) const;
    std::uint64_t wanted_generation() const { return wanted_generation_; }
    /// Whether this very series is wanted (some selection takes it, or everything is kept).
    bool series_wanted(const LabelSet& labels) const;
    /// All of that for other threads: stays true to the moment of the call.
    std::shared_ptr<const Wanted> wanted() const;

    // ---- writing

    TimelineId create_timeline();
    /// All series of it are gone. Their samples go with it, and the id may be given out again.
    void remove_timeline(TimelineId id);
    Timeline& timeline(TimelineId id);
    const Timeline& timeline(TimelineId id) const;

    /// The column of this series in this timeline, made when it is new. Nothing when the store is full, or when another
    /// timeline has this series alive: no two series have the same labels. One that ended there (stale, or two rows
    /// without a sample) is taken over.
    std::optional<ColumnIndex> column_for(TimelineId id, const LabelSet& labels);
    /// Whether there is such a series in this timeline already.
    std::optional<ColumnIndex> find_column(TimelineId id, const LabelSet& labels) const;
    /// Where this series is, in whatever timeline.
    struct Location {
        TimelineId timeline;
        ColumnIndex column;
    };
    std::optional<Location> find_series(const LabelSet& labels) const;
    const LabelSet& labels_of(TimelineId id, ColumnIndex column) const;
    /// Takes a series with its samples over to another timeline, as far as that one has rows at the same times; one
    /// without any row gets those times first. For a series that is wanted for longer than its neighbours, or begins to
    /// have timestamps of its own.
    ColumnIndex move_series(TimelineId from, ColumnIndex column, TimelineId to);

    /// Tells whoever remembers columns when to ask for them again.
    LayoutGeneration layout_generation(TimelineId id) const;

    /// Appends a row at `time` to a timeline and drops rows that nobody can reach any more; cells are `values`, whose
    /// index is the column (missing ones at the end are absent). A time not after the last row's is refused: out of
    /// order.
    bool append(TimelineId id, Timestamp time, std::span<const double> values);

    /// Forgets series without a sample within reach of anybody, and those that no selection takes any more (some at a
    /// time, after selections changed). Cheap when there are none; call once a scrape interval or so.
    void collect_garbage(Timestamp now);

    // ---- reading for the API

    /// Every live series with these matchers, until `visit` returns false.
    void for_each_series(const Matchers& matchers,
                         const std::function<bool(const LabelSet&, const Timeline&, ColumnIndex)>& visit) const;

    // ---- reading in pieces, for whoever lets the store change in between (engine/store/excerpt.h)

    /// The series that may have these matchers, as far as their metric names tell, by numbers that are given out again
    /// when a series is gone.
    std::vector<std::uint32_t> candidates(const Matchers& matchers) const;
    struct SeriesView {
        const LabelSet& labels;
        Location location;
    };
    /// The series that has this number now, if one has.
    std::optional<SeriesView> series(std::uint32_t number) const;
    struct TimelineView {
        Timestamp last_row;
        LayoutGeneration layout;
    };
    /// The timelines that have rows, by id.
    std::vector<std::optional<TimelineView>> timelines() const;
    /// As long as this and layout_generation() stay the same, series are where they were, or are gone.
    std::uint64_t series_removed() const;
    bool has_timeline(TimelineId id) const;

    // ---- freezing

    /// Nothing changes until as many thaw()s. Scheduler's thread.
    void freeze() { ++frozen_; }
    void thaw();
    bool frozen() const { return frozen_ > 0; }
    /// Runs `change` at once, or when the store is thawed again. Scheduler's thread.
    void when_thawed(std::function<void()> change);

    /// For the evaluation that froze the store: between two of its steps, when nobody computes, it writes what it found
    /// itself, and its later steps see that; everybody else's changes go on waiting.
    class OwnWrites {
    public:
        explicit OwnWrites(Store& store) : store_(store), frozen_(std::exchange(store.frozen_, 0)) {}
        ~OwnWrites() { store_.frozen_ = frozen_; }
        OwnWrites(const OwnWrites&) = delete;
        OwnWrites& operator=(const OwnWrites&) = delete;

    private:
        Store& store_;
        int frozen_;
    };

    struct Stats {
        std::size_t series = 0;
        std::size_t timelines = 0;
        std::size_t bytes = 0;
        std::uint64_t samples_appended = 0;
        std::uint64_t series_created = 0;
        std::uint64_t series_removed = 0;
        std::uint64_t series_refused = 0;  // the store was full, or another timeline had them
        std::optional<Timestamp> oldest, newest;  // row
    };
    Stats stats() const;
    const StoreOptions& options() const { return options_; }

private:
    struct Impl;
    void drop_holder(Selection& selection);
    void forget(const std::vector<std::uint32_t>& series);
    void find_ended(TimelineId id, Timestamp now, std::vector<std::uint32_t>& found);
    void find_unwanted(std::vector<std::uint32_t>& found);
    void squeeze_where_worthwhile();

    StoreOptions options_;
    std::uint64_t wanted_generation_ = 1;
    int frozen_ = 0;
    bool thawing_ = false;
    std::deque<std::function<void()>> waiting_;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tocsin
