#include "rules/recorded_series.h"

#include "base/sample.h"

namespace tocsin {
namespace {

// Fewer are not worth asking for all cells anew.
constexpr std::size_t kForgetFrom = 64;

}  // namespace

std::optional<RecordedSeries::Cell> RecordedSeries::cell_of(const LabelSet& labels) {
    if (!timeline_.store().series_wanted(labels)) return std::nullopt;
    const auto [entry, is_new] = by_labels_.try_emplace(labels, static_cast<Cell>(slots_.size()));
    if (is_new) slots_.push_back({&entry->first, std::nullopt});
    return entry->second;
}

// Columns move when the timeline is squeezed, and a series that ended long ago has none any more.
void RecordedSeries::begin() {
    ++cycle_;
    const Store& store = timeline_.store();
    const auto layout = store.layout_generation(timeline_.id());
    if (layout == layout_) return;
    for (Slot& slot : slots_) slot.column = store.find_column(timeline_.id(), *slot.labels);
    layout_ = layout;
}

void RecordedSeries::write(Cell cell, double value) {
    Slot& slot = slots_[cell];
    slot.written = cycle_;
    if (!slot.column) slot.column = timeline_.column_for(*slot.labels);
    if (slot.column) timeline_.write(*slot.column, value);
}

void RecordedSeries::end() {
    std::size_t written = 0;
    for (const Slot& slot : slots_) {
        written += slot.written == cycle_ ? 1 : 0;
        if (slot.written + 1 == cycle_ && slot.column) timeline_.write(*slot.column, kStaleMarker);
    }
    if (slots_.size() > kForgetFrom && slots_.size() > 2 * written) forget_ended();
}

// Series that come and go must not pile up here.
void RecordedSeries::forget_ended() {
    std::vector<Slot> kept;
    for (auto entry = by_labels_.begin(); entry != by_labels_.end();) {
        const Slot& slot = slots_[entry->second];
        if (slot.written != cycle_) {
            entry = by_labels_.erase(entry);
            continue;
        }
        entry->second = static_cast<Cell>(kept.size());
        kept.push_back(slot);
        ++entry;
    }
    slots_ = std::move(kept);
    ++forgotten_;
}

}  // namespace tocsin
