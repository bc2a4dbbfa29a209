#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace tocsin {

/// Reads a moment as Prometheus' query API takes it: seconds since 1970 with a fraction, or RFC 3339.
Result<Timestamp> parse_moment(std::string_view text);

}  // namespace tocsin
