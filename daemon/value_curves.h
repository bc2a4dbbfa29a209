#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/labels.h"
#include "base/time.h"
#include "engine/eval/frame.h"
#include "rules/rule_manager.h"
#include "rules/threshold.h"

namespace tocsin {

/// The smallest and the greatest value within one step of time; nothing was there where `low` is greater than `high`.
struct ValueRange {
    double low, high;
    ValueRange();
    bool empty() const { return low > high; }
    void take(double value);
};

/// One series through a replay.
struct ValueCurve {
    LabelSet labels;
    std::vector<ValueRange> steps;
    ValueRange whole;
    std::size_t held = 0;  // at how many evaluations the comparison held for it
};

/// What a rule compared with its threshold.
struct ValueCurvesView {
    BinaryOp op{};
    double number = 0;
    Timestamp start{};
    Duration step{0};                // that each of the steps lasts
    bool is_exact = false;           // a step has one evaluation at most
    std::vector<ValueCurve> curves;  // those nearest to an alert
    std::vector<ValueRange> band;    // of all series, where more than the curves were there
    ValueRange whole;                // of all finite values
    std::size_t series = 0;          // how many there were at the same time, at most
};

/// The values that one rule compares with a number, within bounds: per step of time their range, for all series and for
/// each of some.
class ValueCurves {
public:
    struct Limits {
        std::size_t steps = 240;
        std::size_t kept = 100;      // series that are followed
        std::size_t shown = 6;       // for which the comparison held
        std::size_t shown_idle = 2;  // or as many, where there are fewer of those
    };
    /// `budget`: how many series may be followed yet, of all rules; it outlives this.
    ValueCurves(Timestamp start, Timestamp end, Duration interval, const Threshold& threshold, const Limits& limits,
                std::size_t& budget);

    void add(Timestamp at, const InstantVector& value);
    /// Those for which the comparison held longest, then those that came nearest.
    ValueCurvesView view() const;

private:
    static constexpr std::size_t kNotFollowed = SIZE_MAX;

    void bind(const std::shared_ptr<const Frame>& frame);
    void take(std::size_t row, std::size_t step, double number);
    void follow(std::size_t row, bool holds);
    std::size_t place_for(bool holds);
    void vacate(std::size_t place);
    std::vector<const ValueCurve*> nearest() const;
    bool is_nearer(const ValueCurve& a, const ValueCurve& b) const;

    Timestamp start_;
    Duration interval_, step_;
    std::size_t steps_;
    Threshold threshold_;
    Limits limits_;
    std::size_t& budget_;
    bool all_held_ = false;  // no curve gives up its place any more
    std::vector<ValueCurve> curves_;
    std::unordered_map<LabelSet, std::size_t, LabelSetHash> by_labels_;
    std::vector<ValueRange> band_;
    std::size_t series_ = 0;
    std::shared_ptr<const Frame> frame_;
    std::vector<std::size_t> curve_of_row_;
};

}  // namespace tocsin
