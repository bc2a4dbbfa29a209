#pragma once

#include <span>

namespace tocsin {

/// The q-quantile of values, interpolated between the two nearest; `values` are reordered. NaN sorts first. NaN for no values or a NaN
/// q, -Inf for q < 0, +Inf for q > 1.
double quantile_of(double q, std::span<double> values);

}  // namespace tocsin
