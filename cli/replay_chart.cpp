#include "cli/replay_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin::cli {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kTicksMax = 8;
// Drawings that stretch have this many units from left to right, and those of values as many from top to bottom.
constexpr int kUnits = 10'000;
constexpr int kValueHeight = 132;  // pixels, as the style has it
constexpr int kThinnest = 14;      // units that can still be seen
constexpr std::size_t kManyStretches = 20;
constexpr double kCountWidth = 0.018;  // of a number below a mark

constexpr std::array<Duration, 20> kTickSteps{seconds(1), seconds(5), seconds(15), seconds(30), minutes(1),
                                              minutes(2), minutes(5), minutes(10), minutes(15), minutes(30),
                                              hours(1),   hours(2),   hours(3),    hours(6),    hours(12),
                                              days(1),    days(2),    days(7),     days(30),    days(365)};

Duration tick_step(Duration window) {
    const auto fits = [&](Duration step) { return window / step <= static_cast<std::int64_t>(kTicksMax); };
    const auto found = std::find_if(kTickSteps.begin(), kTickSteps.end(), fits);
    return found == kTickSteps.end() ? kTickSteps.back() : *found;
}

std::string short_day(Timestamp at) {
    static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::chrono::year_month_day date(std::chrono::floor<days>(at));
    return fmt::format("{} {}", static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1]);
}

std::string time_of_day(Timestamp at, bool with_seconds) {
    const std::chrono::hh_mm_ss time(at - std::chrono::floor<days>(at));
    std::string text = fmt::format("{:02}:{:02}", time.hours().count(), time.minutes().count());
    if (with_seconds) text += fmt::format(":{:02}", time.seconds().count());
    if (time.subseconds().count() != 0) text += fmt::format(".{:03}", time.subseconds().count());
    return text;
}

std::string tick_text(Timestamp at, Duration step) {
    const bool is_midnight = at == std::chrono::floor<days>(at);
    return is_midnight ? short_day(at) : time_of_day(at, step < minutes(1));
}

int units(double position) {
    return static_cast<int>(std::lround(position * kUnits));
}

// ---- lanes

/// Bars of one height as one path.
class Bars {
public:
    Bars(const TimeAxis& axis, int top, int height) : axis_(axis), top_(top), height_(height) {}

    void add(Timestamp from, Timestamp until) {
        const int left = units(axis_.position(from));
        const int width = std::max(units(axis_.position(until)) - left, kThinnest);
        add(left, width);
    }
    void add(int left, int width) {
        const int inside = std::min(left, kUnits - width);
        path_ += fmt::format("M{} {}h{}v{}h-{}z", inside, top_, width, height_, width);
    }
    void draw(Html& html, const char* kind) const {
        if (!path_.empty()) html.leaf("path", {{"class", kind}, {"d", path_}});
    }

private:
    const TimeAxis& axis_;
    int top_, height_;
    std::string path_;
};

void open_stretching(Html& html, int height) {
    html.open(
        "svg",
        {{"class", "stretch"}, {"viewBox", fmt::format("0 0 {} {}", kUnits, height)}, {"preserveAspectRatio", "none"}});
}

// ---- marks

std::string_view status_word(const ToldMark& mark) {
    return mark.failed > 0 ? "failed" : mark.firing > 0 ? "firing" : "resolved";
}

std::string mark_words(const TimeAxis& axis, const ToldMark& mark, const std::vector<ToldNotification>& told) {
    if (mark.count() > 1 || mark.notifications.empty()) {
        return fmt::format("{} notifications around {}: {} firing, {} resolved, {} failed", mark.count(),
                           axis.clock(mark.at), mark.firing, mark.resolved, mark.failed);
    }
    const ToldNotification& one = told[mark.notifications.front()];
    return fmt::format("{} {} {} {}", axis.clock(one.at), one.receiver, one.status, to_string(one.group_labels));
}

void draw_mark_shape(Html& html, const TimeAxis& axis, const ToldMark& mark, bool with_count) {
    html.open("svg", {{"x", axis.percent(mark.at)}, {"overflow", "visible"}});
    html.leaf("rect", {{"class", "hit"}, {"x", "-8"}, {"width", "16"}, {"height", "28"}});
    if (mark.failed > 0) {
        html.leaf("path", {{"class", "mark failed"}, {"d", "M-5 4L5 14M5 4L-5 14"}});
    } else if (mark.firing > 0) {
        html.leaf("path", {{"class", "mark firing"}, {"d", "M0 3L6.5 14.5H-6.5Z"}});
    } else {
        html.leaf("circle", {{"class", "mark resolved"}, {"cy", "9.5"}, {"r", "4.5"}});
    }
    if (with_count) html.element("text", {{"class", "count"}, {"y", "26"}}, std::to_string(mark.count()));
    html.close();
}

