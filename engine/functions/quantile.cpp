#include "engine/functions/quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tocsin {
namespace {

bool nan_first(double a, double b) {
    if (std::isnan(a)) return !std::isnan(b);
    return a < b;
}

}  // namespace

double quantile_of(double q, std::span<double> values) {
    if (values.empty() || std::isnan(q)) return std::numeric_limits<double>::quiet_NaN();
    if (q < 0) return -std::numeric_limits<double>::infinity();
    if (q > 1) return std::numeric_limits<double>::infinity();

    const double rank = q * static_cast<double>(values.size() - 1);
    const double floor = std::floor(rank);
    const auto lower = values.begin() + static_cast<std::ptrdiff_t>(floor);
    std::nth_element(values.begin(), lower, values.end(), nan_first);
    const auto upper = lower + 1 == values.end() ? lower : std::min_element(lower + 1, values.end(), nan_first);
    const double weight = rank - floor;
    return *lower * (1 - weight) + *upper * weight;
}

}  // namespace tocsin
