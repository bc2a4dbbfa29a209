#include <cmath>
#include <numbers>

#include "engine/functions/function.h"

// Angles are in radians.

namespace tocsin::functions {
namespace {

template <class F>
bool each_angle(std::span<double> values, F f) {
    for (double& value : values) value = f(value);
    return true;
}

}  // namespace

extern const FunctionDef acos, acosh, asin, asinh, atan, atanh, cos, cosh, deg, rad, sin, sinh, tan, tanh;

const FunctionDef acos{
    .name = "acos",
    .arguments = {ValueType::Vector},
    .summary = "The arc cosine of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_angle(values, [](double x) { return std::acos(x); });
    }},
};

const FunctionDef acosh{
    .name = "acosh",
    .arguments = {ValueType::Vector},
    .summary = "The inverse hyperbolic cosine of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_angle(values, [](double x) { return std::acosh(x); });
    }},
};

const FunctionDef asin{
    .name = "asin",
    .arguments = {ValueType::Vector},
    .summary = "The arc sine of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_angle(values, [](double x) { return std::asin(x); });
    }},
};

const FunctionDef asinh{
    .name = "asinh",
    .arguments = {ValueType::Vector},
    .summary = "The inverse hyperbolic sine of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_angle(values, [](double x) { return std::asinh(x); });
    }},
};

const FunctionDef atan{
    .name = "atan",
    .arguments = {ValueType::Vector},
    .summary = "The arc tangent of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_angle(values, [](double x) { return std::atan(x); });
    }},
};

const FunctionDef atanh{
    .name = "atanh",
    .arguments = {ValueType::Vector},
    .summary = "The inverse hyperbolic tangent of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_angle(values, [](double x) { return std::atanh(x); });
    }},
};

const FunctionDef cos{
    .name = "cos",
    .arguments = {ValueType::Vector},
    .summary = "The cosine of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_angle(values, [](double x) { return std::cos(x); });
    }},
};

const FunctionDef cosh{
    .name = "cosh",
    .arguments = {ValueType::Vector},
    .summary = "The hyperbolic cosine of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_angle(values, [](double x) { return std::cosh(x); });
    }},
};

const FunctionDef deg{
    .name = "deg",
    .arguments = {ValueType::Vector},
    .summary = "Each value from radians to degrees.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_angle(values, [](double x) { return x * 180 / std::numbers::pi; });
    }},
};

const FunctionDef rad{
    .name = "rad",
    .arguments = {ValueType::Vector},
    .summary = "Each value from degrees to radians.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_angle(values, [](double x) { return x * std::numbers::pi / 180; });
    }},
};

const FunctionDef sin{
    .name = "sin",
    .arguments = {ValueType::Vector},
    .summary = "The sine of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_angle(values, [](double x) { return std::sin(x); });
    }},
};

const FunctionDef sinh{
    .name = "sinh",
    .arguments = {ValueType::Vector},
    .summary = "The hyperbolic sine of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_angle(values, [](double x) { return std::sinh(x); });
    }},
};

const FunctionDef tan{
    .name = "tan",
    .arguments = {ValueType::Vector},
    .summary = "The tangent of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_angle(values, [](double x) { return std::tan(x); });
    }},
};

const FunctionDef tanh{
    .name = "tanh",
    .arguments = {ValueType::Vector},
    .summary = "The hyperbolic tangent of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_angle(values, [](double x) { return std::tanh(x); });
    }},
};

}  // namespace tocsin::functions
