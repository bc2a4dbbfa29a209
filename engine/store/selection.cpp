#include "engine/store/selection.h"

#include <algorithm>
#include <numeric>

#include "engine/store/series_table.h"

namespace tocsin {

namespace {

// By timeline, then by column: the order of members.
std::uint64_t place(const SeriesTable& table, SeriesNumber number) {
    return (std::uint64_t{table[number].timeline} << 32) | table[number].column;
}

}  // namespace

void Selection::refresh(const SeriesTable& table) {
    if (disordered_) restore_order(table);
    add_new_labels(table);
    find_runs(table);
    ++generation_;
}

void Selection::restore_order(const SeriesTable& table) {
    std::vector<std::size_t> order(labels_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return place(table, members_[i]); });
    std::vector<std::uint32_t> members;
    std::vector<LabelSet> labels;
    std::vector<std::uint64_t> ids;
    members.reserve(members_.size());
    labels.reserve(members_.size());
    ids.reserve(members_.size());
    for (const std::size_t i : order) {
        members.push_back(members_[i]);
        labels.push_back(std::move(labels_[i]));
        ids.push_back(ids_[i]);
    }
    members.insert(members.end(), members_.begin() + static_cast<std::ptrdiff_t>(order.size()), members_.end());
    members_ = std::move(members);
    labels_ = std::move(labels);
    ids_ = std::move(ids);
    disordered_ = false;
}

// One merge: those that were there are in order, whatever happened to the numbers of columns.
void Selection::add_new_labels(const SeriesTable& table) {
    const auto first_new = members_.begin() + static_cast<std::ptrdiff_t>(labels_.size());
    if (first_new == members_.end()) return;
    std::sort(first_new, members_.end(), [&](auto a, auto b) { return place(table, a) < place(table, b); });
    std::vector<std::uint32_t> members;
    std::vector<LabelSet> labels;
    std::vector<std::uint64_t> ids;
    members.reserve(members_.size());
    labels.reserve(members_.size());
    ids.reserve(members_.size());
    auto added = first_new;
    for (std::size_t old = 0; old < labels_.size() || added != members_.end();) {
        if (added == members_.end() || (old < labels_.size() && place(table, members_[old]) < place(table, *added))) {
            members.push_back(members_[old]);
            ids.push_back(ids_[old]);
            labels.push_back(std::move(labels_[old++]));
        } else {
            members.push_back(*added);
            labels.push_back(table[*added++].labels);
            ids.push_back(++ids_given_);
        }
    }
    members_ = std::move(members);
    labels_ = std::move(labels);
    ids_ = std::move(ids);
}

void Selection::find_runs(const SeriesTable& table) {
    runs_.clear();
    for (std::uint32_t i = 0; i < members_.size(); ++i) {
        const SeriesTable::Series& series = table[members_[i]];
        const Timeline* timeline = &table.home(series.timeline).timeline;
        if (!runs_.empty() && runs_.back().timeline == timeline &&
            runs_.back().first_column + runs_.back().count == series.column) {
            ++runs_.back().count;
        } else {
            runs_.push_back({timeline, series.column, 1, i});
        }
    }
}

void Selection::drop_forgotten(const SeriesTable& table) {
    const std::size_t before = members_.size();
    std::size_t kept = 0;
    std::size_t kept_labels = 0;
    for (std::size_t i = 0; i < before; ++i) {
        if (table[members_[i]].timeline == kNoTimeline) continue;
        if (i < labels_.size()) {
            if (kept != i) labels_[kept] = std::move(labels_[i]);
            ids_[kept] = ids_[i];
            kept_labels = kept + 1;
        }
        members_[kept++] = members_[i];
    }
    if (kept == before) return;
    members_.resize(kept);
    labels_.resize(kept_labels);
    ids_.resize(kept_labels);
    dirty_ = true;
}

void Selection::renumbered(const SeriesTable& table, TimelineId timeline) {
    if (std::ranges::any_of(members_, [&](auto member) { return table[member].timeline == timeline; })) dirty_ = true;
}

std::size_t Selection::bytes() const {
    return sizeof(*this) + members_.capacity() * sizeof(members_[0]) + runs_.capacity() * sizeof(Run) +
           labels_.capacity() * sizeof(LabelSet) + ids_.capacity() * sizeof(ids_[0]);
}

}  // namespace tocsin
