#include "rules/group_timeline.h"

#include <utility>

#include "base/sample.h"
#include "engine/store/scrape_recovery.h"

namespace tocsin {

GroupTimeline::GroupTimeline(Store& store, ScrapeLog* log, ScrapeOwner owner)
    : store_(store), id_(store.create_timeline()), log_(log), owner_(std::move(owner)) {
    if (log_ == nullptr) return;
    append_recovered(log_->take_recovered(owner_), store_, id_);
    change_hands();
}

GroupTimeline::~GroupTimeline() {
    if (log_ != nullptr) log_->removed(id_);
    store_.when_thawed([&store = store_, id = id_] { store.remove_timeline(id); });
}

void GroupTimeline::begin(Timestamp at) {
    at_ = at;
    has_row_ = refused_ = false;
}

std::optional<ColumnIndex> GroupTimeline::column_for(const LabelSet& labels) {
    columns_changed_ = true;
    return store_.column_for(id_, labels);
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
    end_left_behind();
    if (log_ == nullptr || !has_row_) return;
    log_->appended(owner_, id_, false, store_.timeline(id_).retention(), store_, std::exchange(columns_changed_, false));
}

void GroupTimeline::end_left_behind() {
    if (left_behind_.empty() || !begin_row()) return;
    const auto row = store_.timeline(id_).last_row();
    for (const LabelSet& labels : left_behind_) {
        const auto column = store_.find_column(id_, labels);
        if (column && is_absent(row[*column])) row[*column] = kStaleMarker;
    }
    left_behind_ = {};
}

}  // namespace tocsin
