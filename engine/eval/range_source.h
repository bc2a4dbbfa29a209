#pragma once

#include <memory>
#include <optional>
#include <span>

#include "engine/eval/operator.h"
#include "engine/plan/plan.h"
#include "engine/store/store.h"

namespace tocsin {

/// A range vector, as blocks of series that share timestamps. Cells are samples or missing (base/sample.h).
class RangeSource : public RowSource {
public:
    struct Block {
        std::span<const double* const> rows;  // oldest first; may be empty
        std::span<const std::int64_t> times_ms;
        std::size_t first_column = 0;
        std::size_t columns = 0;
        std::size_t first_row = 0;  // of rows()
    };

    /// Finds the range as seen at `at_ms`; rows() is up to date then.
    virtual Status open(Evaluation& evaluation, std::int64_t at_ms) = 0;
    /// The next block of the range; false at the end. A block is valid until the next call.
    virtual bool next(Block& block) = 0;

    /// As of Operator.
    virtual std::string kept() const { return {}; }
    std::int64_t start_ms() const { return start_ms_; }
    std::int64_t end_ms() const { return end_ms_; }
    virtual Extension extension() const { return Extension::None; }
    /// Whether it is known of any series when its counter began.
    virtual bool has_start_times() const { return false; }
    /// For each sample that gather() gives: when its counter began, 0 where that is not known. `starts_ms` stays empty when it is
    /// known of none.
    virtual void gather_start_times(const Block&, std::size_t, std::vector<std::int64_t>& starts_ms) const { starts_ms.clear(); }

protected:
    std::int64_t start_ms_ = 0;  // exclusive
    std::int64_t end_ms_ = 0;    // inclusive
};

using RangeSourcePtr = std::unique_ptr<RangeSource>;

/// `start_times`: the series with the start times of the others, when those are wanted.
RangeSourcePtr make_window(Store::SelectionHandle handle, const PlanWindow& plan,
                           std::optional<Store::SelectionHandle> start_times = std::nullopt);

/// The values of `operand` at all multiples of the step within the range.
RangeSourcePtr make_subquery(OperatorPtr operand, const PlanSubquery& plan);

/// The samples of one column of a block that are there, oldest first, into `values` and `times_ms`.
void gather(const RangeSource::Block& block, std::size_t column, std::vector<double>& values, std::vector<std::int64_t>& times_ms);

}  // namespace tocsin
