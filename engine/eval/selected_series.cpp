#include "engine/eval/selected_series.h"

#include <fmt/format.h>

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

    // Whoever drops names has to know of types and units; only series that are new have to be looked at for that.
    const std::vector<RowId>& ids = selection_->ids();
    RowId newest = newest_;
    for (std::size_t row = 0; row < ids.size() && !seen_type_or_unit_; ++row) {
        if (ids[row] <= newest_) continue;
        seen_type_or_unit_ = has_type_or_unit(selection_->labels()[row]);
        newest = std::max(newest, ids[row]);
    }
    newest_ = newest;
    rows_ = std::make_shared<const Rows>(Rows{ids});
}

std::string SelectedSeries::kept() const {
    return fmt::format("{} series in {} runs of columns", size(), selection_->runs().size());
}

}  // namespace tocsin
