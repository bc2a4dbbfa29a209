#pragma once

#include <string>

#include "tests/reference/chance.h"

namespace tocsin::reference {

/// The text of an expression of type scalar or instant vector over the metrics of random_targets(), which passes all
/// checks: types fit, and so do arguments. It may still fail when it is evaluated, by a vector matching that is not
/// unique for instance.
///
/// Not among them, since PromQL leaves open which series they give: limitk() and limit_ratio(); since they have tests
/// of their own: native histograms, anchored and smoothed ranges, start timestamps, info(). `bounded`: without `@` and
/// negative offsets.
std::string random_expression(Chance& chance, bool bounded = false);

}  // namespace tocsin::reference
