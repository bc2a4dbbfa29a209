#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/functions/function.h"
#include "engine/functions/quantile.h"

namespace tocsin::functions {
namespace {

std::span<double> copy_of(const RangeWindow& window) {
    window.scratch->assign(window.values.begin(), window.values.end());
    return *window.scratch;
}

std::optional<double> quantile_of_window(const RangeWindow& window) {
    return quantile_of(window.arguments.front(), copy_of(window));
}

std::optional<double> median_absolute_deviation(const RangeWindow& window) {
    const std::span<double> values = copy_of(window);
    if (std::ranges::any_of(values, [](double value) { return std::isnan(value); })) return std::nan("");
    const double median = quantile_of(0.5, values);
    for (double& value : values) value = std::abs(value - median);
    return quantile_of(0.5, values);
}

std::optional<std::string> warn_about_quantile_argument(std::span<const double> arguments) {
    const double q = arguments.front();
    if (q >= 0 && q <= 1) return std::nullopt;
    return fmt::format("quantile value should be between 0 and 1, got {}", format_go_float(q));
}

}  // namespace

extern const FunctionDef mad_over_time, quantile_over_time;

const FunctionDef mad_over_time{
    .name = "mad_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "The median absolute deviation of the values of each series in the range.",
    .experimental = true,
    .kernel = OverRange{.kernel = median_absolute_deviation},
};

const FunctionDef quantile_over_time{
    .name = "quantile_over_time",
    .arguments = {ValueType::Scalar, ValueType::Matrix},
    .summary = "The given quantile (0 to 1) of the values of each series in the range.",
    .kernel = OverRange{.kernel = quantile_of_window, .warn = warn_about_quantile_argument},
};

}  // namespace tocsin::functions
