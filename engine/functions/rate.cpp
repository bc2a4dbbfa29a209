#include <algorithm>
#include <array>
#include <cmath>

#include "engine/functions/function.h"
#include "engine/functions/start_time.h"
#include "engine/functions/vectorize.h"

// rate(), increase() and delta(): how much a series went up within a range, extrapolated to the edges of the range.
// Upstream's extrapolatedRate (promql/functions.go) is the definition.

namespace tocsin::functions {
namespace {

enum class Kind { Delta, Increase, Rate };

// What of the extrapolation depends on timestamps alone, and so is the same for all series of a timeline.
struct Extent {
    double sampled;  // seconds between the first and the last sample
    double to_start;
    double to_end;
};

// A series is extrapolated to the edge of the range only if a sample might have been there: within 110 % of the average
// distance of samples. Otherwise it is taken to begin or end half that distance beyond its samples.
Extent extent_of(std::int64_t first_ms, std::int64_t last_ms, std::size_t samples, std::int64_t start_ms,
                 std::int64_t end_ms) {
    Extent extent{static_cast<double>(last_ms - first_ms) / 1000, static_cast<double>(first_ms - start_ms) / 1000,
                  static_cast<double>(end_ms - last_ms) / 1000};
    const double average = extent.sampled / static_cast<double>(samples - 1);
    const double threshold = average * 1.1;
    if (extent.to_start >= threshold) extent.to_start = average / 2;
    if (extent.to_end >= threshold) extent.to_end = average / 2;
    return extent;
}

template <Kind kind>
double extrapolate(double increase, double first, const Extent& extent, double seconds) {
    double to_start = extent.to_start;
    if constexpr (kind != Kind::Delta) {
        // A counter is never negative: it cannot have begun before its line crosses zero.
        const double to_zero = increase > 0 && first >= 0 ? extent.sampled * (first / increase) : to_start;
        to_start = to_zero < to_start ? to_zero : to_start;
    }
    double factor = (extent.sampled + to_start + extent.to_end) / extent.sampled;
    if constexpr (kind == Kind::Rate) factor /= seconds;
    return increase * factor;
}

double interpolate(const RangeWindow& window, std::size_t i, std::int64_t at_ms, bool counter) {
    double before = window.values[i];
    const double after = window.values[i + 1];
    if (counter && after < before) before = 0;  // after a reset it counts from zero
    return before + (after - before) * static_cast<double>(at_ms - window.times_ms[i]) /
                        static_cast<double>(window.times_ms[i + 1] - window.times_ms[i]);
}

// Anchored and smoothed ranges have samples beyond their edges, so that nothing is extrapolated.
template <Kind kind>
std::optional<double> extended(const RangeWindow& window) {
    const bool counter = kind != Kind::Delta;
    const bool smoothed = window.extension == Extension::Smoothed;
    const auto times = window.times_ms;
    std::size_t last = times.size() - 1;

    const auto before_last = times.first(last);
    const auto after_start = std::upper_bound(before_last.begin(), before_last.end(), window.start_ms);
    std::size_t first = static_cast<std::size_t>(after_start - before_last.begin());
    if (first > 0) --first;
    if (smoothed) {
        last = static_cast<std::size_t>(std::lower_bound(before_last.begin(), before_last.end(), window.end_ms) -
                                        before_last.begin());
    }
    if (times[last] <= window.start_ms) return std::nullopt;
    // A series that begins after a smoothed range has nothing to say about it.
    if (smoothed && times[first] > window.end_ms) return std::nullopt;

    const double left = smoothed && times[first] < window.start_ms
                            ? interpolate(window, first, window.start_ms, counter)
                            : window.values[first];
    const double right = smoothed && last > 0 && times[last] > window.end_ms
                             ? interpolate(window, last - 1, window.end_ms, counter)
                             : window.values[last];
    double result = right - left;
    if (counter) {
        const std::size_t inner_begin = times[first] <= window.start_ms ? first + 1 : first;
        const std::size_t inner_end = times[last] >= window.end_ms ? last : last + 1;
        double previous = left;
        for (std::size_t i = inner_begin; i < inner_end; ++i) {
            if (window.values[i] < previous) result += previous;
            previous = window.values[i];
        }
        if (right < previous) result += previous;
    }
    return kind == Kind::Rate ? result / window.range_seconds() : result;
}

// What a counter had counted when it was reset within the window.
double lost_by_resets(const RangeWindow& window) {
    double lost = 0;
    for (std::size_t i = 1; i < window.values.size(); ++i) {
        if (window.values[i] < window.values[i - 1] || began_anew(window, i)) lost += window.values[i - 1];
    }
    return lost;
}

// The first sample of the window counts from within it.
bool starts_inside(const RangeWindow& window) {
    if (window.start_times_ms.empty()) return false;
    const std::int64_t start_ms = window.start_times_ms.front();
    return start_ms != 0 && start_ms > window.start_ms && start_ms < window.times_ms.front();
}

// A counter that is known to have begun within the window was zero then, and is extrapolated to the end only.
template <Kind kind>
double from_known_start(const RangeWindow& window) {
    const std::int64_t last_ms = window.times_ms.back();
    const double sampled = static_cast<double>(last_ms - window.start_times_ms.front()) / 1000;
    double to_end = 0;
    if (window.values.size() > 1) {
        to_end =
            extent_of(window.times_ms.front(), last_ms, window.values.size(), window.start_ms, window.end_ms).to_end;
    }
    double factor = (sampled + to_end) / sampled;
    if constexpr (kind == Kind::Rate) factor /= window.range_seconds();
    return (window.values.back() + lost_by_resets(window)) * factor;
}

template <Kind kind>
std::optional<double> over_window(const RangeWindow& window) {
    if (window.extension != Extension::None) return extended<kind>(window);
    if constexpr (kind != Kind::Delta) {
        if (starts_inside(window)) return from_known_start<kind>(window);
    }
    const auto values = window.values;
    if (values.size() < 2) return std::nullopt;

    double increase = values.back() - values.front();
    if constexpr (kind != Kind::Delta) increase += lost_by_resets(window);
    const Extent extent =
        extent_of(window.times_ms.front(), window.times_ms.back(), values.size(), window.start_ms, window.end_ms);
    return extrapolate<kind>(increase, values.front(), extent, window.range_seconds());
}

TOCSIN_VECTORIZED void add_resets(const double* previous, const double* current, std::size_t columns,
                                  double* corrections, double* suspect) {
    for (std::size_t i = 0; i < columns; ++i) {
        corrections[i] += current[i] < previous[i] ? previous[i] : 0.0;
        suspect[i] += current[i];
    }
}

// The same for four rows after each other: memory is what it waits for, and this way sums are loaded and stored once
// for all of them.
TOCSIN_VECTORIZED void add_resets_of_four(const double* previous, const std::array<const double*, 4>& rows,
                                          std::size_t columns, double* corrections, double* suspect) {
    const auto [a, b, c, d] = rows;
    for (std::size_t i = 0; i < columns; ++i) {
        double correction = corrections[i];
        correction += a[i] < previous[i] ? previous[i] : 0.0;
        correction += b[i] < a[i] ? a[i] : 0.0;
        correction += c[i] < b[i] ? b[i] : 0.0;
        correction += d[i] < c[i] ? c[i] : 0.0;
        corrections[i] = correction;
        suspect[i] += (a[i] + b[i]) + (c[i] + d[i]);
    }
}

void add_all_resets(const RangeBlock& block, double* corrections, double* suspect) {
    std::size_t row = 1;
    for (; row + 4 <= block.rows.size(); row += 4) {
        add_resets_of_four(block.row(row - 1),
                           {block.row(row), block.row(row + 1), block.row(row + 2), block.row(row + 3)}, block.columns,
                           corrections, suspect);
    }
    for (; row < block.rows.size(); ++row)
        add_resets(block.row(row - 1), block.row(row), block.columns, corrections, suspect);
}

TOCSIN_VECTORIZED void add_all(const double* row, std::size_t columns, double* suspect) {
    for (std::size_t i = 0; i < columns; ++i) suspect[i] += row[i];
}

TOCSIN_VECTORIZED void finish_rates(const double* first, const double* last, const double* corrections,
                                    std::size_t columns, const Extent& extent, double seconds, double* out) {
    const double sampled = extent.sampled;
    const double common = extent.sampled + extent.to_end;
    const double scale = 1 / (extent.sampled * seconds);
    const double to_start = extent.to_start;
    for (std::size_t i = 0; i < columns; ++i) {
        const double increase = last[i] - first[i] + corrections[i];
        const double to_zero = sampled * (first[i] / increase);
        // A NaN or negative quotient never wins here, which is what upstream's conditions say.
        const bool starts_at_zero = (increase > 0) & (first[i] >= 0) & (to_zero < to_start);
        const double start = starts_at_zero ? to_zero : to_start;
        out[i] = increase * ((common + start) * scale);
    }
}

TOCSIN_VECTORIZED void finish_deltas(const double* first, const double* last, std::size_t columns, double factor,
                                     double* out) {
    for (std::size_t i = 0; i < columns; ++i) out[i] = (last[i] - first[i]) * factor;
}

template <Kind kind>
bool over_block(const RangeBlock& block, double* out, double* suspect) {
    const std::size_t rows = block.rows.size();
    if (rows < 2) return false;
    const Extent extent = extent_of(block.times_ms.front(), block.times_ms.back(), rows, block.start_ms, block.end_ms);
    std::copy_n(block.row(0), block.columns, suspect);
    if constexpr (kind == Kind::Delta) {
        for (std::size_t row = 1; row < rows; ++row) add_all(block.row(row), block.columns, suspect);
        const double factor = (extent.sampled + extent.to_start + extent.to_end) / extent.sampled;
        finish_deltas(block.row(0), block.row(rows - 1), block.columns, factor, out);
    } else {
        std::array<double, kBlockColumns> corrections{};
        add_all_resets(block, corrections.data(), suspect);
        finish_rates(block.row(0), block.row(rows - 1), corrections.data(), block.columns, extent,
                     kind == Kind::Rate ? block.range_seconds() : 1.0, out);
    }
    return true;
}

}  // namespace

extern const FunctionDef delta, increase, rate;

const FunctionDef delta{
    .name = "delta",
    .arguments = {ValueType::Matrix},
    .summary =
        "The difference between the first and the last value of each series in the range, extrapolated to its edges.",
    .kernel =
        OverRange{
            .kernel = over_window<Kind::Delta>, .block = over_block<Kind::Delta>, .anchored = true, .smoothed = true},
};

const FunctionDef increase{
    .name = "increase",
    .arguments = {ValueType::Matrix},
    .summary = "How much each counter increased in the range, resets accounted for, extrapolated to its edges.",
    .kernel = OverRange{.kernel = over_window<Kind::Increase>,
                        .block = over_block<Kind::Increase>,
                        .for_counters = true,
                        .anchored = true,
                        .smoothed = true,
                        .start_times = true},
};

const FunctionDef rate{
    .name = "rate",
    .arguments = {ValueType::Matrix},
    .summary = "How much each counter increased per second on average in the range, resets accounted for.",
    .kernel = OverRange{.kernel = over_window<Kind::Rate>,
                        .block = over_block<Kind::Rate>,
                        .for_counters = true,
                        .anchored = true,
                        .smoothed = true,
                        .start_times = true},
};

}  // namespace tocsin::functions
