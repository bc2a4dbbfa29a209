#include <cmath>

#include "engine/functions/function.h"

namespace tocsin::functions {
namespace {

template <class F>
bool each_logarithm(std::span<double> values, F f) {
    for (double& value : values) value = f(value);
    return true;
}

}  // namespace

extern const FunctionDef exp, ln, log10, log2, sqrt;

const FunctionDef exp{
    .name = "exp",
    .arguments = {ValueType::Vector},
    .summary = "e to the power of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_logarithm(values, [](double x) { return std::exp(x); });
    }},
};

const FunctionDef ln{
    .name = "ln",
    .arguments = {ValueType::Vector},
    .summary = "The natural logarithm of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_logarithm(values, [](double x) { return std::log(x); });
    }},
};

const FunctionDef log10{
    .name = "log10",
    .arguments = {ValueType::Vector},
    .summary = "The decimal logarithm of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_logarithm(values, [](double x) { return std::log10(x); });
    }},
};

const FunctionDef log2{
    .name = "log2",
    .arguments = {ValueType::Vector},
    .summary = "The binary logarithm of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_logarithm(values, [](double x) { return std::log2(x); });
    }},
};

const FunctionDef sqrt{
    .name = "sqrt",
    .arguments = {ValueType::Vector},
    .summary = "The square root of each value.",
    .kernel = OverValues{[](std::span<double> values, std::span<const double>) {
        return each_logarithm(values, [](double x) { return std::sqrt(x); });
    }},
};

}  // namespace tocsin::functions
