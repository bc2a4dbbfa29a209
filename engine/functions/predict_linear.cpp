#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/functions/function.h"
#include "engine/functions/kahan.h"

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
    .kernel = OverRange{.kernel = slope},
};

const FunctionDef predict_linear{
    .name = "predict_linear",
    .arguments = {ValueType::Matrix, ValueType::Scalar},
    .summary = "The value of each gauge so many seconds from now, on the straight line through the range.",
    .kernel = OverRange{.kernel = predict},
};

}  // namespace tocsin::functions
