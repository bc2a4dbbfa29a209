#pragma once

#include "engine/eval/operator.h"
#include "parser/ast.h"

namespace tocsin {

struct VectorBinarySetup {
    BinaryOp op{};
    OperatorPtr left, right;
    bool return_bool = false;
    VectorMatching matching;  // labels sorted
    bool delays_names = false;
};

/// Arithmetic and comparisons between the series of two vectors that match.
OperatorPtr make_vector_binary(VectorBinarySetup setup);

/// and, or, unless.
OperatorPtr make_set_operation(VectorBinarySetup setup);

/// The labels by which a series is matched.
LabelSet match_labels(const VectorMatching& matching, const LabelSet& labels);

/// Gives the rows of two vectors numbers, dense from 0, such that rows match when their numbers are the same.
class Signatures {
public:
    explicit Signatures(const VectorMatching& matching) : matching_(matching) {}

    /// Call when both are evaluated; true when anything changed.
    bool update(const RowSource& left, const RowSource& right);

    const std::vector<std::uint32_t>& of_left() const { return of_left_; }
    const std::vector<std::uint32_t>& of_right() const { return of_right_; }
    std::size_t count() const { return count_; }

private:
    const VectorMatching& matching_;
    RowsPtr left_rows_, right_rows_;
    LabelTable table_;
    RowCache<RowId> left_ids_, right_ids_;
    std::vector<std::uint32_t> of_left_, of_right_;
    std::size_t count_ = 0;
};

}  // namespace tocsin
