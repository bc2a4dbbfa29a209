#include <fmt/format.h>

#include "engine/functions/function.h"

namespace tocsin::functions {
namespace {

std::optional<double> smooth(const RangeWindow& window) {
    if (window.values.size() < 2) return std::nullopt;
    const double smoothing = window.arguments[0];
    const double trending = window.arguments[1];

    double previous = 0;
    double level = window.values[0];
    double trend = window.values[1] - window.values[0];
    for (std::size_t i = 1; i < window.values.size(); ++i) {
        if (i > 1) trend = trending * (level - previous) + (1 - trending) * trend;
        const double next = smoothing * window.values[i] + (1 - smoothing) * (level + trend);
        previous = level;
        level = next;
    }
    return level;
}

Status check_factors(std::span<const double> arguments) {
    if (arguments[0] <= 0 || arguments[0] >= 1) {
        return fail(Error::Kind::InvalidInput,
                    fmt::format("invalid smoothing factor. Expected: 0 < sf < 1, got: {:f}", arguments[0]));
    }
    if (arguments[1] <= 0 || arguments[1] >= 1) {
        return fail(Error::Kind::InvalidInput,
                    fmt::format("invalid trend factor. Expected: 0 < tf < 1, got: {:f}", arguments[1]));
    }
    return {};
}

}  // namespace

extern const FunctionDef double_exponential_smoothing;

const FunctionDef double_exponential_smoothing{
    .name = "double_exponential_smoothing",
    .arguments = {ValueType::Matrix, ValueType::Scalar, ValueType::Scalar},
    .summary = "A smoothed value of each gauge: newer values weigh more, and their trend counts (Holt's method).",
    .experimental = true,
    .kernel = OverRange{.kernel = smooth, .check = check_factors},
};

}  // namespace tocsin::functions
