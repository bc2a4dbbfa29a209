#pragma once

#include "base/time.h"

namespace tocsin {

/// A disk that takes longer hangs: it is told, what waits for it goes on, and what is to be written is in memory only.
constexpr Duration kDiskPatience = std::chrono::seconds(10);

}  // namespace tocsin
