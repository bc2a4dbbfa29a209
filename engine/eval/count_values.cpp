#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "base/sample.h"
#include "base/text.h"
#include "engine/eval/aggregate.h"

namespace tocsin {
namespace {

class CountValues final : public Operator {
public:
    CountValues(AggregateSetup setup, std::string label, bool in_subquery)
        : setup_(std::move(setup)), grouping_(setup_.grouping), label_(std::move(label)), in_subquery_(in_subquery) {}

    LabelSet labels(std::size_t row) const override { return table_.labels(rows_->ids[row]); }
    bool drops_name(std::size_t row) const override { return table_.drops_name(rows_->ids[row]); }
    std::string kept() const override { return fmt::format("{}, {} values", grouping_.kept(), row_of_.size()); }

protected:
    Status compute(Evaluation& evaluation, std::int64_t at_ms) override {
        if (!is_valid_utf8(label_) || label_.empty()) {
            return fail(Error::Kind::InvalidInput, fmt::format("invalid label name {}", go_quote(label_)));
        }
        const Operator& input = *setup_.operand;
        if (Status status = setup_.operand->evaluate(evaluation, at_ms); !status) return status;
        if (grouping_.update(input)) row_of_.clear();
        // A subquery reads the rows of all its steps at the end.
        const bool rows_are_needed = in_subquery_ && run_ == evaluation.run();
        if (!rows_are_needed && new_ids_.size() > 2 * input.size() + 1024) forget();
        run_ = evaluation.run();
        std::ranges::fill(counts_, 0.0);
        for (std::uint32_t i = 0; i < input.size(); ++i) {
            if (input.is_present(i)) ++counts_[row_for(grouping_.group_of()[i], input.values()[i])];
        }
        if (rows_->ids.size() != new_ids_.size()) rows_ = std::make_shared<const Rows>(Rows{new_ids_});
        Column& out = own_column();
        for (std::size_t row = 0; row < counts_.size(); ++row) {
            out.values[row] = counts_[row];
            out.present[row] = counts_[row] > 0 ? 1 : 0;
        }
        return {};
    }

private:
    // Rows are those of the values seen so far; a new value is a new row at the end.
    std::size_t row_for(std::uint32_t group, double value) {
        const std::uint64_t bits = std::bit_cast<std::uint64_t>(normalise_nan(value));
        const auto [place, is_new] = row_of_.try_emplace({group, bits}, 0);
        if (is_new) place->second = add_row(group, value);
        return place->second;
    }

    std::size_t add_row(std::uint32_t group, double value) {
        const LabelSet labels = LabelBuilder(grouping_.labels(group)).set(label_, format_value(value)).build();
        const RowId id = table_.intern(labels, grouping_.drops_name(group));
        // Rows that were there already: of a group that has another number now, or of 0 beside -0.
        const auto [place, is_new] = place_of_.try_emplace(id, new_ids_.size());
        if (!is_new) return place->second;
        new_ids_.push_back(id);
        counts_.push_back(0);
        return place->second;
    }

    void forget() {
        row_of_.clear();
        place_of_.clear();
        table_.clear();
        new_ids_.clear();
        counts_.clear();
        rows_ = std::make_shared<const Rows>();
    }

    AggregateSetup setup_;
    Grouping grouping_;
    std::string label_;
    bool in_subquery_;
    std::uint64_t run_ = 0;
    LabelTable table_;
    boost::unordered_flat_map<std::pair<std::uint32_t, std::uint64_t>, std::size_t> row_of_;
    boost::unordered_flat_map<RowId, std::size_t> place_of_;  // in new_ids_
    std::vector<RowId> new_ids_;
    std::vector<double> counts_;
};

}  // namespace

OperatorPtr make_count_values(AggregateSetup setup, std::string label, bool in_subquery) {
    return std::make_shared<CountValues>(std::move(setup), std::move(label), in_subquery);
}

}  // namespace tocsin
