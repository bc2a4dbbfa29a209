#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/eval/evaluation.h"
#include "engine/eval/rows.h"

namespace tocsin {

class RangeSource;

/// A value for each row; those whose `present` is 0 are not there and may be anything.
struct Column {
    std::vector<double> values;
    std::vector<std::uint8_t> present;

    void resize(std::size_t rows) {
        values.resize(rows);
        present.resize(rows);
    }
};

/// A node of a plan at work: computes a column of values over rows. Scalars are columns of one row.
///
/// evaluate() looks at labels only when the rows of its inputs are others than last time; in the steady state it runs over numbers and
/// allocates nothing. Pointers it gave out are valid until the next call.
class Operator : public RowSource {
public:
    /// Computes the value at `at_ms`, unless this run did so already.
    Status evaluate(Evaluation& evaluation, std::int64_t at_ms);

    const RowsPtr& rows() const final { return rows_; }
    const double* values() const { return values_; }
    const std::uint8_t* present() const { return present_; }
    bool is_present(std::size_t row) const { return present_[row] != 0; }
    /// Of a scalar.
    double scalar() const { return values_[0]; }

    /// What it may have to say; null when never anything.
    virtual const Notes* notes() const { return nullptr; }

    /// What it knows about labels from one evaluation to the next, for people: `12 groups`. Empty when that is nothing of its own.
    virtual std::string kept() const { return {}; }
    /// The range vector that it reads; null for most.
    virtual RangeSource* range_read() const { return nullptr; }

    /// The rows in the order in which an instant query shows them; false when any order does.
    virtual bool result_order(std::vector<std::uint32_t>&) const { return false; }

protected:
    virtual Status compute(Evaluation& evaluation, std::int64_t at_ms) = 0;

    /// Makes the operator's own column as long as its rows and shows it. What is in it is left from last time.
    Column& own_column();
    void show(const double* values, const std::uint8_t* present) {
        values_ = values;
        present_ = present;
    }

    RowsPtr rows_ = std::make_shared<const Rows>();
    Column column_;

private:
    const double* values_ = nullptr;
    const std::uint8_t* present_ = nullptr;
    std::uint64_t run_ = 0;
    std::int64_t at_ms_ = 0;
};

using OperatorPtr = std::shared_ptr<Operator>;

}  // namespace tocsin
