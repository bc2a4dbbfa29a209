#include <algorithm>
#include <cmath>

#include "engine/functions/function.h"
#include "engine/functions/start_time.h"
#include "engine/functions/vectorize.h"

namespace tocsin::functions {
namespace {

// NaN to NaN is no change, although NaN != NaN.
bool is_change(const RangeWindow& window, std::size_t i) {
    const double previous = window.values[i - 1];
    const double current = window.values[i];
    return current != previous && !(std::isnan(current) && std::isnan(previous));
}

bool is_reset(const RangeWindow& window, std::size_t i) {
    return window.values[i] < window.values[i - 1] || began_anew(window, i);
}

// An anchored range begins with the last sample at or before its start.
std::optional<std::size_t> first_sample(const RangeWindow& window) {
    if (window.extension != Extension::Anchored) return 0;
    if (window.times_ms.back() <= window.start_ms) return std::nullopt;
    const auto after = std::upper_bound(window.times_ms.begin(), window.times_ms.end() - 1, window.start_ms);
    const auto index = static_cast<std::size_t>(after - window.times_ms.begin());
    return index > 0 ? index - 1 : 0;
}

template <bool (*counts)(const RangeWindow&, std::size_t)>
std::optional<double> count_pairs(const RangeWindow& window) {
    const auto first = first_sample(window);
    if (!first) return std::nullopt;
    double count = 0;
    for (std::size_t i = *first + 1; i < window.values.size(); ++i) {
        if (counts(window, i)) ++count;
    }
    return count;
}

TOCSIN_VECTORIZED void add_changes(const double* previous, const double* current, std::size_t columns, double* out,
                                   double* suspect) {
    for (std::size_t i = 0; i < columns; ++i) {
        out[i] += current[i] != previous[i] ? 1.0 : 0.0;
        suspect[i] += current[i];
    }
}

TOCSIN_VECTORIZED void count_resets(const double* previous, const double* current, std::size_t columns, double* out,
                                    double* suspect) {
    for (std::size_t i = 0; i < columns; ++i) {
        out[i] += current[i] < previous[i] ? 1.0 : 0.0;
        suspect[i] += current[i];
    }
}

template <class Add>
bool count_pairs_block(const RangeBlock& block, double* out, double* suspect, Add add) {
    std::fill_n(out, block.columns, 0.0);
    std::copy_n(block.row(0), block.columns, suspect);
    for (std::size_t row = 1; row < block.rows.size(); ++row) {
        add(block.row(row - 1), block.row(row), block.columns, out, suspect);
    }
    return true;
}

bool changes_block(const RangeBlock& block, double* out, double* suspect) {
    return count_pairs_block(block, out, suspect, [](auto... arguments) { add_changes(arguments...); });
}

bool resets_block(const RangeBlock& block, double* out, double* suspect) {
    return count_pairs_block(block, out, suspect, [](auto... arguments) { count_resets(arguments...); });
}

}  // namespace

extern const FunctionDef changes, resets;

const FunctionDef changes{
    .name = "changes",
    .arguments = {ValueType::Matrix},
    .summary = "How many times the value of each series changed in the range.",
    .kernel = OverRange{.kernel = count_pairs<is_change>, .block = changes_block, .anchored = true},
};

const FunctionDef resets{
    .name = "resets",
    .arguments = {ValueType::Matrix},
    .summary = "How many times each counter was reset in the range: the value went down.",
    .kernel = OverRange{.kernel = count_pairs<is_reset>, .block = resets_block, .anchored = true, .start_times = true},
};

}  // namespace tocsin::functions
