#include "rules/group_timeline.h"

#include "base/sample.h"

namespace tocsin {

GroupTimeline::~GroupTimeline() {
    store_.when_thawed([&store = store_, id = id_] { store.remove_timeline(id); });
}

void GroupTimeline::begin(Timestamp at) {
    at_ = at;
    has_row_ = refused_ = false;
}

bool GroupTimeline::begin_row() {
    if (!has_row_ && !refused_) {
        has_row_ = store_.append(id_, at_, {});
        refused_ = !has_row_;
    }
    return has_row_;
}

void GroupTimeline::write(ColumnIndex column, double value) {
    if (begin_row()) store_.timeline(id_).last_row()[column] = value;
}

void GroupTimeline::change_hands() {
    const Timeline& timeline = store_.timeline(id_);
    if (timeline.empty()) return;
    for (ColumnIndex column = 0; column < timeline.columns(); ++column) {
        if (!is_missing(timeline.at(timeline.rows() - 1, column)))
            left_behind_.push_back(store_.labels_of(id_, column));
    }
}

void GroupTimeline::end() {
    if (left_behind_.empty() || !begin_row()) return;
    const auto row = store_.timeline(id_).last_row();
    for (const LabelSet& labels : left_behind_) {
        const auto column = store_.find_column(id_, labels);
        if (column && is_absent(row[*column])) row[*column] = kStaleMarker;
    }
    left_behind_ = {};
}

}  // namespace tocsin
