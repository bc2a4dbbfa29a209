#include <algorithm>
#include <cmath>

#include "engine/functions/function.h"
#include "engine/functions/vectorize.h"

// max_over_time and min_over_time, and the functions that tell when that value was there. A NaN loses against any number.

namespace tocsin::functions {
namespace {

bool less(double a, double b) { return a < b; }
bool greater(double a, double b) { return a > b; }
bool less_or_equal(double a, double b) { return a <= b; }
bool greater_or_equal(double a, double b) { return a >= b; }

template <bool (*wins)(double, double)>
std::size_t winner(const RangeWindow& window) {
    std::size_t best = 0;
    for (std::size_t i = 0; i < window.values.size(); ++i) {
        if (wins(window.values[i], window.values[best]) || std::isnan(window.values[best])) best = i;
    }
    return best;
}

template <bool (*wins)(double, double)>
std::optional<double> value_of_winner(const RangeWindow& window) {
    return window.values[winner<wins>(window)];
}

template <bool (*wins)(double, double)>
std::optional<double> time_of_winner(const RangeWindow& window) {
    return static_cast<double>(window.times_ms[winner<wins>(window)]) / 1000;
}

TOCSIN_VECTORIZED void keep_smaller(const double* row, std::size_t columns, double* out, double* suspect) {
    for (std::size_t i = 0; i < columns; ++i) {
        out[i] = row[i] < out[i] ? row[i] : out[i];
        suspect[i] += row[i];
    }
}

TOCSIN_VECTORIZED void keep_larger(const double* row, std::size_t columns, double* out, double* suspect) {
    for (std::size_t i = 0; i < columns; ++i) {
        out[i] = row[i] > out[i] ? row[i] : out[i];
        suspect[i] += row[i];
    }
}

template <class Keep>
bool reduce(const RangeBlock& block, double* out, double* suspect, Keep keep) {
    std::copy_n(block.row(0), block.columns, out);
    std::copy_n(block.row(0), block.columns, suspect);
    for (std::size_t row = 1; row < block.rows.size(); ++row) keep(block.row(row), block.columns, out, suspect);
    return true;
}

bool min_block(const RangeBlock& block, double* out, double* suspect) {
    return reduce(block, out, suspect, [](auto... a) { keep_smaller(a...); });
}

bool max_block(const RangeBlock& block, double* out, double* suspect) {
    return reduce(block, out, suspect, [](auto... a) { keep_larger(a...); });
}

}  // namespace

extern const FunctionDef max_over_time, min_over_time, ts_of_max_over_time, ts_of_min_over_time;

const FunctionDef max_over_time{
    .name = "max_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "The largest value of each series in the range.",
    .kernel = OverRange{.kernel = value_of_winner<greater>, .block = max_block},
};

const FunctionDef min_over_time{
    .name = "min_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "The smallest value of each series in the range.",
    .kernel = OverRange{.kernel = value_of_winner<less>, .block = min_block},
};

const FunctionDef ts_of_max_over_time{
    .name = "ts_of_max_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "When each series last had its largest value in the range, in seconds since 1970.",
    .experimental = true,
    .kernel = OverRange{.kernel = time_of_winner<greater_or_equal>},
};

const FunctionDef ts_of_min_over_time{
    .name = "ts_of_min_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "When each series last had its smallest value in the range, in seconds since 1970.",
    .experimental = true,
    .kernel = OverRange{.kernel = time_of_winner<less_or_equal>},
};

}  // namespace tocsin::functions
