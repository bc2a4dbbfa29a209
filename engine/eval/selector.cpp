#include "engine/eval/selector.h"

#include <algorithm>
#include <optional>

#include "base/sample.h"
#include "engine/eval/selected_series.h"
#include "engine/eval/start_times.h"
#include "engine/eval/time_shift.h"
#include "engine/functions/vectorize.h"

namespace tocsin {
namespace {

// Whether there is an absent cell, which means to look further back.
TOCSIN_VECTORIZED bool read_cells(const double* cells, std::size_t count, double* values, std::uint8_t* present) {
    std::uint64_t absent = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto bits = std::bit_cast<std::uint64_t>(cells[i]);
        values[i] = cells[i];
        absent |= bits == kAbsentBits ? 1U : 0U;
        present[i] = bits != kAbsentBits && bits != kStaleBits ? 1 : 0;
    }
    return absent != 0;
}

class Selector : public Operator {
public:
    Selector(Store::SelectionHandle handle, const TimeShift& shift) : series_(std::move(handle)), shift_(shift) {}

    LabelSet labels(std::size_t row) const override { return series_.labels(row); }
    bool distinct_without_name() const override { return series_.distinct_without_name(); }
    std::string kept() const override { return series_.kept(); }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) final {
        const std::int64_t time_ms = shifted(shift_, evaluation, at_ms);
        if (run_ == evaluation.run() && time_ms == time_ms_) return {};  // @ looks at one moment all the time
        run_ = 0;
        series_.refresh();
        rows_ = series_.rows();
        own_column();
        begin();
        for (const Selection::Run& run : series_.selection().runs()) read(run, time_ms, evaluation.lookback_ms());
        if (Status status = evaluation.hold_samples(size()); !status) return status;
        run_ = evaluation.run();
        time_ms_ = time_ms;
        return {};
    }

    const SelectedSeries& series() const { return series_; }

    /// A new moment; the timelines may be others than last time.
    virtual void begin() {}
    virtual void read(const Selection::Run& run, std::int64_t time_ms, std::int64_t lookback_ms) = 0;

private:
    SelectedSeries series_;
    TimeShift shift_;
    std::uint64_t run_ = 0;
    std::int64_t time_ms_ = 0;
};

class NewestSample final : public Selector {
public:
    NewestSample(Store::SelectionHandle handle, const TimeShift& shift, Shows shows)
        : Selector(std::move(handle), shift), shows_(shows) {}

private:
    void begin() override { timeline_ = nullptr; }

    void read(const Selection::Run& run, std::int64_t time_ms, std::int64_t lookback_ms) override {
        if (run.timeline != timeline_) enter(*run.timeline, time_ms, lookback_ms);
        double* values = column_.values.data() + run.first_series;
        std::uint8_t* present = column_.present.data() + run.first_series;
        if (first_row_ == end_row_) {
            std::fill_n(present, run.count, std::uint8_t{0});
            return;
        }
        const bool some_absent = read_cells(newest_ + run.first_column, run.count, values, present);
        if (shows_ == Shows::Time) std::fill_n(values, run.count, seconds_of(end_row_ - 1));
        if (some_absent) look_back(run);
    }

    // Which rows count is the same for all series of a timeline: those younger than the lookback delta.
    void enter(const Timeline& timeline, std::int64_t time_ms, std::int64_t lookback_ms) {
        timeline_ = &timeline;
        end_row_ = timeline.first_after(from_unix_ms(time_ms));
        first_row_ = std::min(end_row_, timeline.first_after(from_unix_ms(time_ms - lookback_ms)));
        newest_ = first_row_ == end_row_ ? nullptr : timeline.row(end_row_ - 1);
    }

    double seconds_of(std::size_t row) const { return static_cast<double>(to_unix_ms(timeline_->time(row))) / 1000; }

    void look_back(const Selection::Run& run) {
        for (std::uint32_t i = 0; i < run.count; ++i) {
            const ColumnIndex column = run.first_column + i;
            if (!is_absent(newest_[column])) continue;
            std::size_t row = end_row_ - 1;
            while (row > first_row_ && is_absent(timeline_->at(row, column))) --row;
            const double cell = timeline_->at(row, column);
            column_.values[run.first_series + i] = shows_ == Shows::Time ? seconds_of(row) : cell;
            column_.present[run.first_series + i] = is_missing(cell) ? 0 : 1;
        }
    }

