#include "rules/recording_rule.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "rules/present_rows.h"

namespace tocsin {
namespace {

constexpr RecordedSeries::Cell kNotAskedFor = 0xffff'ffff;
constexpr RecordedSeries::Cell kNotWanted = 0xffff'fffe;

}  // namespace

LabelSet RecordingRule::output_labels(const LabelSet& labels) const {
    LabelBuilder builder(labels);
    builder.set(kMetricNameLabel, definition_.name);
    for (const RuleText& label : definition_.labels) builder.set(label.name, label.text);
    return builder.build();
}

// Everything about labels, once for a frame; what is wanted may change with a reload.
void RecordingRule::bind(const InstantVector& result) {
    const bool same_frame = bound_ == result.frame;
    if (!same_frame) {
        bound_ = result.frame;
        find_twins(*bound_);
    }
    if (!same_frame || cells_generation_ != series_.generation()) {
        cells_.assign(result.size(), kNotAskedFor);
        cells_generation_ = series_.generation();
    }
}

// Label sets of a frame differ; those that come of them can only be the same where a name or a label of the rule's
// covers the difference.
void RecordingRule::find_twins(const Frame& frame) {
    twins_.clear();
    const bool may_have_twins =
        !definition_.labels.empty() || std::any_of(frame.labels.begin(), frame.labels.end(),
                                                   [](const LabelSet& l) { return l.has(kMetricNameLabel); });
    if (!may_have_twins) return;
    std::unordered_map<LabelSet, std::uint32_t, LabelSetHash> first;
    for (std::uint32_t row = 0; row < frame.labels.size(); ++row) {
        twins_.push_back(first.emplace(output_labels(frame.labels[row]), row).first->second);
    }
    if (first.size() == frame.labels.size()) twins_.clear();
    seen_.assign(twins_.size(), 0);
}

Status RecordingRule::check(const InstantVector& result, std::size_t limit) {
    ++evaluation_;
    if (!twins_.empty()) {
        for (auto row = next_present(result, 0); row < result.size(); row = next_present(result, row + 1)) {
            if (std::exchange(seen_[twins_[row]], evaluation_) == evaluation_) {
                return fail(Error::Kind::InvalidInput,
                            "vector contains metrics with the same labelset after applying rule labels");
            }
        }
    }
    if (limit == 0 || result.size() <= limit) return {};
    const auto count = count_present(result);
    if (count <= limit) return {};
    return fail(Error::Kind::LimitExceeded, fmt::format("exceeded limit of {} with {} series", limit, count));
}

RecordedSeries::Cell RecordingRule::cell_of(const InstantVector& result, std::size_t row) {
    return series_.cell_of(output_labels(result.frame->labels[row])).value_or(kNotWanted);
}

Status RecordingRule::apply(const InstantVector& result, std::size_t limit) {
    bind(result);
    if (auto good = check(result, limit); !good) return good;
    samples_ = 0;
    series_.begin();
    for (auto row = next_present(result, 0); row < result.size(); row = next_present(result, row + 1)) {
        if (cells_[row] == kNotAskedFor) cells_[row] = cell_of(result, row);
        if (cells_[row] != kNotWanted) series_.write(cells_[row], result.values[row]);
        ++samples_;
    }
    series_.end();
    return {};
}

}  // namespace tocsin
