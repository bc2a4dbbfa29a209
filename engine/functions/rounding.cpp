#include <cmath>

#include "engine/functions/function.h"
#include "engine/functions/vectorize.h"

namespace tocsin::functions {
namespace {

template <class F>
bool each_rounded(std::span<double> values, F f) {
    for (double& value : values) value = f(value);
    return true;
}

bool round_to(std::span<double> values, std::span<const double> arguments) {
    // Multiplying with the inverse loses less than dividing by the step. Halves go up.
    const double inverse = 1.0 / (arguments.empty() ? 1.0 : arguments.front());
    return each_rounded(values, [inverse](double x) { return std::floor(x * inverse + 0.5) / inverse; });
}

// Go's math.Max and math.Min: NaN if either is.
double smaller_bound(double a, double b) { return std::isnan(a) || std::isnan(b) ? std::nan("") : std::fmin(a, b); }
double larger_bound(double a, double b) { return std::isnan(a) || std::isnan(b) ? std::nan("") : std::fmax(a, b); }

bool clamp_between(std::span<double> values, double low, double high) {
    if (high < low) return false;
    return each_rounded(values, [=](double x) { return larger_bound(low, smaller_bound(high, x)); });
}

}  // namespace

extern const FunctionDef abs, ceil, clamp, clamp_max, clamp_min, floor, round, sgn;

const FunctionDef abs{
    .name = "abs",
    .arguments = {ValueType::Vector},
    .summary = "The absolute value of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_rounded(values, [](double x) { return std::abs(x); });
    }},
};

const FunctionDef ceil{
    .name = "ceil",
    .arguments = {ValueType::Vector},
    .summary = "Each value rounded up to the next whole number.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_rounded(values, [](double x) { return std::ceil(x); });
    }},
};

const FunctionDef clamp{
    .name = "clamp",
    .arguments = {ValueType::Vector, ValueType::Scalar, ValueType::Scalar},
    .summary = "Each value, but not below the first bound nor above the second; nothing when the bounds are the wrong way round.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double> arguments) {
        return clamp_between(values, arguments[0], arguments[1]);
    }},
};

const FunctionDef clamp_max{
    .name = "clamp_max",
    .arguments = {ValueType::Vector, ValueType::Scalar},
    .summary = "Each value, but not above the bound.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double> arguments) {
        return clamp_between(values, -std::numeric_limits<double>::infinity(), arguments[0]);
    }},
};

const FunctionDef clamp_min{
    .name = "clamp_min",
    .arguments = {ValueType::Vector, ValueType::Scalar},
    .summary = "Each value, but not below the bound.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double> arguments) {
        return clamp_between(values, arguments[0], std::numeric_limits<double>::infinity());
    }},
};

const FunctionDef floor{
    .name = "floor",
    .arguments = {ValueType::Vector},
    .summary = "Each value rounded down to the next whole number.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_rounded(values, [](double x) { return std::floor(x); });
    }},
};

const FunctionDef round{
    .name = "round",
    .arguments = {ValueType::Vector, ValueType::Scalar},
    .variadic = 1,
    .summary = "Each value rounded to the nearest multiple of the second argument (1 when left out); halves go up.",
    .kernel = OverValues{round_to},
};

const FunctionDef sgn{
    .name = "sgn",
    .arguments = {ValueType::Vector},
    .summary = "-1, 0 or 1 for each value: its sign.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_rounded(values, [](double x) { return x < 0 ? -1.0 : x > 0 ? 1.0 : x; });
    }},
};

}  // namespace tocsin::functions
