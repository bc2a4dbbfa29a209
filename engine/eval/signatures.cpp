#include <boost/unordered/unordered_flat_map.hpp>

#include "engine/eval/vector_matching.h"

namespace tocsin {

LabelSet match_labels(const VectorMatching& matching, const LabelSet& labels) {
    return matching.on ? labels.only(matching.labels) : labels.without(matching.labels).without_metric_name();
}

bool Signatures::update(const RowSource& left, const RowSource& right) {
    if (left_rows_ == left.rows() && right_rows_ == right.rows()) return false;
    left_rows_ = left.rows();
    right_rows_ = right.rows();
    const std::size_t rows = left_rows_->ids.size() + right_rows_->ids.size();
    if (table_.crowded(rows) || left_ids_.crowded(rows) || right_ids_.crowded(rows)) {
        table_.clear();
        left_ids_.clear();
        right_ids_.clear();
    }
    boost::unordered_flat_map<RowId, std::uint32_t> dense;
    dense.reserve(rows);
    const auto number = [&](const RowSource& side, RowCache<RowId>& known, std::vector<std::uint32_t>& numbers) {
        const std::vector<RowId>& ids = side.rows()->ids;
        numbers.resize(ids.size());
        for (std::size_t i = 0; i < ids.size(); ++i) {
            const RowId id =
                known.get(ids[i], [&] { return table_.intern(match_labels(matching_, side.labels(i))); });
            numbers[i] = dense.try_emplace(id, static_cast<std::uint32_t>(dense.size())).first->second;
        }
    };
    number(left, left_ids_, of_left_);
    number(right, right_ids_, of_right_);
    count_ = dense.size();
    return true;
}

}  // namespace tocsin
