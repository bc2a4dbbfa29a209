#include <algorithm>

#include "base/sample.h"
#include "engine/eval/range_source.h"
#include "engine/eval/time_shift.h"

namespace tocsin {
namespace {

// Steps of one subquery that are refused as too many before anything is computed.
constexpr std::int64_t kSubqueryStepsMax = 10'000'000;

class SubqueryRange final : public RangeSource {
public:
    SubqueryRange(OperatorPtr operand, const PlanSubquery& plan)
        : operand_(std::move(operand)), shift_(plan.shift), range_ms_(plan.range.count()), step_ms_(plan.step.count()) {}

    const RowsPtr& rows() const override { return operand_->rows(); }
    LabelSet labels(std::size_t row) const override { return operand_->labels(row); }
    bool drops_name(std::size_t row) const override { return operand_->drops_name(row); }
    bool distinct_without_name() const override { return operand_->distinct_without_name(); }

    Status open(Evaluation& evaluation, std::int64_t at_ms) override {
        const std::int64_t end_ms = shifted(shift_, evaluation, at_ms);
        pending_ = true;
        if (run_ == evaluation.run() && end_ms == end_ms_) return {};
        run_ = 0;
        end_ms_ = end_ms;
        start_ms_ = end_ms - range_ms_;
        if (Status status = compute(evaluation); !status) return status;
        run_ = evaluation.run();
        return {};
    }

    bool next(Block& block) override {
        if (!pending_) return false;
        pending_ = false;
        block = {rows_of_steps_, times_ms_, 0, width_, 0};
        return true;
    }

private:
    // Steps are the multiples of the step, whatever the range is.
    std::int64_t first_step() const {
        const std::int64_t multiple = start_ms_ / step_ms_ * step_ms_;
        return multiple > start_ms_ ? multiple : multiple + step_ms_;
    }

    Status compute(Evaluation& evaluation) {
        times_ms_.clear();
        rows_seen_ = nullptr;
        if (range_ms_ / step_ms_ > kSubqueryStepsMax) {
            return fail(Error::Kind::LimitExceeded,
                        "query processing would load too many samples into memory in query execution");
        }
        for (std::int64_t time_ms = first_step(); time_ms <= end_ms_; time_ms += step_ms_) times_ms_.push_back(time_ms);
        for (std::size_t step = 0; step < times_ms_.size(); ++step) {
            const std::size_t held = evaluation.samples();
            if (Status status = operand_->evaluate(evaluation, times_ms_[step]); !status) return status;
            evaluation.release_to(held);
            if (Status status = keep_step(evaluation, step); !status) return status;
        }
        // No step, nothing evaluated, and so nothing that could fail; the rows are those of last time.
        if (times_ms_.empty()) width_ = operand_->size();
        rows_of_steps_.clear();
        for (std::size_t step = 0; step < times_ms_.size(); ++step) rows_of_steps_.push_back(cells_.data() + step * width_);
        return {};
    }

    Status keep_step(Evaluation& evaluation, std::size_t step) {
        if (operand_->rows() != rows_seen_) rearrange(step);
        double* cells = cells_.data() + step * width_;
        const double* values = operand_->values();
        const std::uint8_t* present = operand_->present();
        for (std::size_t i = 0; i < width_; ++i) cells[i] = present[i] != 0 ? values[i] : kAbsentMarker;
        return evaluation.hold_samples(width_);
    }

    // Rows come while `count_values` and the like find new labels on the way, and none goes; the cells of the steps so far move to where
    // their rows are now.
    void rearrange(std::size_t steps_done) {
        const RowsPtr before = std::move(rows_seen_);
        const std::size_t width_before = width_;
        rows_seen_ = operand_->rows();
        width_ = operand_->size();
        if (steps_done == 0) {
            cells_.resize(times_ms_.size() * width_);
            return;
        }
        std::vector<double> cells(times_ms_.size() * width_, kAbsentMarker);
        for (std::size_t i = 0; i < width_before; ++i) {
            const auto place = std::ranges::find(rows_seen_->ids, before->ids[i]);
            if (place == rows_seen_->ids.end()) continue;
            const auto column = static_cast<std::size_t>(place - rows_seen_->ids.begin());
            for (std::size_t step = 0; step < steps_done; ++step) {
                cells[step * width_ + column] = cells_[step * width_before + i];
            }
        }
        cells_ = std::move(cells);
    }

    OperatorPtr operand_;
    TimeShift shift_;
    std::int64_t range_ms_;
    std::int64_t step_ms_;
    std::uint64_t run_ = 0;
    bool pending_ = false;
    RowsPtr rows_seen_;
    std::size_t width_ = 0;
    std::vector<std::int64_t> times_ms_;
    std::vector<double> cells_;  // step by step
    std::vector<const double*> rows_of_steps_;
};

}  // namespace

RangeSourcePtr make_subquery(OperatorPtr operand, const PlanSubquery& plan) {
    return std::make_unique<SubqueryRange>(std::move(operand), plan);
}

}  // namespace tocsin
