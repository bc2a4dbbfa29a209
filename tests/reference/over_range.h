#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tests/reference/data.h"

namespace tocsin::reference {

/// The points of one series in (start, end], at least one, none of them stale.
struct Window {
    std::vector<Point> points;
    std::int64_t start_ms = 0;
    std::int64_t end_ms = 0;
    std::int64_t at_ms = 0;  // of the evaluation
};

/// One function over one series, nothing when there is too little to say. `arguments` are the scalars of the call.
using OverRange = std::optional<double> (*)(const Window&, std::span<const double> arguments);

/// Null when there is no such function.
OverRange find_over_range(std::string_view name);

/// first_over_time() and last_over_time(): the value is one of the series itself.
bool keeps_name(std::string_view function);

// What functions and aggregations have in common.
double sum_of(std::span<const double> values);
double mean_of(std::span<const double> values);
double variance_of(std::span<const double> values);
double quantile_of(double q, std::vector<double> values);

}  // namespace tocsin::reference
