#pragma once

#include <cmath>
#include <cstddef>

namespace tocsin {

/// A sum that keeps what rounding lost (Kahan's, as Neumaier improved it), as all sums of PromQL are.
struct KahanSum {
    double sum = 0;
    double lost = 0;

    void add(double value) {
        const double total = sum + value;
        if (std::isinf(total)) {
            lost = 0;
        } else if (std::abs(sum) >= std::abs(value)) {
            lost += (sum - total) + value;
        } else {
            lost += (value - total) + sum;
        }
        sum = total;
    }

    double total() const { return std::isinf(sum) ? sum : sum + lost; }
};

/// A mean that goes over from a plain sum to an incremental mean when the sum would overflow.
class KahanMean {
public:
    void add(double value) {
        ++count_;
        if (!incremental_) {
            KahanSum next = state_;
            next.add(value);
            if (count_ == 1 || !std::isinf(next.sum)) {
                state_ = next;
                return;
            }
            incremental_ = true;
            state_.sum /= count_ - 1;
            state_.lost /= count_ - 1;
        }
        const double share = (count_ - 1) / count_;
        state_ = {share * state_.sum, share * state_.lost};
        state_.add(value / count_);
    }

    /// Takes in the sum of `count` values; false, and nothing done, when they have to be added one by one.
    bool add(const KahanSum& values, std::size_t count) {
        KahanSum next = state_;
        next.add(values.sum);
        next.add(values.lost);
        if (incremental_ || !std::isfinite(next.sum) || !std::isfinite(next.lost)) return false;
        state_ = next;
        count_ += static_cast<double>(count);
        return true;
    }

    double mean() const {
        return incremental_ ? state_.sum + state_.lost : state_.sum / count_ + state_.lost / count_;
    }

private:
    KahanSum state_;
    double count_ = 0;
    bool incremental_ = false;
};

/// Welford's variance, both of its sums kept as KahanSum.
class KahanVariance {
public:
    void add(double value) {
        ++count_;
        const double delta = value - (mean_.sum + mean_.lost);
        mean_.add(delta / count_);
        squares_.add(delta * (value - (mean_.sum + mean_.lost)));
    }

    double variance() const { return (squares_.sum + squares_.lost) / count_; }

private:
    KahanSum mean_;
    KahanSum squares_;
    double count_ = 0;
};

}  // namespace tocsin