std::string numbers_of(const ToldMark& mark) {
    std::vector<std::string> numbers;
    for (const std::size_t one : mark.notifications) numbers.push_back(std::to_string(one + 1));
    return join(numbers, " ");
}

void draw_mark(Html& html, const TimeAxis& axis, const ToldMark& mark, const std::vector<ToldNotification>& told,
               bool with_count) {
    const std::string words = mark_words(axis, mark, told);
    if (mark.notifications.empty()) {
        html.open("g", {{"class", "told"}}).element("title", {}, words);
    } else {
        html.open("a", {{"class", "told"},
                        {"href", fmt::format("#n{}", mark.notifications.front() + 1)},
                        {"data-n", numbers_of(mark)},
                        {"data-status", std::string(status_word(mark))},
                        {"aria-label", words}});
    }
    draw_mark_shape(html, axis, mark, with_count);
    html.close();
}

// ---- values

/// From a value to a place in the drawing.
class ValueAxis {
public:
    explicit ValueAxis(const ValueCurvesView& values) {
        ValueRange range = values.whole;
        if (std::isfinite(values.number)) range.take(values.number);
        if (range.empty()) range.take(0);
        const bool is_near_zero = range.low >= 0 && range.low <= 0.6 * range.high;
        if (is_near_zero) range.low = 0;
        const double room = range.high > range.low ? 0.08 * (range.high - range.low) : 1;
        low_ = is_near_zero ? 0 : range.low - room;
        high_ = range.high + room;
    }
    /// 0 at the top, 1 at the bottom.
    double position(double value) const {
        const double place = (high_ - value) / (high_ - low_);
        return std::isfinite(place) ? std::clamp(place, 0.0, 1.0) : 0.5;  // of numbers at the edge of what there is
    }
    int pixels(double value) const { return static_cast<int>(std::lround(position(value) * kValueHeight)); }

    /// Round numbers, about four of them.
    std::vector<double> ticks() const {
        const double rough = (high_ - low_) / 3.5, power = std::pow(10, std::floor(std::log10(rough)));
        const double step = rough / power < 1.5   ? power
                            : rough / power < 3.5 ? 2 * power
                            : rough / power < 7.5 ? 5 * power
                                                  : 10 * power;
        std::vector<double> found;
        for (double n = std::ceil(low_ / step); n * step <= high_ && found.size() < 8; ++n) found.push_back(n * step);
        return found;
    }

private:
    double low_ = 0, high_ = 1;
};

bool is_above(const ValueCurvesView& values) {
    return values.op == BinaryOp::Greater || values.op == BinaryOp::GreaterOrEqual;
}

bool is_below(const ValueCurvesView& values) {
    return values.op == BinaryOp::Less || values.op == BinaryOp::LessOrEqual;
}

/// The steps of a curve, as points of a drawing.
class CurvePath {
public:
    CurvePath(const TimeAxis& time, const ValueAxis& axis, const ValueCurvesView& values)
        : time_(time), axis_(axis), values_(values) {}

    /// The values of the steps that are nearest to an alert; a gap where there was none.
    std::string line(const std::vector<ValueRange>& steps) const {
        if (!is_above(values_) && !is_below(values_)) return whole_line(steps);
        std::vector<ValueRange> side = steps;
        for (ValueRange& range : side)
            (is_above(values_) ? range.low : range.high) = is_above(values_) ? range.high : range.low;
        return whole_line(side);
    }

    /// From the lowest to the highest value of each step.
    std::string whole_line(const std::vector<ValueRange>& steps) const {
        std::string path;
        int before = -1;  // where the pen is; -1: up
        for (std::size_t i = 0; i < steps.size(); ++i) {
            if (steps[i].empty()) {
                before = -1;
                continue;
            }
            int first = units(axis_.position(steps[i].low)), second = units(axis_.position(steps[i].high));
            if (std::abs(second - before) < std::abs(first - before)) std::swap(first, second);
            path += fmt::format("{}{} {}", before < 0 ? 'M' : 'L', x_of(i), first);
            if (first != second) path += fmt::format("V{}", second);
            const bool is_alone = before < 0 && (i + 1 == steps.size() || steps[i + 1].empty());
            if (is_alone) path += fmt::format("h{}", kThinnest);
            before = second;
        }
        return path;
    }

