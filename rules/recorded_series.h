#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/labels.h"
#include "rules/group_timeline.h"

namespace tocsin {

/// The series that one rule writes. One that it wrote at the last evaluation and not at this one gets a stale marker.
///
///     series.begin();
///     series.write(cell, value);      // for each row, with the cell remembered from cell_of(labels)
///     series.end();
///
/// An evaluation that failed leaves it alone: what was written last fades after the lookback delta.
class RecordedSeries {
public:
    using Cell = std::uint32_t;

    explicit RecordedSeries(GroupTimeline& timeline) : timeline_(timeline) {}

    /// Changes when cells must be asked for anew: other series may be wanted than before, or ended ones were forgotten.
    std::uint64_t generation() const { return timeline_.store().wanted_generation() + forgotten_; }
    /// Whether anybody reads series of this name.
    bool name_wanted(std::string_view metric_name) const { return timeline_.store().name_wanted(metric_name); }
    bool empty() const { return slots_.empty(); }

    /// The place of this label set, until generation() changes. Nothing when nobody reads such a series.
    std::optional<Cell> cell_of(const LabelSet& labels);

    void begin();
    /// Not written, but tried again next time, when the store is full or another timeline has the series.
    void write(Cell cell, double value);
    void end();

private:
    void forget_ended();

    struct Slot {
        const LabelSet* labels;             // the key in by_labels_
        std::optional<ColumnIndex> column;  // nothing: not written yet, or the store has forgotten it since
        std::uint64_t written = 0;          // the cycle in which it was written last
    };
    GroupTimeline& timeline_;
    std::uint64_t cycle_ = 0;
    LayoutGeneration layout_{};  // of the timeline, when the columns were asked for
    std::uint64_t forgotten_ = 0;
    std::vector<Slot> slots_;
    std::unordered_map<LabelSet, Cell, LabelSetHash> by_labels_;
};

}  // namespace tocsin
