#pragma once

#include <cstdint>

namespace tocsin {

/// What one body may hold. 0 is none.
struct ScrapeLimits {
    std::uint64_t samples = 0;
    std::uint64_t samples_configured = 0;  // sample_limit: counts what is left after relabelling
    std::uint64_t labels = 0;              // of a series as it is stored
    std::uint64_t label_name_bytes = 0;
    std::uint64_t label_value_bytes = 0;
    std::uint64_t line_bytes = 0;
};

}  // namespace tocsin