    std::string area(const std::vector<ValueRange>& steps) const {
        std::string path;
        for (std::size_t begin = 0, end = 0; begin < steps.size(); begin = std::max(end, begin + 1)) {
            for (end = begin; end < steps.size() && !steps[end].empty(); ++end) {
                path += fmt::format("{}{} {}", end == begin ? 'M' : 'L', x_of(end), y_of(steps[end].high));
            }
            for (std::size_t i = end; i > begin; --i)
                path += fmt::format("L{} {}", x_of(i - 1), y_of(steps[i - 1].low));
            if (end > begin) path += 'z';
        }
        return path;
    }

private:
    int x_of(std::size_t step) const {
        return units(time_.position(values_.start + static_cast<std::int64_t>(step) * values_.step));
    }
    int y_of(double value) const { return units(axis_.position(value)); }

    const TimeAxis& time_;
    const ValueAxis& axis_;
    const ValueCurvesView& values_;
};

// Where the comparison holds.
void draw_zone(Html& html, const ValueCurvesView& values, const ValueAxis& axis) {
    if (!std::isfinite(values.number)) return;
    const int y = axis.pixels(values.number);
    const bool above = is_above(values);
    const int height = above ? y : is_below(values) ? kValueHeight - y : 0;
    if (height == 0) return;
    html.leaf("rect", {{"class", "zone"},
                       {"y", above ? "0" : std::to_string(y)},
                       {"width", "100%"},
                       {"height", std::to_string(height)}});
}

void draw_grid(Html& html, const TimeAxis& time, const ValueAxis& axis) {
    for (const double tick : axis.ticks()) {
        const std::string y = std::to_string(axis.pixels(tick));
        html.leaf("line", {{"class", "grid"}, {"x2", "100%"}, {"y1", y}, {"y2", y}});
    }
    for (const TimeAxis::Tick& tick : time.ticks()) {
        const std::string x = time.percent(tick.at);
        html.leaf("line", {{"class", "grid"}, {"x1", x}, {"x2", x}, {"y2", std::to_string(kValueHeight)}});
    }
}

void draw_curves(Html& html, const TimeAxis& time, const ValueCurvesView& values, const ValueAxis& axis,
                 std::size_t curves_max) {
    const CurvePath paths(time, axis, values);
    open_stretching(html, kUnits);
    if (!values.band.empty()) html.leaf("path", {{"class", "band"}, {"d", paths.area(values.band)}});
    const std::size_t curves = std::min(curves_max, values.curves.size());
    if (curves == 1 && !values.is_exact) {
        html.leaf("path", {{"class", "band"}, {"d", paths.area(values.curves.front().steps)}});
    }
    for (std::size_t i = curves; i > 0; --i) {
        html.leaf("path", {{"class", fmt::format("curve c{}", i - 1)}, {"d", paths.line(values.curves[i - 1].steps)}});
    }
    html.close();
}

void draw_threshold(Html& html, const ValueCurvesView& values, const ValueAxis& axis) {
    if (!std::isfinite(values.number)) return;
    const int y = axis.pixels(values.number);
    html.leaf("line", {{"class", "threshold"}, {"x2", "100%"}, {"y1", std::to_string(y)}, {"y2", std::to_string(y)}});
    const std::string text = fmt::format("{} {}", to_string(values.op), short_number(values.number));
    html.element("text",
                 {{"class", "limit"}, {"x", "100%"}, {"dx", "-6"}, {"y", std::to_string(y < 18 ? y + 14 : y - 5)}},
                 text);
}

void write_values(Html& html, const ValueAxis& axis) {
    for (const double tick : axis.ticks()) {
        const int y = axis.pixels(tick);
        if (y < 8) continue;
        html.element("text", {{"class", "value"}, {"x", "5"}, {"y", std::to_string(y - 3)}}, short_number(tick));
    }
}

}  // namespace

TimeAxis::TimeAxis(Timestamp start, Timestamp end) : start_(start), end_(end) {}

double TimeAxis::position(Timestamp at) const {
    return std::clamp(static_cast<double>((at - start_).count()) / static_cast<double>((end_ - start_).count()), 0.0,
                      1.0);
}

std::string TimeAxis::percent(Timestamp at) const {
    return fmt::format("{:.2f}%", 100 * position(at));
}

