#include "engine/eval/aggregate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/sample.h"
#include "base/text.h"
#include "engine/functions/kahan.h"
#include "engine/functions/quantile.h"
#include "engine/functions/vectorize.h"

namespace tocsin {
namespace {

class GroupOperator : public Operator {
public:
    explicit GroupOperator(AggregateSetup setup)
        : setup_(std::move(setup)), grouping_(setup_.grouping) {}

    LabelSet labels(std::size_t row) const override { return grouping_.labels(row); }
    bool drops_name(std::size_t row) const override { return grouping_.drops_name(row); }
    bool distinct_without_name() const override { return grouping_.nameless(); }
    std::string kept() const override { return grouping_.kept(); }
    const Notes* notes() const override { return &notes_; }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) final {
        if (setup_.parameter) {
            if (Status status = setup_.parameter->evaluate(evaluation, at_ms); !status) return status;
            if (Status status = take_parameter(evaluation, setup_.parameter->scalar()); !status) return status;
        }
        if (Status status = setup_.operand->evaluate(evaluation, at_ms); !status) return status;
        if (grouping_.update(*setup_.operand)) rows_ = grouping_.rows();
        aggregate(*setup_.operand, grouping_, own_column());
        return {};
    }

    virtual Status take_parameter(Evaluation&, double) { return {}; }
    virtual void aggregate(const Operator& input, const Grouping& grouping, Column& out) = 0;

    Notes& own_notes() { return notes_; }

private:
    AggregateSetup setup_;
    Grouping grouping_;
    Notes notes_;
};

// What has been seen of a group: `State` holds the numbers and knows how to take a stretch of neighbours.
template <class State>
class Fold final : public GroupOperator {
public:
    using GroupOperator::GroupOperator;

protected:
    void aggregate(const Operator& input, const Grouping& grouping, Column& out) override {
        states_.assign(out.values.size(), State());
        std::ranges::fill(out.present, std::uint8_t{0});
        for (const Grouping::Segment& segment : grouping.segments()) {
            const std::uint8_t* present = input.present() + segment.first_row;
            if (states_[segment.group].add(input.values() + segment.first_row, present, segment.rows)) {
                out.present[segment.group] = 1;
            }
        }
        for (std::size_t group = 0; group < states_.size(); ++group) out.values[group] = states_[group].result();
    }

private:
    std::vector<State> states_;
};

// One value after the other, for states whose order counts or which are rare.
template <class State>
bool add_each(State& state, const double* values, const std::uint8_t* present, std::size_t rows) {
    bool any = false;
    for (std::size_t i = 0; i < rows; ++i) {
        if (present[i] == 0) continue;
        state.add(values[i]);
        any = true;
    }
    return any;
}

TOCSIN_VECTORIZED std::size_t count_present(const std::uint8_t* present, std::size_t rows) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < rows; ++i) count += present[i];
    return count;
}

// A long stretch is summed in lanes, which the processor takes side by side; each is a KahanSum. Overflows leave NaN in what was lost.
constexpr std::size_t kLanes = 8;

TOCSIN_VECTORIZED void add_in_lanes(const double* values, const std::uint8_t* present, std::size_t rows, double* sums,
                                    double* lost) {
    for (std::size_t i = 0; i + kLanes <= rows; i += kLanes) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            const double value = present[i + lane] != 0 ? values[i + lane] : 0.0;
            const double sum = sums[lane];
            const double total = sum + value;
            const bool sum_is_larger = std::abs(sum) >= std::abs(value);
            lost[lane] += ((sum_is_larger ? sum : value) - total) + (sum_is_larger ? value : sum);
            sums[lane] = total;
        }
    }
}

// False when the numbers are such that only one after the other gives the right sum.
bool sum_in_lanes(const double* values, const std::uint8_t* present, std::size_t rows, KahanSum& sum) {
    std::array<double, kLanes> sums{};
    std::array<double, kLanes> lost{};
    add_in_lanes(values, present, rows, sums.data(), lost.data());
    KahanSum total = sum;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        total.add(sums[lane]);
        total.add(lost[lane]);
    }
    for (std::size_t i = rows / kLanes * kLanes; i < rows; ++i) {
        if (present[i] != 0) total.add(values[i]);
    }
    if (!std::isfinite(total.sum) || !std::isfinite(total.lost)) return false;
    sum = total;
    return true;
}

