#include "engine/eval/start_times.h"

#include <map>
#include <utility>

namespace tocsin {

LabelSet start_time_labels(const LabelSet& labels) { return LabelBuilder(labels).set(kStartTimeLabel, "1").build(); }

Matchers without_start_times(Matchers matchers) {
    matchers.push_back(Matcher::equal(std::string(kStartTimeLabel), ""));
    return matchers;
}

Matchers only_start_times(Matchers matchers) {
    matchers.push_back(Matcher::equal(std::string(kStartTimeLabel), "1"));
    return matchers;
}

void StartTimes::refresh(const SelectedSeries& series) {
    times_.refresh();
    if (seen_series_ == series.rows() && seen_times_ == times_.rows()) return;
    seen_series_ = series.rows();
    seen_times_ = times_.rows();
    any_ = times_.size() > 0;

    std::map<std::pair<const Timeline*, LabelSet>, ColumnIndex> found;
    for (const Selection::Run& run : times_.selection().runs()) {
        for (std::uint32_t i = 0; i < run.count; ++i) {
            found[{run.timeline, times_.labels(run.first_series + i)}] = run.first_column + i;
        }
    }
    columns_.assign(series.size(), kNoColumn);
    for (const Selection::Run& run : series.selection().runs()) {
        for (std::uint32_t i = 0; any_ && i < run.count; ++i) {
            const auto place = found.find({run.timeline, start_time_labels(series.labels(run.first_series + i))});
            if (place != found.end()) columns_[run.first_series + i] = place->second;
        }
    }
}

}  // namespace tocsin
