#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/sample.h"
#include "base/time.h"

namespace tocsin {

/// A place where rows are written: a target, a group's recording rules, or one series with timestamps of its own.
using TimelineId = std::uint32_t;
using ColumnIndex = std::uint32_t;

inline constexpr ColumnIndex kNoColumn = 0xffff'ffff;

/// The recent past of one target as a table: one row a scrape, one column a series.
///
/// All series of a target come with the same timestamps, so a row is a timestamp and an array of doubles; a cell where
/// the series has no sample holds kAbsentMarker, one where it ended kStaleMarker. Timestamps strictly increase. Rows
/// lie in one ring: writing a scrape is one sequential write, dropping the oldest is one step.
///
/// Written by the scheduler's thread while nobody evaluates (Store::freeze()); read by anybody in between.
class Timeline {
public:
    explicit Timeline(Duration retention) : retention_(retention) {}

    // ---- reading

    std::size_t rows() const { return count_; }
    bool empty() const { return count_ == 0; }
    /// Row 0 is the oldest.
    Timestamp time(std::size_t row) const { return times_[slot(row)]; }
    /// One value for each column that was alive when the row was written or born later; always columns() long.
    const double* row(std::size_t row) const { return values_.data() + slot(row) * stride_; }
    double at(std::size_t row_index, ColumnIndex column) const { return row(row_index)[column]; }
    std::size_t columns() const { return columns_; }
    /// The first row with time > t (rows() when there is none). Binary search.
    std::size_t first_after(Timestamp t) const;

    // ---- writing

    /// A new series; its cells of earlier rows are absent. Reuses columns that were released, the lowest first.
    ColumnIndex add_column();
    /// Its series is gone for good; the cells become absent.
    void release_column(ColumnIndex column);
    /// A new row, all absent, for `time` later than the last one. The caller fills it in.
    std::span<double> append_row(Timestamp time);
    /// The last row, to fill in further (recording rules of one group share a row).
    std::span<double> last_row();
    void write(std::size_t row, ColumnIndex column, double value) { row_to_write(row)[column] = value; }
    /// Drops the rows before `oldest`, and gives memory back when most of it is unused.
    void drop_before(Timestamp oldest);
    void set_retention(Duration retention) { retention_ = retention; }
    Duration retention() const { return retention_; }
    /// The wall clock was set by `step`: all rows move along, so that they are as old as before.
    void move_time(Duration step) {
        for (Timestamp& time : times_) time += step;
    }

    /// Columns that were released and not used again.
    std::size_t free_columns() const { return free_columns_.size(); }
    /// Squeezes them out and gives their memory back. Columns keep their order; the answer says where each one is now
    /// (kNoColumn for a released one).
    std::vector<ColumnIndex> squeeze();

    std::size_t bytes() const;

private:
    std::size_t slot(std::size_t row) const {
        const std::size_t at = first_ + row;
        return at < times_.size() ? at : at - times_.size();
    }
    double* row_to_write(std::size_t row) { return values_.data() + slot(row) * stride_; }
    void lay_out(std::size_t rows_max, std::size_t stride);

    Duration retention_;
    std::vector<Timestamp> times_;  // a ring of capacity times_.size()
    std::vector<double> values_;    // times_.size() rows of stride_ cells; those beyond columns_ are absent
    std::size_t stride_ = 0;
    std::size_t columns_ = 0;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::vector<ColumnIndex> free_columns_;  // a heap, the lowest on top
};

}  // namespace tocsin
