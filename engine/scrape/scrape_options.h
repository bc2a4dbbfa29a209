#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tocsin {

/// Limits of scraping that hold for every job, whatever the configuration says.
struct ScrapeOptions {
    std::size_t concurrency_max = 200;
    /// Requests wait as long as the bodies that are being received may come to more, judged by their last sizes: all
    /// targets are asked at once, and their answers together would be the most that the daemon ever holds.
    std::uint64_t body_bytes_in_flight_max = 8 * 1024 * 1024;
    std::size_t targets_max = 100'000;
    std::uint64_t body_bytes_max = 256 * 1024 * 1024;
    std::uint64_t samples_max = 5'000'000;
    std::uint64_t labels_max = 64;
    std::uint64_t label_name_bytes_max = 1024;
    std::uint64_t label_value_bytes_max = 64 * 1024;
    std::uint64_t line_bytes_max = 1024 * 1024;
    std::uint64_t new_series_per_minute_max = 1'000'000;  // of one target
    bool spread = false;  // polls of a target are put off by a share of its interval
    std::string version = "dev";                          // in the User-Agent
};

}  // namespace tocsin
