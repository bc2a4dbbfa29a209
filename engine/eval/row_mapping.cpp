#include "engine/eval/row_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>

#include "engine/eval/metadata_labels.h"

namespace tocsin {

void RowMapping::update(const RowSource& input, const Transform& transform) {
    const std::vector<RowId>& ids = input.rows()->ids;
    if (targets_.crowded(ids.size()) || table_.crowded(ids.size())) {
        targets_.clear();
        table_.clear();
    }
    auto rows = std::make_shared<Rows>();
    boost::unordered_flat_map<RowId, std::uint32_t> row_of;
    row_of.reserve(ids.size());
    target_.resize(ids.size());
    in_place_ = true;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const RowId target = targets_.get(ids[i], [&] {
            const Target made = transform(input.labels(i), input.drops_name(i));
            return table_.intern(made.labels, made.drops_name);
        });
        const auto [place, is_new] = row_of.try_emplace(target, static_cast<std::uint32_t>(rows->ids.size()));
        if (is_new) rows->ids.push_back(target);
        target_[i] = place->second;
        in_place_ = in_place_ && place->second == i;
    }
    rows_ = std::move(rows);
}

std::string RowMapping::kept() const { return fmt::format("labels of {} rows made of {}", rows_->ids.size(), target_.size()); }

Status RowMapping::apply(const double* values, const std::uint8_t* present, Column& out) const {
    std::ranges::fill(out.present, std::uint8_t{0});
    for (std::size_t i = 0; i < target_.size(); ++i) {
        if (present[i] == 0) continue;
        const std::uint32_t row = target_[i];
        if (out.present[row] != 0) return fail_with_duplicate_labels();
        out.present[row] = 1;
        out.values[row] = values[i];
    }
    return {};
}

bool NameDrop::update(const RowSource& input) {
    if (input_ == input.rows()) return false;
    input_ = input.rows();
    mapped_ = mode_ == Mode::Drop && !input.distinct_without_name();
    if (mapped_) {
        mapping_.update(input, [](const LabelSet& labels, bool) { return RowMapping::Target{without_metadata(labels)}; });
    }
    return true;
}

LabelSet NameDrop::labels(const RowSource& input, std::size_t row) const {
    if (mapped_) return mapping_.labels(row);
    return mode_ == Mode::Drop ? without_metadata(input.labels(row)) : input.labels(row);
}

bool NameDrop::drops_name(const RowSource& input, std::size_t row) const {
    return mode_ == Mode::Delay || (mode_ == Mode::Keep && input.drops_name(row));
}

bool NameDrop::distinct_without_name(const RowSource& input) const {
    return mode_ == Mode::Drop || input.distinct_without_name();
}

}  // namespace tocsin
