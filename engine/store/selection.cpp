#include "engine/store/selection.h"

#include <algorithm>

#include "engine/store/series_table.h"

namespace tocsin {

void Selection::refresh(const SeriesTable& table) {
    const auto place = [&](SeriesNumber number) {
        return (std::uint64_t{table[number].timeline} << 32) | table[number].column;
    };
    const auto first_new = members_.begin() + static_cast<std::ptrdiff_t>(labels_.size());
    std::sort(first_new, members_.end(), [&](auto a, auto b) { return place(a) < place(b); });

    // Those that were there keep their order among each other whatever happens to columns, so one merge does it.
    std::vector<std::uint32_t> members;
    std::vector<LabelSet> labels;
    std::vector<std::uint64_t> ids;
    members.reserve(members_.size());
    labels.reserve(members_.size());
    ids.reserve(members_.size());
    auto added = first_new;
    for (std::size_t old = 0; old < labels_.size() || added != members_.end();) {
        if (added == members_.end() || (old < labels_.size() && place(members_[old]) < place(*added))) {
            members.push_back(members_[old]);
            ids.push_back(ids_[old]);
            labels.push_back(std::move(labels_[old++]));
        } else {
            members.push_back(*added);
            labels.push_back(table[*added++].labels);
            label_bytes_ += labels.back().packed_bytes();
            ids.push_back(++ids_given_);
        }
    }
    members_ = std::move(members);
    labels_ = std::move(labels);
    ids_ = std::move(ids);

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
    ++generation_;
}

void Selection::drop_forgotten(const SeriesTable& table) {
    const std::size_t before = members_.size();
    std::size_t kept = 0;
    std::size_t kept_labels = 0;
    for (std::size_t i = 0; i < before; ++i) {
        if (table[members_[i]].timeline == kNoTimeline) {
            if (i < labels_.size()) label_bytes_ -= labels_[i].packed_bytes();
            continue;
        }
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

void Selection::moved(std::uint32_t member) {
    const auto it = std::ranges::find(members_, member);
    if (it == members_.end()) return;
    const auto index = it - members_.begin();
    if (static_cast<std::size_t>(index) < labels_.size()) {
        label_bytes_ -= labels_[static_cast<std::size_t>(index)].packed_bytes();
        labels_.erase(labels_.begin() + index);
        ids_.erase(ids_.begin() + index);
        members_.erase(it);
        members_.push_back(member);
    }
    dirty_ = true;
}

void Selection::renumbered(const SeriesTable& table, TimelineId timeline) {
    if (std::ranges::any_of(members_, [&](auto member) { return table[member].timeline == timeline; })) dirty_ = true;
}

std::size_t Selection::bytes() const {
    return sizeof(*this) + members_.capacity() * sizeof(members_[0]) + runs_.capacity() * sizeof(Run) +
           labels_.capacity() * sizeof(LabelSet) + label_bytes_;
}

}  // namespace tocsin
