#include "daemon/value_curves.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tocsin {

ValueRange::ValueRange() : low(std::numeric_limits<double>::infinity()), high(-low) {}

void ValueRange::take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
}

// A step is at least an interval, so that none is empty between two evaluations.
ValueCurves::ValueCurves(Timestamp start, Timestamp end, Duration interval, const Threshold& threshold,
                         const Limits& limits, std::size_t& budget)
    : start_(start),
      interval_(interval),
      step_(std::max({interval, (end - start) / static_cast<std::int64_t>(limits.steps) + Duration{1}, Duration{1}})),
      steps_(static_cast<std::size_t>((end - start) / step_) + 1),
      threshold_(threshold),
      limits_(limits),
      budget_(budget),
      band_(steps_) {}

void ValueCurves::add(Timestamp at, const InstantVector& value) {
    if (at < start_) return;
    const auto step = static_cast<std::size_t>((at - start_) / step_);
    if (step >= steps_) return;
    if (frame_ != value.frame) bind(value.frame);
    const auto present =
        std::count_if(value.present.begin(), value.present.begin() + static_cast<std::ptrdiff_t>(value.size()),
                      [](auto here) { return here != 0; });
    series_ = std::max(series_, static_cast<std::size_t>(present));
    for (std::size_t row = 0; row < value.size(); ++row) {
        if (value.present[row] != 0 && !std::isnan(value.values[row])) take(row, step, value.values[row]);
    }
}

void ValueCurves::take(std::size_t row, std::size_t step, double number) {
    const bool holds = threshold_.holds_for(number);
    if (curve_of_row_[row] == kNotFollowed) follow(row, holds);
    ValueCurve* curve = curve_of_row_[row] == kNotFollowed ? nullptr : &curves_[curve_of_row_[row]];
    if (curve != nullptr) curve->held += holds ? 1 : 0;
    if (!std::isfinite(number)) return;
    band_[step].take(number);
    if (curve == nullptr) return;
    curve->steps[step].take(number);
    curve->whole.take(number);
}

void ValueCurves::bind(const std::shared_ptr<const Frame>& frame) {
    frame_ = frame;
    curve_of_row_.assign(frame->labels.size(), kNotFollowed);
    for (std::size_t row = 0; row < frame->labels.size(); ++row) {
        const auto known = by_labels_.find(frame->labels[row]);
        if (known != by_labels_.end()) curve_of_row_[row] = known->second;
    }
}

void ValueCurves::follow(std::size_t row, bool holds) {
    const std::size_t place = place_for(holds);
    if (place == kNotFollowed) return;
    const LabelSet& labels = frame_->labels[row];
    curves_[place] = ValueCurve{labels, std::vector<ValueRange>(steps_), {}, 0};
    by_labels_[labels] = place;
    curve_of_row_[row] = place;
}

// One that holds takes the place of one that never did, once there is no other place.
std::size_t ValueCurves::place_for(bool holds) {
    if (curves_.size() < limits_.kept && budget_ > 0) {
        --budget_;
        curves_.emplace_back();
        return curves_.size() - 1;
    }
    if (!holds || all_held_) return kNotFollowed;
    const auto idle = std::find_if(curves_.begin(), curves_.end(), [](const auto& curve) { return curve.held == 0; });
    all_held_ = idle == curves_.end();
    if (all_held_) return kNotFollowed;
    const auto place = static_cast<std::size_t>(idle - curves_.begin());
    vacate(place);
    return place;
}

void ValueCurves::vacate(std::size_t place) {
    by_labels_.erase(curves_[place].labels);
    std::replace(curve_of_row_.begin(), curve_of_row_.end(), place, kNotFollowed);
}

bool ValueCurves::is_nearer(const ValueCurve& a, const ValueCurve& b) const {
    if (a.held != b.held) return a.held > b.held;
    const bool is_below = threshold_.op == BinaryOp::Less || threshold_.op == BinaryOp::LessOrEqual;
    const double first = is_below ? -a.whole.low : a.whole.high, second = is_below ? -b.whole.low : b.whole.high;
    return first != second ? first > second : a.labels < b.labels;
}

std::vector<const ValueCurve*> ValueCurves::nearest() const {
    std::vector<const ValueCurve*> found;
    for (const ValueCurve& curve : curves_) found.push_back(&curve);
    std::sort(found.begin(), found.end(), [this](const auto* a, const auto* b) { return is_nearer(*a, *b); });
    const auto held = static_cast<std::size_t>(
        std::count_if(curves_.begin(), curves_.end(), [](const ValueCurve& curve) { return curve.held > 0; }));
    found.resize(std::min({found.size(), limits_.shown, std::max(held, limits_.shown_idle)}));
    return found;
}

ValueCurvesView ValueCurves::view() const {
    ValueCurvesView view;
    view.op = threshold_.op;
    view.number = threshold_.number;
    view.start = start_;
    view.step = step_;
    view.series = std::max(series_, curves_.size());
    view.is_exact = step_ <= interval_;
    for (const ValueCurve* curve : nearest()) view.curves.push_back(*curve);
    if (view.series > view.curves.size()) view.band = band_;
    for (const ValueRange& range : band_) {
        if (range.empty()) continue;
        view.whole.take(range.low);
        view.whole.take(range.high);
    }
    return view;
}

}  // namespace tocsin
