#pragma once

#include <string_view>

#include "base/result.h"
#include "engine/eval/query.h"

namespace tocsin::cli {

/// Reads `--enable-feature=NAME,…`: names as Prometheus has them, or `all`, which
/// is all of them but type-and-unit-labels.
Result<QueryFeatures> parse_features(std::string_view names);

}  // namespace tocsin::cli
