#include "engine/eval/aggregate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/sample.h"
#include "base/text.h"
#include "engine/functions/kahan.h"
#include "engine/functions/quantile.h"

namespace tocsin {
namespace {

class GroupOperator : public Operator {
public:
    explicit GroupOperator(AggregateSetup setup)
        : setup_(std::move(setup)), grouping_(setup_.grouping), notes_(setup_.position) {}

    LabelSet labels(std::size_t row) const override { return grouping_.labels(row); }
    bool drops_name(std::size_t row) const override { return grouping_.drops_name(row); }
    bool distinct_without_name() const override { return grouping_.nameless(); }

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

    Notes& notes() { return notes_; }

private:
    AggregateSetup setup_;
    Grouping grouping_;
    Notes notes_;
};

// Folds the values of each group into a state: sums and the like.
template <class State>
class Fold final : public GroupOperator {
public:
    using GroupOperator::GroupOperator;

protected:
    void aggregate(const Operator& input, const Grouping& grouping, Column& out) override {
        states_.assign(out.values.size(), State());
        std::ranges::fill(out.present, std::uint8_t{0});
        const double* values = input.values();
        const std::uint8_t* present = input.present();
        const std::vector<std::uint32_t>& group_of = grouping.group_of();
        for (std::size_t i = 0; i < group_of.size(); ++i) {
            if (present[i] == 0) continue;
            states_[group_of[i]].add(values[i]);
            out.present[group_of[i]] = 1;
        }
        for (std::size_t group = 0; group < states_.size(); ++group) out.values[group] = states_[group].result();
    }

private:
    std::vector<State> states_;
};

struct Sum {
    KahanSum sum;
    void add(double value) { sum.add(value); }
    double result() const { return sum.total(); }
};

struct Mean {
    KahanMean mean;
    void add(double value) { mean.add(value); }
    double result() const { return mean.mean(); }
};

struct Min {
    double min = kNormalNan;
    void add(double value) {
        if (value < min || std::isnan(min)) min = value;
    }
    double result() const { return min; }
};

struct Max {
    double max = kNormalNan;
    void add(double value) {
        if (value > max || std::isnan(max)) max = value;
    }
    double result() const { return max; }
};

struct Count {
    double count = 0;
    void add(double) { ++count; }
    double result() const { return count; }
};

struct One {
    void add(double) {}
    double result() const { return 1; }
};

struct Variance {
    KahanVariance variance;
    void add(double value) { variance.add(value); }
    double result() const { return variance.variance(); }
};

struct Deviation {
    KahanVariance variance;
    void add(double value) { variance.add(value); }
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
                notes().warning(fmt::format("quantile value should be between 0 and 1, got {}", format_go_float(q))));
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
