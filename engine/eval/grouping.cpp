#include "engine/eval/grouping.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>

#include "engine/eval/metadata_labels.h"

namespace tocsin {

LabelSet GroupingLabels::of(const LabelSet& labels) const {
    return without ? without_metadata(labels.without(names)) : labels.only(names);
}

bool Grouping::update(const RowSource& input) {
    if (input_ == input.rows()) return false;
    input_ = input.rows();
    const std::vector<RowId>& ids = input_->ids;
    if (group_ids_.crowded(ids.size()) || groups_.crowded(ids.size())) {
        group_ids_.clear();
        groups_.clear();
    }
    auto rows = std::make_shared<Rows>();
    boost::unordered_flat_map<RowId, std::uint32_t> row_of;
    group_of_.resize(ids.size());
    drops_name_.clear();
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const RowId id = group_ids_.get(ids[i], [&] { return groups_.intern(by_.of(input.labels(i))); });
        const auto [place, is_new] = row_of.try_emplace(id, static_cast<std::uint32_t>(rows->ids.size()));
        if (is_new) {
            rows->ids.push_back(id);
            drops_name_.push_back(0);
        }
        group_of_[i] = place->second;
        if (input.drops_name(i)) drops_name_[place->second] = 1;
    }
    // The same groups are the same rows, so that what stands above has nothing to do.
    if (rows->ids != rows_->ids) rows_ = std::move(rows);
    nameless_ = by_.without || !std::ranges::any_of(by_.names, is_metadata_label);
    order_members(rows_->ids.size());
    find_segments();
    return true;
}

std::string Grouping::kept() const {
    return fmt::format("{} groups in {} stretches", rows_->ids.size(), segments_.size());
}

void Grouping::order_members(std::size_t groups) {
    begins_.assign(groups + 1, 0);
    for (const std::uint32_t group : group_of_) ++begins_[group + 1];
    for (std::size_t group = 0; group < groups; ++group) begins_[group + 1] += begins_[group];
    std::vector<std::size_t> next(begins_.begin(), begins_.end() - 1);
    members_.resize(group_of_.size());
    for (std::uint32_t i = 0; i < group_of_.size(); ++i) members_[next[group_of_[i]]++] = i;
}

void Grouping::find_segments() {
    segments_.clear();
    for (std::uint32_t row = 0; row < group_of_.size(); ++row) {
        if (!segments_.empty() && segments_.back().group == group_of_[row]) {
            ++segments_.back().rows;
        } else {
            segments_.push_back({row, 1, group_of_[row]});
        }
    }
}

}  // namespace tocsin
