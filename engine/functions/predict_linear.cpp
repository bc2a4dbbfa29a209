#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/functions/function.h"
#include "engine/functions/kahan.h"
#include "engine/functions/vectorize.h"

// The straight line through the values of a range, by least squares.

namespace tocsin::functions {
namespace {

struct Line {
    double slope;      // per second
    double intercept;  // at the origin it was fitted for
};

bool all_equal(std::span<const double> values) {
    return std::all_of(values.begin(), values.end(), [&](double value) { return value == values.front(); });
}

Line fit(const RangeWindow& window, std::int64_t origin_ms) {
    const double first = window.values.front();
    // A flat line is exact; the sums below would blur it.
    if (window.values.size() > 1 && all_equal(window.values.subspan(1)) && window.values[1] == first) {
        constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
        return std::isinf(first) ? Line{kNan, kNan} : Line{0, first};
    }
    KahanSum sum_x, sum_y, sum_xy, sum_xx;
    for (std::size_t i = 0; i < window.values.size(); ++i) {
        const double x = static_cast<double>(window.times_ms[i] - origin_ms) / 1000;
        sum_x.add(x);
        sum_y.add(window.values[i]);
        sum_xy.add(x * window.values[i]);
        sum_xx.add(x * x);
    }
    const auto exact = [](const KahanSum& sum) { return sum.sum + sum.lost; };
    const double n = static_cast<double>(window.values.size());
    const double x = exact(sum_x);
    const double y = exact(sum_y);
    const double covariance = exact(sum_xy) - x * y / n;
    const double variance = exact(sum_xx) - x * x / n;
    const double slope = covariance / variance;
    return {slope, y / n - slope * x / n};
}

// The same for neighbours: what depends on times alone is summed once. A column whose values are all the same is flat, and exact.
struct BlockSums {
    std::array<double, kBlockColumns> y{}, y_lost{}, xy{}, xy_lost{}, varies{};
};

inline void add_kahan(double value, double& sum, double& lost) {
    const double total = sum + value;
    const bool sum_is_larger = std::abs(sum) >= std::abs(value);
    lost += ((sum_is_larger ? sum : value) - total) + (sum_is_larger ? value : sum);
    sum = total;
}

TOCSIN_VECTORIZED void add_points(const double* first, const double* row, double x, std::size_t columns, BlockSums& sums) {
    for (std::size_t i = 0; i < columns; ++i) {
        add_kahan(row[i], sums.y[i], sums.y_lost[i]);
        add_kahan(x * row[i], sums.xy[i], sums.xy_lost[i]);
        sums.varies[i] += row[i] != first[i] ? 1.0 : 0.0;
    }
}

struct BlockFit {
    double n, x, variance;
    double seconds;  // what the slope is multiplied with
    double weight;   // of the intercept
};

TOCSIN_VECTORIZED void finish_fit(const BlockFit& fit, const double* first, std::size_t columns, const BlockSums& sums, double* out,
                                  double* suspect) {
    for (std::size_t i = 0; i < columns; ++i) {
        const double y = sums.y[i] + sums.y_lost[i];
        const double slope = (sums.xy[i] + sums.xy_lost[i] - fit.x * y / fit.n) / fit.variance;
        const double line = slope * fit.seconds + fit.weight * (y / fit.n - slope * fit.x / fit.n);
        const double flat = 0 * fit.seconds + fit.weight * first[i];  // NaN in a time that is not finite
        out[i] = sums.varies[i] > 0 ? line : flat;
        // Infinite values, flat ones too, are left to the kernel above.
        suspect[i] = line + (first[i] - first[i]);
    }
}

bool fit_block(const RangeBlock& block, std::int64_t origin_ms, double seconds, double weight, double* out, double* suspect) {
    const std::size_t rows = block.rows.size();
    if (rows < 2) return false;
    BlockSums sums;
    KahanSum sum_x, sum_xx;
    for (std::size_t row = 0; row < rows; ++row) {
        const double x = static_cast<double>(block.times_ms[row] - origin_ms) / 1000;
        sum_x.add(x);
        sum_xx.add(x * x);
        add_points(block.row(0), block.row(row), x, block.columns, sums);
    }
    const double n = static_cast<double>(rows);
    const double x = sum_x.sum + sum_x.lost;
    const double variance = sum_xx.sum + sum_xx.lost - x * x / n;
    finish_fit({n, x, variance, seconds, weight}, block.row(0), block.columns, sums, out, suspect);
    return true;
}

bool slope_block(const RangeBlock& block, double* out, double* suspect) {
    return fit_block(block, block.times_ms.front(), 1, 0, out, suspect);
}

bool predict_block(const RangeBlock& block, double* out, double* suspect) {
    return fit_block(block, block.at_ms, block.arguments.front(), 1, out, suspect);
}

std::optional<double> slope(const RangeWindow& window) {
    if (window.values.size() < 2) return std::nullopt;
    // An origin near the samples keeps the products small.
    return fit(window, window.times_ms.front()).slope;
}

std::optional<double> predict(const RangeWindow& window) {
    if (window.values.size() < 2) return std::nullopt;
    const Line line = fit(window, window.at_ms);
    return line.slope * window.arguments.front() + line.intercept;
}

}  // namespace

extern const FunctionDef deriv, predict_linear;

const FunctionDef deriv{
    .name = "deriv",
    .arguments = {ValueType::Matrix},
    .summary = "How fast each gauge changes per second: the slope of the straight line through the range.",
    .kernel = OverRange{.kernel = slope, .block = slope_block},
};

const FunctionDef predict_linear{
    .name = "predict_linear",
    .arguments = {ValueType::Matrix, ValueType::Scalar},
    .summary = "The value of each gauge so many seconds from now, on the straight line through the range.",
    .kernel = OverRange{.kernel = predict, .block = predict_block},
};

}  // namespace tocsin::functions
