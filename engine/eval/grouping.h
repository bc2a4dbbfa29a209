#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/eval/rows.h"

namespace tocsin {

/// `by (…)` or `without (…)`.
struct GroupingLabels {
    std::vector<std::string> names;  // sorted
    bool without = false;

    /// The labels of the group that a series belongs to.
    LabelSet of(const LabelSet& labels) const;
};

/// Which group each row of a vector belongs to.
class Grouping {
public:
    explicit Grouping(GroupingLabels labels) : by_(std::move(labels)) {}

    /// Call once the input is evaluated; true when groups or rows changed.
    bool update(const RowSource& input);

    /// Of each row of the input: its group, which is a row of rows().
    const std::vector<std::uint32_t>& group_of() const { return group_of_; }
    const RowsPtr& rows() const { return rows_; }
    const LabelSet& labels(std::size_t group) const { return groups_.labels(rows_->ids[group]); }
    bool drops_name(std::size_t group) const { return drops_name_[group] != 0; }
    /// As of Operator.
    std::string kept() const;
    /// No group has a metric name.
    bool nameless() const { return nameless_; }
    /// Neighbouring rows of the input that belong to one group.
    struct Segment {
        std::uint32_t first_row;
        std::uint32_t rows;
        std::uint32_t group;
    };
    /// All rows of the input, in order.
    const std::vector<Segment>& segments() const { return segments_; }
    /// The rows of the input, group by group: those of group g are [begin(g), begin(g + 1)).
    const std::vector<std::uint32_t>& members() const { return members_; }
    std::size_t begin(std::size_t group) const { return begins_[group]; }

private:
    void order_members(std::size_t groups);
    void find_segments();

    GroupingLabels by_;
    RowsPtr input_;
    LabelTable groups_;
    RowCache<RowId> group_ids_;
    std::vector<std::uint32_t> group_of_;
    std::vector<std::uint32_t> members_;
    std::vector<std::size_t> begins_;
    std::vector<Segment> segments_;
    std::vector<std::uint8_t> drops_name_;
    RowsPtr rows_ = std::make_shared<const Rows>();
    bool nameless_ = true;
};

}  // namespace tocsin
