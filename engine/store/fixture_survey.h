#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/disk.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/store/time_spans.h"

namespace tocsin {

/// What can be known of a fixture by its timestamps alone: a quick look before it is read.
struct FixtureSurvey {
    std::uint64_t samples = 0;
    std::optional<Timestamp> begin, end;     // of the earliest and the latest sample; nothing when there is none
    std::uint64_t end_line = 0;              // of the first of the latest samples
    TimeSpans spans{std::chrono::hours(1)};  // when there are samples
    /// The first line whose sample is older than the one before it; nothing: the file is in the order of time.
    std::optional<std::uint64_t> first_out_of_order;
    std::uint64_t bytes = 0;  // of the file, as it lies on the disk
};

/// Reads the file once, packed or not, and holds a piece of it at a time. Lines that are no samples are passed over:
/// whoever reads the file for good says what is wrong with them.
Result<FixtureSurvey> survey_fixture(Disk& disk, const std::string& path);

}  // namespace tocsin
