#include <algorithm>
#include <cmath>

#include "engine/functions/function.h"
#include "engine/functions/kahan.h"
#include "engine/functions/vectorize.h"

namespace tocsin::functions {
namespace {

std::optional<double> sum_window(const RangeWindow& window) {
    KahanSum sum;
    for (const double value : window.values) sum.add(value);
    return sum.total();
}

std::optional<double> mean_window(const RangeWindow& window) {
    KahanMean mean;
    for (const double value : window.values) mean.add(value);
    return mean.mean();
}

// KahanSum::add over neighbours. An overflow leaves NaN in `lost` (Inf - Inf), and so the column to the kernel above.
TOCSIN_VECTORIZED void add_row(const double* row, std::size_t columns, double* sums, double* lost) {
    for (std::size_t i = 0; i < columns; ++i) {
        const double value = row[i];
        const double sum = sums[i];
        const double total = sum + value;
        const bool sum_is_larger = std::abs(sum) >= std::abs(value);
        const double larger = sum_is_larger ? sum : value;
        const double smaller = sum_is_larger ? value : sum;
        lost[i] += (larger - total) + smaller;
        sums[i] = total;
    }
}

TOCSIN_VECTORIZED void finish(const double* sums, const double* lost, std::size_t columns, double divisor, double* out,
                              double* suspect) {
    for (std::size_t i = 0; i < columns; ++i) {
        out[i] = sums[i] / divisor + lost[i] / divisor;
        suspect[i] = out[i];
    }
}

bool add_block(const RangeBlock& block, double divisor, double* out, double* suspect) {
    std::array<double, kBlockColumns> sums{};
    std::array<double, kBlockColumns> lost{};
    for (std::size_t row = 0; row < block.rows.size(); ++row) {
        add_row(block.row(row), block.columns, sums.data(), lost.data());
    }
    finish(sums.data(), lost.data(), block.columns, divisor, out, suspect);
    return true;
}

bool sum_block(const RangeBlock& block, double* out, double* suspect) { return add_block(block, 1, out, suspect); }

bool mean_block(const RangeBlock& block, double* out, double* suspect) {
    return add_block(block, static_cast<double>(block.rows.size()), out, suspect);
}

}  // namespace

extern const FunctionDef avg_over_time, sum_over_time;

const FunctionDef avg_over_time{
    .name = "avg_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "The mean of the values of each series in the range.",
    .kernel = OverRange{.kernel = mean_window, .block = mean_block},
};

const FunctionDef sum_over_time{
    .name = "sum_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "The sum of the values of each series in the range.",
    .kernel = OverRange{.kernel = sum_window, .block = sum_block},
};

}  // namespace tocsin::functions