std::string TimeAxis::clock(Timestamp at) const {
    const bool is_one_day = std::chrono::floor<days>(start_) == std::chrono::floor<days>(end_);
    return is_one_day ? time_of_day(at, true) : short_day(at) + " " + time_of_day(at, true);
}

std::vector<TimeAxis::Tick> TimeAxis::ticks() const {
    const Duration step = tick_step(end_ - start_);
    std::vector<Tick> found;
    auto n = (start_.time_since_epoch() + step - Duration{1}) / step;
    for (; Timestamp{n * step} <= end_; ++n) {
        found.push_back({Timestamp{n * step}, tick_text(Timestamp{n * step}, step), n % 2 != 0});
    }
    return found;
}

std::string day_text(Timestamp at) {
    const std::chrono::year_month_day date(std::chrono::floor<days>(at));
    return fmt::format("{} {}", short_day(at), static_cast<int>(date.year()));
}

std::string short_number(double value) {
    if (!std::isfinite(value)) return format_value(value);
    static constexpr std::array<std::pair<double, const char*>, 4> kScales{
        {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e4, "k"}}};
    for (const auto& [scale, letter] : kScales) {
        if (std::abs(value) >= scale) return fmt::format("{:.4g}{}", value / (scale == 1e4 ? 1e3 : scale), letter);
    }
    return fmt::format("{:.4g}", value == 0 ? 0.0 : value);
}

void draw_axis(Html& html, const TimeAxis& axis) {
    html.open("svg", {{"class", "axis"}, {"aria-hidden", "true"}});
    for (const TimeAxis::Tick& tick : axis.ticks()) {
        const double position = axis.position(tick.at);
        const std::string side = position < 0.04 ? " first" : position > 0.96 ? " last" : "";
        const std::string x = axis.percent(tick.at);
        html.leaf("line", {{"class", "tick"}, {"x1", x}, {"x2", x}, {"y2", "5"}});
        html.element("text", {{"class", (tick.is_minor ? "minor" : "major") + side}, {"x", x}, {"y", "17"}}, tick.text);
    }
    html.close();
}

void draw_lane(Html& html, const TimeAxis& axis, const std::vector<AlertStretch>& stretches, const std::string& words) {
    Bars pending(axis, 6, 6), firing(axis, 2, 14), resolved(axis, 2, 14);
    const int end_width = stretches.size() > kManyStretches ? kThinnest : 3 * kThinnest;
    for (const AlertStretch& stretch : stretches) {
        (stretch.phase == AlertPhase::Firing ? firing : pending).add(stretch.from, stretch.until);
        const bool is_over = stretch.phase == AlertPhase::Firing && stretch.until < axis.end();
        if (is_over) resolved.add(units(axis.position(stretch.until)), end_width);
    }
    html.open("svg", {{"class", "lane"}, {"role", "img"}, {"aria-label", words}});
    html.leaf("rect", {{"class", "rail"}, {"y", "8"}, {"width", "100%"}, {"height", "2"}});
    open_stretching(html, 18);
    pending.draw(html, "pending");
    firing.draw(html, "firing");
    resolved.draw(html, "resolved");
    html.close().close();
}

void draw_marks(Html& html, const TimeAxis& axis, const std::vector<ToldMark>& marks,
                const std::vector<ToldNotification>& notifications, const std::string& words) {
    html.open("svg", {{"class", "marks"}, {"role", "group"}, {"aria-label", words}});
    html.leaf("rect", {{"class", "rail"}, {"y", "9"}, {"width", "100%"}, {"height", "1"}});
    double counted_at = -1;  // where the last count was written; there is no room for one close by
    for (const ToldMark& mark : marks) {
        const bool with_count = mark.count() > 1 && axis.position(mark.at) - counted_at > kCountWidth;
        if (with_count) counted_at = axis.position(mark.at);
        draw_mark(html, axis, mark, notifications, with_count);
    }
    html.close();
}

void draw_values(Html& html, const TimeAxis& axis, const ValueCurvesView& values, std::size_t curves_max,
                 const std::string& words) {
    const ValueAxis value_axis(values);
    html.open("svg", {{"class", "values"}, {"role", "img"}, {"aria-label", words}});
    draw_zone(html, values, value_axis);
    draw_grid(html, axis, value_axis);
    draw_curves(html, axis, values, value_axis, curves_max);
    draw_threshold(html, values, value_axis);
    write_values(html, value_axis);
    html.close();
}

}  // namespace tocsin::cli
