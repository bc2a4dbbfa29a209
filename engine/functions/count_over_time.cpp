#include <algorithm>

#include "engine/functions/function.h"
#include "engine/functions/vectorize.h"

// Functions that ask only which samples there are: count, present, first and last.

namespace tocsin::functions {
namespace {

std::optional<double> count(const RangeWindow& window) {
    return static_cast<double>(window.values.size());
}
std::optional<double> one(const RangeWindow&) {
    return 1;
}
std::optional<double> first(const RangeWindow& window) {
    return window.values.front();
}
std::optional<double> last(const RangeWindow& window) {
    return window.values.back();
}
std::optional<double> time_of_first(const RangeWindow& window) {
    return static_cast<double>(window.times_ms.front()) / 1000;
}
std::optional<double> time_of_last(const RangeWindow& window) {
    return static_cast<double>(window.times_ms.back()) / 1000;
}

TOCSIN_VECTORIZED void add(const double* row, std::size_t columns, double* sums) {
    for (std::size_t i = 0; i < columns; ++i) sums[i] += row[i];
}

bool count_present_block(const RangeBlock& block, double* out, double* suspect) {
    std::fill_n(out, block.columns, static_cast<double>(block.rows.size()));
    std::fill_n(suspect, block.columns, 0.0);
    for (std::size_t row = 0; row < block.rows.size(); ++row) add(block.row(row), block.columns, suspect);
    return true;
}

// A sample in the newest row is enough to know that there is one.
bool present_block(const RangeBlock& block, double* out, double* suspect) {
    std::fill_n(out, block.columns, 1.0);
    std::copy_n(block.row(block.rows.size() - 1), block.columns, suspect);
    return true;
}

bool last_block(const RangeBlock& block, double* out, double* suspect) {
    std::copy_n(block.row(block.rows.size() - 1), block.columns, out);
    std::copy_n(out, block.columns, suspect);
    return true;
}

bool first_block(const RangeBlock& block, double* out, double* suspect) {
    std::copy_n(block.row(0), block.columns, out);
    std::copy_n(out, block.columns, suspect);
    return true;
}

}  // namespace

extern const FunctionDef count_over_time, first_over_time, last_over_time, present_over_time, ts_of_first_over_time,
    ts_of_last_over_time;

const FunctionDef count_over_time{
    .name = "count_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "How many values each series has in the range.",
    .kernel = OverRange{.kernel = count, .block = count_present_block},
};

const FunctionDef first_over_time{
    .name = "first_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "The oldest value of each series in the range.",
    .kernel = OverRange{.kernel = first, .block = first_block, .keeps_name = true},
};

const FunctionDef last_over_time{
    .name = "last_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "The newest value of each series in the range.",
    .kernel = OverRange{.kernel = last, .block = last_block, .keeps_name = true},
};

const FunctionDef present_over_time{
    .name = "present_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "1 for each series with any value in the range.",
    .kernel = OverRange{.kernel = one, .block = present_block},
};

const FunctionDef ts_of_first_over_time{
    .name = "ts_of_first_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "When the oldest value of each series in the range was taken, in seconds since 1970.",
    .experimental = true,
    .kernel = OverRange{.kernel = time_of_first},
};

const FunctionDef ts_of_last_over_time{
    .name = "ts_of_last_over_time",
    .arguments = {ValueType::Matrix},
    .summary = "When the newest value of each series in the range was taken, in seconds since 1970.",
    .experimental = true,
    .kernel = OverRange{.kernel = time_of_last},
};

}  // namespace tocsin::functions
