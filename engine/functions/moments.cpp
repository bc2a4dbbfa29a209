#include <cmath>
#include <numbers>

#include "engine/functions/function.h"

// Scalars: what an evaluation knows about itself, and what is made of other scalars.

namespace tocsin::functions {
namespace {

double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

double smaller(const QueryMoment&, std::span<const double> a) {
    return std::isnan(a[0]) || std::isnan(a[1]) ? std::nan("") : std::fmin(a[0], a[1]);
}

double larger(const QueryMoment&, std::span<const double> a) {
    return std::isnan(a[0]) || std::isnan(a[1]) ? std::nan("") : std::fmax(a[0], a[1]);
}

}  // namespace

extern const FunctionDef end, max_of, min_of, pi, range, start, step, time;

const FunctionDef end{
    .name = "end",
    .result = ValueType::Scalar,
    .summary = "The end of the query in seconds since 1970: of an instant query or a rule, its time.",
    .experimental = true,
    .kernel = OverScalars{[](const QueryMoment& m, std::span<const double>) { return seconds(m.end_ms); }},
};

const FunctionDef max_of{
    .name = "max_of",
    .arguments = {ValueType::Scalar, ValueType::Scalar},
    .result = ValueType::Scalar,
    .summary = "The larger of two scalars; NaN if either is.",
    .experimental = true,
    .kernel = OverScalars{larger},
};

const FunctionDef min_of{
    .name = "min_of",
    .arguments = {ValueType::Scalar, ValueType::Scalar},
    .result = ValueType::Scalar,
    .summary = "The smaller of two scalars; NaN if either is.",
    .experimental = true,
    .kernel = OverScalars{smaller},
};

const FunctionDef pi{
    .name = "pi",
    .result = ValueType::Scalar,
    .summary = "The number pi.",
    .kernel = OverScalars{[](const QueryMoment&, std::span<const double>) { return std::numbers::pi; }},
};

const FunctionDef range{
    .name = "range",
    .result = ValueType::Scalar,
    .summary = "The time between start and end of a range query in seconds; 0 for an instant query or a rule.",
    .experimental = true,
    .kernel = OverScalars{[](const QueryMoment& m, std::span<const double>) { return seconds(m.end_ms - m.start_ms); }},
};

const FunctionDef start{
    .name = "start",
    .result = ValueType::Scalar,
    .summary = "The start of the query in seconds since 1970: of an instant query or a rule, its time.",
    .experimental = true,
    .kernel = OverScalars{[](const QueryMoment& m, std::span<const double>) { return seconds(m.start_ms); }},
};

const FunctionDef step{
    .name = "step",
    .result = ValueType::Scalar,
    .summary = "The step of a range query in seconds; 0 for an instant query or a rule.",
    .experimental = true,
    .kernel = OverScalars{[](const QueryMoment& m, std::span<const double>) { return seconds(m.step_ms); }},
};

const FunctionDef time{
    .name = "time",
    .result = ValueType::Scalar,
    .summary = "The time of the evaluation in seconds since 1970.",
    .kernel = OverScalars{[](const QueryMoment& m, std::span<const double>) { return seconds(m.at_ms); }},
};

}  // namespace tocsin::functions
