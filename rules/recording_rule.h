#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/eval/frame.h"
#include "rules/recorded_series.h"
#include "rules/rule_file.h"

namespace tocsin {

/// Writes the result of its expression back as series, those that somebody reads. Scheduler's thread.
class RecordingRule {
public:
    RecordingRule(const RuleDefinition& definition, GroupTimeline& timeline)
        : definition_(definition), series_(timeline) {}

    /// Takes the result of an evaluation. On an error (the same label set twice, more than `limit` series) nothing is
    /// written.
    Status apply(const InstantVector& result, std::size_t limit);
    /// How many series the last result that was taken had.
    std::size_t samples() const { return samples_; }

private:
    LabelSet output_labels(const LabelSet& labels) const;
    void bind(const InstantVector& result);
    void find_twins(const Frame& frame);
    Status check(const InstantVector& result, std::size_t limit);
    RecordedSeries::Cell cell_of(const InstantVector& result, std::size_t row);

    const RuleDefinition& definition_;
    RecordedSeries series_;
    std::shared_ptr<const Frame> bound_;       // the frame that what follows belongs to
    std::vector<RecordedSeries::Cell> cells_;  // of each row, once it was in a result
    std::uint64_t cells_generation_ = 0;
    std::vector<std::uint32_t> twins_;  // the first row with the same output labels; empty: no two rows have the same
    std::vector<std::uint64_t> seen_;   // of such first rows: the evaluation in which one of them was in the result
    std::uint64_t evaluation_ = 0;
    std::size_t samples_ = 0;
};

}  // namespace tocsin
