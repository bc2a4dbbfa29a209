#include "base/sample.h"
#include "engine/eval/range_source.h"
#include "engine/eval/selected_series.h"
#include "engine/eval/start_times.h"
#include "engine/eval/time_shift.h"

namespace tocsin {
namespace {

class Window final : public RangeSource {
public:
    Window(Store::SelectionHandle handle, const PlanWindow& plan, std::optional<Store::SelectionHandle> start_times)
        : series_(std::move(handle)),
          shift_(plan.selector.shift),
          extension_(plan.selector.extension),
          range_ms_(plan.range.count()) {
        if (start_times) start_times_.emplace(std::move(*start_times));
    }

    const RowsPtr& rows() const override { return series_.rows(); }
    LabelSet labels(std::size_t row) const override { return series_.labels(row); }
    bool distinct_without_name() const override { return series_.distinct_without_name(); }
    Extension extension() const override { return extension_; }
    bool has_start_times() const override { return start_times_ && start_times_->any(); }
    std::string kept() const override { return series_.kept(); }

    Status open(Evaluation& evaluation, std::int64_t at_ms) override {
        series_.refresh();
        if (start_times_) start_times_->refresh(series_);
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
        const Selection::Run& run = runs[next_run_];
        if (run.timeline != timeline_) enter(*run.timeline);
        if (run.count < kShortRun && !rows_of_timeline_.empty() && !has_start_times()) {
            gather_short_runs(block);
        } else {
            block = {rows_of_timeline_, times_ms_, run.first_column, run.count, run.first_series};
            ++next_run_;
        }
        return true;
    }

    void gather_start_times(const Block& block, std::size_t column, std::vector<std::int64_t>& starts_ms) const override {
        starts_ms.clear();
        if (!start_times_) return;
        const ColumnIndex starts = start_times_->column_of(block.first_row + column);
        if (starts == kNoColumn) return;
        for (const double* row : block.rows) {
            if (is_missing(row[block.first_column + column])) continue;
            starts_ms.push_back(is_missing(row[starts]) ? 0 : static_cast<std::int64_t>(row[starts]));
        }
    }

private:
    // Columns that lie apart are brought together, so that kernels have neighbours to run over.
    static constexpr std::uint32_t kShortRun = 32;

    void gather_short_runs(Block& block) {
        const auto& runs = series_.selection().runs();
        const std::size_t first = next_run_;
        std::size_t columns = 0;
        while (next_run_ < runs.size() && runs[next_run_].timeline == timeline_ && runs[next_run_].count < kShortRun &&
               columns + runs[next_run_].count <= kBlockColumns) {
            columns += runs[next_run_++].count;
        }
        gathered_.resize(rows_of_timeline_.size() * columns);
        gathered_rows_.resize(rows_of_timeline_.size());
        double* cell = gathered_.data();
        for (std::size_t row = 0; row < rows_of_timeline_.size(); ++row) {
            gathered_rows_[row] = cell;
            for (std::size_t i = first; i < next_run_; ++i) {
                const double* cells = rows_of_timeline_[row] + runs[i].first_column;
                for (std::uint32_t column = 0; column < runs[i].count; ++column) *cell++ = cells[column];
            }
        }
        block = {gathered_rows_, times_ms_, 0, columns, runs[first].first_series};
    }

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
    std::optional<StartTimes> start_times_;
    TimeShift shift_;
    Extension extension_;
    std::int64_t range_ms_;
    std::int64_t read_from_ms_ = 0;
    std::int64_t read_to_ms_ = 0;
    std::size_t next_run_ = 0;
    const Timeline* timeline_ = nullptr;
    std::vector<const double*> rows_of_timeline_;
    std::vector<std::int64_t> times_ms_;
    std::vector<double> gathered_;
    std::vector<const double*> gathered_rows_;
};

}  // namespace

RangeSourcePtr make_window(Store::SelectionHandle handle, const PlanWindow& plan,
                           std::optional<Store::SelectionHandle> start_times) {
    return std::make_unique<Window>(std::move(handle), plan, std::move(start_times));
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
