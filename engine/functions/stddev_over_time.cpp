#include <cmath>

#include "engine/functions/function.h"
#include "engine/functions/kahan.h"

namespace tocsin::functions {
namespace {

std::optional<double> variance(const RangeWindow& window) {
    KahanVariance variance;
    for (const double value : window.values) variance.add(value);
    return variance.variance();
}

std::optional<double> deviation(const RangeWindow& window) { return std::sqrt(*variance(window)); }

}  // namespace

extern const FunctionDef stddev_over_time, stdvar_over_time;

const FunctionDef stddev_over_time{
    .name = "stddev_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "The population standard deviation of the values of each series in the range.",
    .kernel = OverRange{.kernel = deviation},
};

const FunctionDef stdvar_over_time{
    .name = "stdvar_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "The population variance of the values of each series in the range.",
    .kernel = OverRange{.kernel = variance},
};

}  // namespace tocsin::functions
