#include "engine/store/timeline.h"

#include <algorithm>
#include <functional>

#include "base/assert.h"

namespace tocsin {
namespace {

// An eighth more each time: memory is the scarce thing here, and a new layout is one pass over a few rows.
std::size_t grown(std::size_t size) {
    return size + std::max<std::size_t>(2, size / 8);
}

}  // namespace

std::size_t Timeline::first_after(Timestamp t) const {
    // What is asked for mostly lies at the end or nowhere near; both ends are worth a look before the search.
    if (count_ == 0 || time(count_ - 1) <= t) return count_;
    std::size_t low = 0;
    std::size_t high = count_ - 1;  // known to be after t
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (time(middle) > t) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

ColumnIndex Timeline::add_column() {
    if (!free_columns_.empty()) {
        std::pop_heap(free_columns_.begin(), free_columns_.end(), std::greater<>());
        const ColumnIndex column = free_columns_.back();
        free_columns_.pop_back();
        return column;
    }
    if (columns_ == stride_) {
        if (count_ == 0) {
            stride_ = columns_ + 1;
            values_.assign(times_.size() * stride_, kAbsentMarker);
        } else {
            lay_out(times_.size(), grown(stride_));
        }
    }
    return static_cast<ColumnIndex>(columns_++);
}

void Timeline::release_column(ColumnIndex column) {
    TOCSIN_ASSERT(column < columns_);
    for (std::size_t row = 0; row < count_; ++row) row_to_write(row)[column] = kAbsentMarker;
    free_columns_.push_back(column);
    std::push_heap(free_columns_.begin(), free_columns_.end(), std::greater<>());
}

std::span<double> Timeline::append_row(Timestamp time) {
    TOCSIN_ASSERT(count_ == 0 || time > this->time(count_ - 1));
    if (count_ == times_.size()) lay_out(grown(count_), stride_);
    const std::size_t row = count_++;
    times_[slot(row)] = time;
    double* cells = row_to_write(row);
    std::fill_n(cells, stride_, kAbsentMarker);
    return {cells, columns_};
}

std::span<double> Timeline::last_row() {
    TOCSIN_ASSERT(count_ > 0);
    return {row_to_write(count_ - 1), columns_};
}

void Timeline::drop_before(Timestamp oldest) {
    while (count_ > 0 && times_[first_] < oldest) {
        first_ = first_ + 1 == times_.size() ? 0 : first_ + 1;
        --count_;
    }
    const std::size_t enough = grown(count_);
    if (times_.size() > 16 && times_.size() > 2 * enough) lay_out(enough, stride_);
}

std::vector<ColumnIndex> Timeline::squeeze() {
    std::vector<ColumnIndex> moved(columns_, 0);
    for (const ColumnIndex column : free_columns_) moved[column] = kNoColumn;
    ColumnIndex next = 0;
    for (ColumnIndex& column : moved) {
        if (column != kNoColumn) column = next++;
    }
    std::vector<double> squeezed(times_.size() * next, kAbsentMarker);
    for (std::size_t row = 0; row < count_; ++row) {
        const double* from = this->row(row);
        double* to = squeezed.data() + row * next;
        for (std::size_t column = 0; column < columns_; ++column) {
            if (moved[column] != kNoColumn) to[moved[column]] = from[column];
        }
    }
    std::rotate(times_.begin(), times_.begin() + static_cast<std::ptrdiff_t>(first_), times_.end());
    first_ = 0;
    values_ = std::move(squeezed);
    stride_ = columns_ = next;
    free_columns_ = {};
    return moved;
}

std::size_t Timeline::bytes() const {
    return sizeof(*this) + times_.capacity() * sizeof(Timestamp) + values_.capacity() * sizeof(double) +
           free_columns_.capacity() * sizeof(ColumnIndex);
}

// Afterwards the oldest row is the first of the ring.
void Timeline::lay_out(std::size_t rows_max, std::size_t stride) {
    std::vector<Timestamp> times(rows_max);
    std::vector<double> values(rows_max * stride, kAbsentMarker);
    for (std::size_t row = 0; row < count_; ++row) {
        times[row] = time(row);
        std::copy_n(this->row(row), columns_, values.data() + row * stride);
    }
    times_ = std::move(times);
    values_ = std::move(values);
    stride_ = stride;
    first_ = 0;
}

}  // namespace tocsin
