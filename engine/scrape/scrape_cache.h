#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/labels.h"
#include "base/time.h"
#include "engine/scrape/scrape_config.h"
#include "engine/scrape/scrape_limits.h"
#include "engine/scrape/target.h"
#include "engine/store/wanted.h"
#include "parser/exposition.h"

namespace tocsin {

// Successive scrapes of one target differ in little but their values. So the lines of the last scrape are remembered in
// their order, each with what became of it; of the next scrape, line by line, the bytes before the value are compared
// with the line that is expected, and on a hit labels are not parsed, relabelled, hashed or looked up again. Lines of
// metrics that no rule wants are passed over before their labels are read, and are remembered by metric, not one by
// one.
//
// What is compared is a 64-bit hash with a secret seed, and the number of bytes: 16 bytes a line instead of about a
// hundred, as fast as comparing the bytes, and two different lines in one place go unnoticed once in 2^64.

/// A series of a target, numbered in the order of its first line in the last scrape.
using SeriesSlot = std::uint32_t;
inline constexpr SeriesSlot kNoSlot = 0xffff'ffff;

/// One remembered line, or a run of lines of a metric that nobody wants.
class ScrapeLine {
public:
    enum class Kind : std::uint8_t {
        Sample,       // of a series that is kept
        Unwanted,     // no selection takes the series
        Dropped,      // by metric_relabel_configs
        SkippedName,  // any number of lines whose metric nobody wants; the bytes are the metric's name
        Comment,      // the bytes are the whole line; of no account but for TYPE
    };

    ScrapeLine(Kind kind, std::uint64_t hash, std::size_t bytes, std::uint32_t detail = 0)
        : hash_(hash),
          bytes_(static_cast<std::uint32_t>(bytes)),
          what_(static_cast<std::uint32_t>(kind) << kShift | detail) {}

    std::uint64_t hash() const { return hash_; }
    std::size_t bytes() const { return bytes_; }
    Kind kind() const { return static_cast<Kind>(what_ >> kShift); }
    /// Of a Sample the slot, of a Comment 0 or one more than the metric type it sets.
    std::uint32_t detail() const { return what_ & kDetailMax; }
    void set_detail(std::uint32_t detail) { what_ = (what_ & ~kDetailMax) | detail; }

    static constexpr std::uint32_t kDetailMax = (1U << 29) - 1;

private:
    static constexpr unsigned kShift = 29;
    std::uint64_t hash_;
    std::uint32_t bytes_;
    std::uint32_t what_;
};

/// The lines of one scrape. Immutable once it is shared.
struct ScrapeLines {
    std::vector<ScrapeLine> lines;
    SeriesSlot slots = 0;
};

/// Of lines, each up to its value.
using LineHashes = boost::unordered_flat_set<std::uint64_t>;

/// Everything that reading a body depends on. Nothing of it changes meanwhile, so it is read on any thread.
struct ScrapeSource {
    std::string_view body;
    ExpositionFormat format = ExpositionFormat::PrometheusText;
    const ScrapeLines* known = nullptr;  // of the last scrape under the same configuration and the same selections
    /// Of the last good scrape, when they are not `known` since other series are wanted now; null: none. They tell
    /// which series are not new.
    const ScrapeLines* given_up = nullptr;
    const Wanted* wanted = nullptr;
    const ScrapeConfig* config = nullptr;
    const Target* target = nullptr;
    ScrapeLimits limits;
    std::uint64_t hash_seed = 0;
    /// Somebody wants to know how many samples relabelling left, so lines must not be passed over before it.
    bool count_relabelled = false;
    /// The same for how many series are new.
    bool count_added = false;
    /// What scrapes that failed have `added` since the last good one; null: nothing.
    const LineHashes* told = nullptr;
};

struct MetadataLine {
    std::string metric;
    enum class Field : std::uint8_t { Type, Help, Unit } field;
    std::string text;
};

/// What was in a body.
struct ScrapeReading {
    struct Born {
        LabelSet labels;
        Duration reach;
    };
    struct TimedSample {
        SeriesSlot slot;
        Timestamp time;
        double value;
    };

    /// Why the scrape fails as a whole, in Prometheus' words where it has some; empty when it does not. Nothing else
    /// counts then but how many samples were read up to there and how many series were new, which is reported.
    std::string error;
    std::size_t error_line = 0;
    /// More than the job's sample_limit. The rest of the body was counted, and may have given another error.
    bool over_sample_limit = false;

    /// By slot; absent where the series has no sample without a timestamp of its own.
    std::vector<double> values;
    std::vector<TimedSample> timed;

    /// The lines are others than before, and so are the slots: `from` has for each one the slot that it had, or kNoSlot
    /// for a new series, whose labels are in `born`, in the same order.
    bool changed = false;
    ScrapeLines lines;
    std::vector<SeriesSlot> from;
    std::vector<Born> born;

    std::vector<MetadataLine> metadata;  // of lines that were not known

    /// Lines of series that relabelling left and that neither the last good scrape nor one that failed since then had;
    /// up to the error or the sample limit. Lines that a scrape passed over by name are not known to it.
    std::vector<std::uint64_t> added;

    std::uint64_t samples = 0;             // lines with a value, whatever became of them
    std::uint64_t samples_relabelled = 0;  // those that relabelling left
    std::uint64_t duplicates = 0;          // a second sample of a series without a timestamp
    std::uint64_t lines_skipped = 0;       // passed over unread
    std::uint64_t prefix_hits = 0;
    std::uint64_t prefix_misses = 0;
};

ScrapeReading read_scrape(const ScrapeSource& source);

/// The same when the body has the known lines and no others, in their order, and nothing is wrong with it. Otherwise
/// absent, as soon as the first other line was read: for a thread that others wait for.
std::optional<ScrapeReading> read_known_scrape(const ScrapeSource& source);

}  // namespace tocsin
