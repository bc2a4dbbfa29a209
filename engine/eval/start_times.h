#pragma once

#include <string_view>
#include <vector>

#include "engine/eval/selected_series.h"

/// When counters began. The start time of each sample of a series, in milliseconds since 1970, is a sample of another series in the
/// same rows of the same timeline: the one with the same labels and kStartTimeLabel. Read only with the feature start_timestamps.
namespace tocsin {

inline constexpr std::string_view kStartTimeLabel = "__start_time__";

/// The labels of the series that holds the start times of another one.
LabelSet start_time_labels(const LabelSet& labels);

/// What a selector has to look for so that it does not take start times for samples, and what to find just those.
Matchers without_start_times(Matchers matchers);
Matchers only_start_times(Matchers matchers);

/// Where the start times of a selector's series are.
class StartTimes {
public:
    explicit StartTimes(Store::SelectionHandle handle) : times_(std::move(handle)) {}

    /// Call after `series` was refreshed.
    void refresh(const SelectedSeries& series);

    /// Whether any series has some.
    bool any() const { return any_; }
    /// The column of the series' own timeline; kNoColumn when it has none.
    ColumnIndex column_of(std::size_t row) const { return columns_[row]; }

private:
    SelectedSeries times_;
    RowsPtr seen_series_, seen_times_;
    std::vector<ColumnIndex> columns_;
    bool any_ = false;
};

}  // namespace tocsin
