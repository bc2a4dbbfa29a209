#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tocsin {

/// Stops with LimitExceeded as soon as more than `bytes_max` come out.
Result<std::string> gunzip(std::string_view compressed, std::uint64_t bytes_max);
std::string gzip(std::string_view bytes);

}  // namespace tocsin
