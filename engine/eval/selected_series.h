#pragma once

#include "engine/eval/rows.h"
#include "engine/store/store.h"

namespace tocsin {

/// The series of one selector as rows.
class SelectedSeries final : public RowSource {
public:
    explicit SelectedSeries(Store::SelectionHandle handle);

    /// Call at the start of an evaluation.
    void refresh();

    const Selection& selection() const { return *selection_; }
    const RowsPtr& rows() const override { return rows_; }
    LabelSet labels(std::size_t row) const override { return selection_->labels()[row]; }
    bool distinct_without_name() const override { return one_name_ && !seen_type_or_unit_; }
    /// As of Operator.
    std::string kept() const;

private:
    Store::SelectionHandle handle_;
    const Selection* selection_;
    std::uint64_t generation_ = 0;
    RowId newest_ = 0;  // of the series seen so far; later ones have larger ids
    RowsPtr rows_ = std::make_shared<const Rows>();
    bool one_name_;
    bool seen_type_or_unit_ = false;
};

}  // namespace tocsin