    Shows shows_;
    const Timeline* timeline_ = nullptr;
    std::size_t first_row_ = 0, end_row_ = 0;
    const double* newest_ = nullptr;
};

class StartTimeOfNewest final : public Selector {
public:
    StartTimeOfNewest(Store::SelectionHandle handle, Store::SelectionHandle start_times, const TimeShift& shift)
        : Selector(std::move(handle), shift), start_times_(std::move(start_times)) {}

private:
    void begin() override { start_times_.refresh(series()); }

    void read(const Selection::Run& run, std::int64_t time_ms, std::int64_t lookback_ms) override {
        const Timeline& timeline = *run.timeline;
        const std::size_t end = timeline.first_after(from_unix_ms(time_ms));
        const std::size_t begin = std::min(end, timeline.first_after(from_unix_ms(time_ms - lookback_ms)));
        for (std::uint32_t i = 0; i < run.count; ++i) {
            std::size_t row = end;
            while (row > begin && is_absent(timeline.at(row - 1, run.first_column + i))) --row;
            const bool found = row > begin && !is_missing(timeline.at(row - 1, run.first_column + i));
            column_.present[run.first_series + i] = found ? 1 : 0;
            if (found) column_.values[run.first_series + i] = start_time(timeline, row - 1, run.first_series + i);
        }
    }

    double start_time(const Timeline& timeline, std::size_t row, std::size_t series) const {
        const ColumnIndex column = start_times_.column_of(series);
        if (column == kNoColumn || is_missing(timeline.at(row, column))) return 0;
        return timeline.at(row, column) / 1000;
    }

    StartTimes start_times_;
};

class SmoothedSample final : public Selector {
public:
    using Selector::Selector;

private:
    struct Point {
        std::int64_t time_ms;
        double value;
    };

    void read(const Selection::Run& run, std::int64_t time_ms, std::int64_t lookback_ms) override {
        for (std::uint32_t i = 0; i < run.count; ++i) {
            const auto value = value_at(*run.timeline, run.first_column + i, time_ms, lookback_ms);
            column_.present[run.first_series + i] = value ? 1 : 0;
            column_.values[run.first_series + i] = value.value_or(0);
        }
    }

    // Nothing before the first sample; the last value after the last one.
    static std::optional<double> value_at(const Timeline& timeline, ColumnIndex column, std::int64_t time_ms,
                                          std::int64_t lookback_ms) {
        std::optional<Point> before;
        const std::size_t begin = timeline.first_after(from_unix_ms(time_ms - lookback_ms));
        const std::size_t end = timeline.first_after(from_unix_ms(time_ms + lookback_ms));
        for (std::size_t row = begin; row < end; ++row) {
            const Point point{to_unix_ms(timeline.time(row)), timeline.at(row, column)};
            if (is_missing(point.value)) continue;
            if (point.time_ms <= time_ms) {
                before = point;
                continue;
            }
            if (!before) return std::nullopt;
            if (before->time_ms == time_ms) break;
            return before->value + (point.value - before->value) * static_cast<double>(time_ms - before->time_ms) /
                                       static_cast<double>(point.time_ms - before->time_ms);
        }
        return before ? std::optional(before->value) : std::nullopt;
    }
};

}  // namespace

OperatorPtr make_selector(Store::SelectionHandle handle, const TimeShift& shift, Shows shows) {
    return std::make_shared<NewestSample>(std::move(handle), shift, shows);
}

OperatorPtr make_start_time_selector(Store::SelectionHandle handle, Store::SelectionHandle start_times, const TimeShift& shift) {
    return std::make_shared<StartTimeOfNewest>(std::move(handle), std::move(start_times), shift);
}

OperatorPtr make_smoothed_selector(Store::SelectionHandle handle, const TimeShift& shift) {
    return std::make_shared<SmoothedSample>(std::move(handle), shift);
}

}  // namespace tocsin
