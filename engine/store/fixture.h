#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/store/store.h"

namespace tocsin {

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

    /// Of the first and the last sample; nothing when there is none.
    std::optional<Timestamp> begin() const;
    std::optional<Timestamp> end() const;

private:
    std::vector<Table> tables_;
};

/// Puts a fixture into a store, in the order of time: as if its targets were scraped there.
class FixturePlayer {
public:
    /// Both outlive the player.
    FixturePlayer(const Fixture& fixture, Store& store);

    /// When the next row comes; nothing at the end.
    std::optional<Timestamp> next() const;
    /// Appends all rows up to and at `until`, those of its series that are wanted. The store must not be frozen.
    void play(Timestamp until);

private:
    struct Track {
        const Fixture::Table* table;
        TimelineId timeline;
        std::size_t row = 0;  // the next one
        std::vector<ColumnIndex> columns;
        std::uint64_t wanted = 0;  // the generation that `columns` belongs to
        LayoutGeneration layout;
    };
    void find_columns(Track& track);
    void append_row(Track& track);

    Store& store_;
    std::vector<Track> tracks_;
    std::vector<double> cells_;
};

}  // namespace tocsin
