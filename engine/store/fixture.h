#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/store/fixture_columns.h"
#include "engine/store/store.h"

namespace tocsin {

class FixtureReader;

/// Recorded metrics: a file of OpenMetrics text in which every sample has a timestamp, plain or compressed with gzip
/// or zstd. Immutable.
///
/// Each sample of `up` marks a scrape of its target, which all series with the same job and instance belong to. A
/// series that has no sample at the time of a scrape is stale from there on. Series with other timestamps than the
/// scrapes of their target, and those of targets without `up`, have the timestamps that they have and are never stale.
class Fixture {
public:
    struct Limits {
        std::uint64_t bytes = std::uint64_t{16} * 1024 * 1024 * 1024;  // of text
        std::size_t line_bytes = 1024 * 1024;
        std::size_t series = 1'000'000;
        std::size_t cells = 1'000'000'000;  // rows times series of the tables
    };

    /// Reads it piece by piece: what is in memory at a time is a piece of the text, and the samples. Fails with
    /// `path:line: what is wrong`.
    static Result<Fixture> read(Disk& disk, const std::string& path, const Limits& limits);
    static Result<Fixture> read(Disk& disk, const std::string& path) { return read(disk, path, Limits{}); }
    /// The same, but a file that ends too early is read to its last whole line, and `cut_off` tells.
    static Result<Fixture> read_what_is_there(Disk& disk, const std::string& path, std::optional<std::string>& cut_off);

    /// Series with the same timestamps, a scrape a row, oldest first.
    struct Table {
        std::vector<LabelSet> series;
        std::vector<Timestamp> times;
        std::vector<double> cells;  // row by row; absent and stale ones are marked as in a Timeline

        const double* row(std::size_t i) const { return cells.data() + i * series.size(); }
    };
    const std::vector<Table>& tables() const { return tables_; }

    /// The same recording, but scrapes from `from` on and before `until` failed of the targets whose series
    /// `concerns`: their `up` is 0, all else of them is stale. Nothing when there is no such series.
    std::optional<Fixture> with_failed_scrapes(const std::function<bool(const LabelSet&)>& concerns, Timestamp from,
                                               Timestamp until) const;

    /// Of the first and the last sample; nothing when there is none.
    std::optional<Timestamp> begin() const;
    std::optional<Timestamp> end() const;
    /// Where it was read from.
    const std::string& path() const { return path_; }
    /// Where a series goes back in time first, `path:line: …`; its samples were sorted.
    const std::optional<std::string>& went_back() const { return went_back_; }

private:
    static Result<Fixture> finished(const std::string& path, FixtureReader& reader);

    std::string path_;
    std::optional<std::string> went_back_;
    std::vector<Table> tables_;
};

/// A series of which one of them has samples while the other one is not over with it, or at the same time: they cannot
/// be played together.
std::optional<LabelSet> find_overlap(const Fixture& one, const Fixture& other);

/// Puts a fixture into a store, in the order of time: as if its targets were scraped there.
class FixturePlayer {
public:
    /// Both outlive the player. Fixtures that are played together share the columns.
    FixturePlayer(const Fixture& fixture, FixtureColumns& columns);

    /// When the next row comes; nothing at the end.
    std::optional<Timestamp> next() const;
    /// Appends all rows up to and at `until`, those of its series that are wanted. The store must not be frozen. Fails
    /// when another fixture has a series at the same time.
    Status play(Timestamp until);
    /// Forgets all rows before `until`: nobody was there to scrape them.
    void skip(Timestamp until);

private:
    struct Track {
        const Fixture::Table* table;
        TimelineId timeline;
        std::size_t row = 0;  // the next one
        std::vector<ColumnIndex> columns;
        std::vector<bool> was_here;  // series that had a column at any time
        std::uint64_t wanted = 0;    // the generation that `columns` belongs to
        LayoutGeneration layout;
    };
    Status find_columns(Track& track);
    Status append_row(Track& track);

    FixtureColumns& columns_;
    std::vector<Track> tracks_;
    std::vector<double> cells_;
};

}  // namespace tocsin
