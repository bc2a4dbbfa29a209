#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/matcher.h"
#include "base/time.h"
#include "engine/store/store.h"

namespace tocsin {

/// (after, until]
struct TimeSpan {
    Timestamp after;
    Timestamp until;

    bool operator==(const TimeSpan&) const = default;
};

/// Sorted, and those that touch or overlap as one.
std::vector<TimeSpan> merged(std::vector<TimeSpan> spans);

/// What one query reads, copied out of a store in pieces that are short enough for nobody to wait for. The store may
/// change between two of them; the excerpt is what was there when it was made: later rows are not in it, nor series
/// that were born later.
///
/// First the series are found, then rows are copied, as often as wanted. find() and copy() run on the scheduler's
/// thread while the store is not frozen; between them the excerpt belongs to whoever evaluates over it, on any thread.
class Excerpt {
public:
    Excerpt(const Store& source, std::vector<Matchers> selectors);

    /// Looks at about `series_max` more series. True when all have been looked at.
    bool find(std::size_t series_max);
    /// The label sets of what was found and has a sample within `span`, sorted. Instead of find(), as often as it says false.
    bool find_labels(std::size_t series_max, const TimeSpan& span);
    std::vector<LabelSet> take_labels();

    /// Makes room for what was found. On any thread, once, after find() and before the rest.
    void arrange();
    /// Has all series from arrange() on, and the rows of the last copy.
    Store& store() { return copy_; }

    /// How many cells the rows within `spans` have. Scheduler's thread.
    std::uint64_t cells_in(const std::vector<TimeSpan>& spans) const;
    /// Forgets the rows that are there; the next calls of copy() bring those within `spans`, which are sorted and
    /// apart.
    void begin_copy(std::vector<TimeSpan> spans);
    /// Copies about `cells_max` cells. True when there are no more.
    bool copy(std::uint64_t cells_max);

private:
    struct Found {
        LabelSet labels;
        Store::Location location;
    };
    // Neighbouring columns of a source that are neighbours in the copy too.
    struct Run {
        ColumnIndex from;
        ColumnIndex to;
        ColumnIndex count;
    };
    // One timeline of the source, and its copy.
    struct Source {
        TimelineId id;
        TimelineId copy;
        Timestamp last_row;  // that is part of the excerpt
        ColumnIndex columns = 0;
        std::vector<Run> runs;
        std::uint64_t series_removed = 0;  // what the runs are true for
        LayoutGeneration layout;
    };

    void look_at(std::uint32_t number);
    bool has_sample(const Store::Location& location) const;
    void add_source(TimelineId id);
    static void add_to_runs(std::vector<Run>& runs, ColumnIndex from, ColumnIndex to);
    bool is_out_of_date(const Source& source) const;
    void renew(Source& source);
    bool copy_source(Source& source, std::uint64_t& cells_left);

    const Store& source_;
    std::vector<Matchers> selectors_;
    std::vector<std::optional<Store::TimelineView>> timelines_;  // when the excerpt was made
    std::uint64_t series_removed_;

    std::size_t selector_ = 0;  // being looked for, and the candidates that are left
    std::optional<std::vector<std::uint32_t>> candidates_;
    std::size_t next_candidate_ = 0;
    std::optional<TimeSpan> within_;  // only those with a sample there
    boost::unordered_flat_set<std::uint32_t> numbers_;
    std::vector<Found> found_;

    Store copy_;
    std::vector<Source> sources_;
    std::vector<TimeSpan> spans_;
    std::size_t next_source_ = 0;
};

}  // namespace tocsin
