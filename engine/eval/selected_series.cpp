#include "engine/eval/selected_series.h"

#include <algorithm>

#include "engine/eval/metadata_labels.h"

namespace tocsin {
namespace {

bool names_one_metric(const Matchers& matchers) {
    return std::ranges::any_of(matchers, [](const Matcher& matcher) {
        return matcher.name() == kMetricNameLabel && matcher.op() == MatchOp::Equal;
    });
}

}  // namespace

SelectedSeries::SelectedSeries(Store::SelectionHandle handle)
    : handle_(std::move(handle)), selection_(&handle_.get()), one_name_(names_one_metric(selection_->matchers())) {}

void SelectedSeries::refresh() {
    selection_ = &handle_.get();
    if (selection_->generation() == generation_) return;
    generation_ = selection_->generation();

    const std::vector<LabelSet>& labels = selection_->labels();
    if (table_.crowded(labels.size())) table_.clear();
    auto rows = std::make_shared<Rows>();
    rows->ids.reserve(labels.size());
    for (const LabelSet& series : labels) {
        const std::size_t known = table_.size();
        rows->ids.push_back(table_.intern(series));
        if (table_.size() != known && has_type_or_unit(series)) seen_type_or_unit_ = true;
    }
    rows_ = std::move(rows);
}

}  // namespace tocsin