struct Sum {
    KahanSum sum;
    void add(double value) { sum.add(value); }
    bool add(const double* values, const std::uint8_t* present, std::size_t rows) {
        if (rows >= 2 * kLanes && sum_in_lanes(values, present, rows, sum)) return count_present(present, rows) > 0;
        return add_each(*this, values, present, rows);
    }
    double result() const { return sum.total(); }
};

// The plain sum and count, and beside it the mean that stays right when the sum overflows; that one is used only then.
struct Mean {
    KahanMean mean;
    void add(double value) { mean.add(value); }
    bool add(const double* values, const std::uint8_t* present, std::size_t rows) {
        KahanSum sum;
        if (rows >= 2 * kLanes && sum_in_lanes(values, present, rows, sum)) {
            const std::size_t count = count_present(present, rows);
            if (mean.add(sum, count)) return count > 0;
        }
        return add_each(*this, values, present, rows);
    }
    double result() const { return mean.mean(); }
};

struct Min {
    double min = kNormalNan;
    void add(double value) {
        if (value < min || std::isnan(min)) min = value;
    }
    bool add(const double* values, const std::uint8_t* present, std::size_t rows) {
        return add_each(*this, values, present, rows);
    }
    double result() const { return min; }
};

struct Max {
    double max = kNormalNan;
    void add(double value) {
        if (value > max || std::isnan(max)) max = value;
    }
    bool add(const double* values, const std::uint8_t* present, std::size_t rows) {
        return add_each(*this, values, present, rows);
    }
    double result() const { return max; }
};

struct Count {
    std::size_t count = 0;
    bool add(const double*, const std::uint8_t* present, std::size_t rows) {
        const std::size_t more = count_present(present, rows);
        count += more;
        return more > 0;
    }
    double result() const { return static_cast<double>(count); }
};

struct One {
    bool add(const double*, const std::uint8_t* present, std::size_t rows) { return count_present(present, rows) > 0; }
    double result() const { return 1; }
};

struct Variance {
    KahanVariance variance;
    void add(double value) { variance.add(value); }
    bool add(const double* values, const std::uint8_t* present, std::size_t rows) {
        return add_each(*this, values, present, rows);
    }
    double result() const { return variance.variance(); }
};

struct Deviation : Variance {
    double result() const { return std::sqrt(variance.variance()); }
};

class Quantile final : public GroupOperator {
public:
    using GroupOperator::GroupOperator;

protected:
    Status take_parameter(Evaluation& evaluation, double q) override {
        q_ = q;
        if (!(q >= 0 && q <= 1)) {
            evaluation.raise(
                own_notes().warning(fmt::format("quantile value should be between 0 and 1, got {}", format_go_float(q))));
        }
        return {};
    }

    void aggregate(const Operator& input, const Grouping& grouping, Column& out) override {
        for (std::size_t group = 0; group < out.values.size(); ++group) {
            scratch_.clear();
            for (std::size_t i = grouping.begin(group); i < grouping.begin(group + 1); ++i) {
                const std::uint32_t row = grouping.members()[i];
                if (input.is_present(row)) scratch_.push_back(input.values()[row]);
            }
            out.present[group] = scratch_.empty() ? 0 : 1;
            out.values[group] = quantile_of(q_, scratch_);
        }
    }

private:
    double q_ = 0;
    std::vector<double> scratch_;
};

template <class T>
OperatorPtr make_operator(AggregateSetup setup) {
    return std::make_shared<T>(std::move(setup));
}

}  // namespace

OperatorPtr make_aggregate(AggregateSetup setup) {
    switch (setup.op) {
        case AggregateOp::Sum: return make_operator<Fold<Sum>>(std::move(setup));
        case AggregateOp::Avg: return make_operator<Fold<Mean>>(std::move(setup));
        case AggregateOp::Min: return make_operator<Fold<Min>>(std::move(setup));
        case AggregateOp::Max: return make_operator<Fold<Max>>(std::move(setup));
        case AggregateOp::Count: return make_operator<Fold<Count>>(std::move(setup));
        case AggregateOp::Group: return make_operator<Fold<One>>(std::move(setup));
        case AggregateOp::Stddev: return make_operator<Fold<Deviation>>(std::move(setup));
        case AggregateOp::Stdvar: return make_operator<Fold<Variance>>(std::move(setup));
        case AggregateOp::Quantile: return make_operator<Quantile>(std::move(setup));
        case AggregateOp::Bottomk:
        case AggregateOp::CountValues:
        case AggregateOp::LimitRatio:
        case AggregateOp::Limitk:
        case AggregateOp::Topk: break;
    }
    return nullptr;
}

}  // namespace tocsin
