#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/labels.h"

/// Rows are the label sets of a vector as the evaluator holds them: each one a number. What was found out about the labels of a row is
/// remembered by that number, so that a series that is born or dies costs work for itself and not for its neighbours.
namespace tocsin {

/// Stands for one label set of one operator, and for no other as long as the operator lives.
using RowId = std::uint64_t;

struct Rows {
    std::vector<RowId> ids;
};

/// As long as the pointer is the same, so are the rows.
using RowsPtr = std::shared_ptr<const Rows>;

/// The one row, without labels, of a scalar.
RowsPtr scalar_rows();

/// Something that has rows with labels.
class RowSource {
public:
    virtual ~RowSource() = default;
    virtual const RowsPtr& rows() const = 0;
    std::size_t size() const { return rows()->ids.size(); }
    /// Composed when asked; never needed while rows() stays the same.
    virtual LabelSet labels(std::size_t row) const = 0;
    /// With delayed name removal: the metric name is still there and goes at the end.
    virtual bool drops_name(std::size_t) const { return false; }
    /// Whether the rows are told apart by more than metric name, type and unit, as far as is known without looking.
    virtual bool distinct_without_name() const { return false; }
};

/// Whether so much of what is remembered is about rows that are gone that it is worth beginning anew.
constexpr bool is_crowded(std::size_t remembered, std::size_t rows) {
    return remembered > rows + rows / 4 + 1024;
}

/// What was found out about rows, by their ids.
template <class T>
class RowCache {
public:
    template <class Make>
    T& get(RowId id, Make&& make) {
        const auto found = known_.find(id);
        if (found != known_.end()) return found->second;
        return known_.emplace(id, std::forward<Make>(make)()).first->second;
    }
    bool crowded(std::size_t rows) const { return is_crowded(known_.size(), rows); }
    void clear() { known_.clear(); }

private:
    boost::unordered_flat_map<RowId, T> known_;
};

/// Gives label sets ids. One whose name is yet to be dropped is another one than the same without.
class LabelTable {
public:
    RowId intern(const LabelSet& labels, bool drops_name = false);
    const LabelSet& labels(RowId id) const { return entries_[id - first_].labels; }
    bool drops_name(RowId id) const { return entries_[id - first_].drops_name; }

    std::size_t size() const { return entries_.size(); }
    bool crowded(std::size_t rows) const { return is_crowded(size(), rows); }
    /// Ids that were given out mean nothing from here on, and are not given out again.
    void clear();

private:
    static constexpr std::uint32_t kNone = 0xffff'ffff;
    struct Entry {
        LabelSet labels;
        bool drops_name = false;
        std::uint32_t next = kNone;  // with the same hash
    };
    boost::unordered_flat_map<std::uint64_t, std::uint32_t> first_with_hash_;
    std::vector<Entry> entries_;
    RowId first_ = 0;
};

}  // namespace tocsin
