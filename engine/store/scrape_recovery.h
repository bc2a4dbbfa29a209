#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/labels.h"
#include "base/time.h"
#include "engine/store/store.h"

namespace tocsin {

/// Whose rows: the labels of a target, and a number that tells apart those that have the same labels.
struct ScrapeOwner {
    LabelSet labels;
    std::uint64_t place = 0;

    bool operator==(const ScrapeOwner&) const = default;
};

/// A timeline as an earlier run left it.
struct RecoveredTimeline {
    struct Row {
        Timestamp time;
        std::vector<double> cells;  // by series; those beyond its end are absent
    };

    Duration reach{0};
    bool is_alone = false;         // of one series with timestamps of its own
    std::vector<LabelSet> series;  // each in one timeline only
    std::vector<Row> rows;         // times strictly increase
};

struct RecoveredTarget {
    ScrapeOwner owner;
    std::vector<RecoveredTimeline> timelines;
};

/// What a log of scrapes holds.
struct ScrapeRecovery {
    struct Segment {
        std::uint64_t number;
        std::uint64_t bytes;
        Timestamp needed_until;  // its latest row, and as long as that is wanted
    };

    std::vector<RecoveredTarget> targets;  // in the order in which they appear
    std::vector<Segment> segments;
    std::uint64_t next_sequence = 1;
    std::uint64_t rows = 0;
    /// For a person, one line a segment: which file, from which byte on it is not believed and why.
    std::vector<std::string> damage;
    std::uint64_t damaged_bytes = 0;  // that are there and not believed
};

/// Reads all segments of a folder that may not be there. Rows that nobody could reach at `now` any more are passed
/// over, and so are those of the future. A timeline with more columns than the store may have is damage.
ScrapeRecovery recover_scrapes(Disk& disk, const std::string& folder, Timestamp now,
                               std::uint32_t columns_max = 20'000'000);

/// Appends to one timeline of the store what is left of several, as far as it is wanted; series that are alive in
/// another timeline are left out.
void append_recovered(std::span<const RecoveredTimeline> past, Store& store, TimelineId into);

}  // namespace tocsin
