#include "base/sample.h"
#include "engine/eval/range_source.h"
#include "engine/eval/selected_series.h"
#include "engine/eval/time_shift.h"

namespace tocsin {
namespace {

class Window final : public RangeSource {
public:
    Window(Store::SelectionHandle handle, const PlanWindow& plan)
        : series_(std::move(handle)),
          shift_(plan.selector.shift),
          extension_(plan.selector.extension),
          range_ms_(plan.range.count()) {}

    const RowsPtr& rows() const override { return series_.rows(); }
    LabelSet labels(std::size_t row) const override { return series_.labels(row); }
    bool distinct_without_name() const override { return series_.distinct_without_name(); }
    Extension extension() const override { return extension_; }

    Status open(Evaluation& evaluation, std::int64_t at_ms) override {
        series_.refresh();
        end_ms_ = shifted(shift_, evaluation, at_ms);
        start_ms_ = end_ms_ - range_ms_;
        // Anchored and smoothed ranges look for a sample to begin with as far back as an instant selector would, and smoothed ones
        // as far ahead for one to end with.
        read_from_ms_ = start_ms_ - (extension_ == Extension::None ? 0 : evaluation.lookback_ms());
        read_to_ms_ = end_ms_ + (extension_ == Extension::Smoothed ? evaluation.lookback_ms() : 0);
        next_run_ = 0;
        timeline_ = nullptr;
        return {};
    }

    bool next(Block& block) override {
        const auto& runs = series_.selection().runs();
        if (next_run_ == runs.size()) return false;
        const Selection::Run& run = runs[next_run_++];
        if (run.timeline != timeline_) enter(*run.timeline);
        block = {rows_of_timeline_, times_ms_, run.first_column, run.count, run.first_series};
        return true;
    }

private:
    void enter(const Timeline& timeline) {
        timeline_ = &timeline;
        rows_of_timeline_.clear();
        times_ms_.clear();
        const std::size_t end = timeline.first_after(from_unix_ms(read_to_ms_));
        for (std::size_t row = timeline.first_after(from_unix_ms(read_from_ms_)); row < end; ++row) {
            rows_of_timeline_.push_back(timeline.row(row));
            times_ms_.push_back(to_unix_ms(timeline.time(row)));
        }
    }

    SelectedSeries series_;
    TimeShift shift_;
    Extension extension_;
    std::int64_t range_ms_;
    std::int64_t read_from_ms_ = 0;
    std::int64_t read_to_ms_ = 0;
    std::size_t next_run_ = 0;
    const Timeline* timeline_ = nullptr;
    std::vector<const double*> rows_of_timeline_;
    std::vector<std::int64_t> times_ms_;
};

}  // namespace

RangeSourcePtr make_window(Store::SelectionHandle handle, const PlanWindow& plan) {
    return std::make_unique<Window>(std::move(handle), plan);
}

void gather(const RangeSource::Block& block, std::size_t column, std::vector<double>& values,
            std::vector<std::int64_t>& times_ms) {
    values.clear();
    times_ms.clear();
    for (std::size_t row = 0; row < block.rows.size(); ++row) {
        const double cell = block.rows[row][block.first_column + column];
        if (is_missing(cell)) continue;
        values.push_back(cell);
        times_ms.push_back(block.times_ms[row]);
    }
}

}  // namespace tocsin
