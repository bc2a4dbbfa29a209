#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/eval/operator.h"
#include "engine/eval/rows.h"

namespace tocsin {

/// Rows made of other rows by changing their labels. Where two become one, at most one of them may be present at a time.
class RowMapping {
public:
    struct Target {
        LabelSet labels;
        bool drops_name = false;
    };
    using Transform = std::function<Target(const LabelSet&, bool drops_name)>;

    /// Call when the rows of `input` changed.
    void update(const RowSource& input, const Transform& transform);

    const RowsPtr& rows() const { return rows_; }
    const LabelSet& labels(std::size_t row) const { return table_.labels(rows_->ids[row]); }
    bool drops_name(std::size_t row) const { return table_.drops_name(rows_->ids[row]); }
    std::string kept() const;
    /// Row i of the input became row i.
    bool in_place() const { return in_place_; }

    /// Moves the cells to their new rows; `out` has as many as rows().
    Status apply(const double* values, const std::uint8_t* present, Column& out) const;

private:
    LabelTable table_;
    RowCache<RowId> targets_;
    std::vector<std::uint32_t> target_;  // by row of the input
    RowsPtr rows_ = std::make_shared<const Rows>();
    bool in_place_ = true;
};

/// What an operator that computes with values does to names: keeps them, drops them, or has them dropped at the end.
class NameDrop {
public:
    enum class Mode { Keep, Drop, Delay };
    explicit NameDrop(Mode mode) : mode_(mode) {}

    /// Call before anything else once the input is evaluated; true when the rows changed.
    bool update(const RowSource& input);

    const RowsPtr& rows() const { return mapped_ ? mapping_.rows() : input_; }
    LabelSet labels(const RowSource& input, std::size_t row) const;
    bool drops_name(const RowSource& input, std::size_t row) const;
    bool distinct_without_name(const RowSource& input) const;

    /// As of Operator.
    std::string kept() const { return mapped_ ? mapping_.kept() : std::string(); }

    /// Whether row i of the input is row i of the output; otherwise cells have to be moved by apply().
    bool in_place() const { return !mapped_ || mapping_.in_place(); }
    Status apply(const double* values, const std::uint8_t* present, Column& out) const {
        return mapping_.apply(values, present, out);
    }

private:
    Mode mode_;
    RowsPtr input_;
    bool mapped_ = false;
    RowMapping mapping_;
};

}  // namespace tocsin
