#include "engine/eval/rows.h"

namespace tocsin {

RowsPtr scalar_rows() {
    static const RowsPtr rows = std::make_shared<const Rows>(Rows{{0}});
    return rows;
}

RowId LabelTable::intern(const LabelSet& labels, bool drops_name) {
    const auto index = static_cast<std::uint32_t>(entries_.size());
    const auto [place, is_new] = first_with_hash_.try_emplace(labels.hash(), index);
    std::uint32_t before = kNone;
    if (!is_new) {
        for (std::uint32_t i = place->second; i != kNone; i = entries_[i].next) {
            if (entries_[i].drops_name == drops_name && entries_[i].labels == labels) return first_ + i;
            before = i;
        }
    }
    entries_.push_back({labels, drops_name, kNone});
    if (before != kNone) entries_[before].next = index;
    return first_ + index;
}

void LabelTable::clear() {
    first_ += entries_.size();
    entries_.clear();
    first_with_hash_.clear();
}

}  // namespace tocsin
