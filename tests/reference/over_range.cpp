#include "tests/reference/over_range.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace tocsin::reference {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Arguments = std::span<const double>;

std::vector<double> values_of(const Window& window) {
    std::vector<double> values;
    for (const Point& point : window.points) values.push_back(point.value);
    return values;
}

double seconds(std::int64_t ms) {
    return static_cast<double>(ms) / 1000;
}

// ---- counters and gauges

enum class Kind { Delta, Increase, Rate };

template <Kind kind>
std::optional<double> extrapolated(const Window& window, Arguments) {
    const std::vector<Point>& points = window.points;
    if (points.size() < 2) return std::nullopt;
    double increase = points.back().value - points.front().value;
    if (kind != Kind::Delta) {
        for (std::size_t i = 1; i < points.size(); ++i) {
            if (points[i].value < points[i - 1].value) increase += points[i - 1].value;
        }
    }
    const double sampled = seconds(points.back().time_ms - points.front().time_ms);
    const double average = sampled / static_cast<double>(points.size() - 1);
    double to_start = seconds(points.front().time_ms - window.start_ms);
    double to_end = seconds(window.end_ms - points.back().time_ms);
    if (to_start >= average * 1.1) to_start = average / 2;
    if (kind != Kind::Delta && increase > 0 && points.front().value >= 0) {
        to_start = std::min(to_start, sampled * (points.front().value / increase));
    }
    if (to_end >= average * 1.1) to_end = average / 2;
    double factor = (sampled + to_start + to_end) / sampled;
    if (kind == Kind::Rate) factor /= seconds(window.end_ms - window.start_ms);
    return increase * factor;
}

std::optional<double> idelta(const Window& window, Arguments) {
    if (window.points.size() < 2) return std::nullopt;
    return window.points.back().value - window.points[window.points.size() - 2].value;
}

std::optional<double> irate(const Window& window, Arguments) {
    if (window.points.size() < 2) return std::nullopt;
    const Point& last = window.points.back();
    const Point& before = window.points[window.points.size() - 2];
    const double increase = last.value < before.value ? last.value : last.value - before.value;
    return increase / seconds(last.time_ms - before.time_ms);
}

std::optional<double> changes(const Window& window, Arguments) {
    double count = 0;
    for (std::size_t i = 1; i < window.points.size(); ++i) {
        const double a = window.points[i - 1].value;
        const double b = window.points[i].value;
        const bool same = a == b || (std::isnan(a) && std::isnan(b));
        if (!same) ++count;
    }
    return count;
}

std::optional<double> resets(const Window& window, Arguments) {
    double count = 0;
    for (std::size_t i = 1; i < window.points.size(); ++i) {
        if (window.points[i].value < window.points[i - 1].value) ++count;
    }
    return count;
}

// ---- the straight line

struct Line {
    double slope;
    double intercept;  // at `origin_ms`
};

std::optional<Line> line_through(const Window& window, std::int64_t origin_ms) {
    const std::vector<double> y = values_of(window);
    if (y.size() < 2) return std::nullopt;
    if (std::ranges::all_of(y, [&](double value) { return value == y.front(); })) {
        return std::isinf(y.front()) ? Line{kNan, kNan} : Line{0, y.front()};
    }
    long double n = 0, sum_x = 0, sum_y = 0, sum_xy = 0, sum_xx = 0;
    for (const Point& point : window.points) {
        const long double x = static_cast<long double>(point.time_ms - origin_ms) / 1000;
        n += 1;
        sum_x += x;
        sum_y += point.value;
        sum_xy += x * point.value;
        sum_xx += x * x;
    }
    const long double slope = (sum_xy - sum_x * sum_y / n) / (sum_xx - sum_x * sum_x / n);
    return Line{static_cast<double>(slope), static_cast<double>(sum_y / n - slope * sum_x / n)};
}

std::optional<double> deriv(const Window& window, Arguments) {
    const auto line = line_through(window, window.points.front().time_ms);
    return line ? std::optional(line->slope) : std::nullopt;
}

std::optional<double> predict_linear(const Window& window, Arguments arguments) {
    const auto line = line_through(window, window.at_ms);
    return line ? std::optional(line->slope * arguments[0] + line->intercept) : std::nullopt;
}

std::optional<double> smoothed(const Window& window, Arguments arguments) {
    const std::vector<double> x = values_of(window);
    if (x.size() < 2) return std::nullopt;
    double level = x[0];
    double trend = x[1] - x[0];
    for (std::size_t i = 1; i < x.size(); ++i) {
        const double next = arguments[0] * x[i] + (1 - arguments[0]) * (level + trend);
        trend = arguments[1] * (next - level) + (1 - arguments[1]) * trend;
        level = next;
    }
    return level;
}

// ---- which value it was

// The first point for which no other one is better; NaN loses against any number.
template <class Better>
const Point& best(const Window& window, Better better) {
    const Point* found = &window.points.front();
    for (const Point& point : window.points) {
        if (better(point.value, found->value) || std::isnan(found->value)) found = &point;
    }
    return *found;
}

template <double (*statistic)(std::span<const double>)>
std::optional<double> over_values(const Window& window, Arguments) {
    return statistic(values_of(window));
}

double deviation_of(std::span<const double> values) {
    return std::sqrt(variance_of(values));
}
double count_of(std::span<const double> values) {
    return static_cast<double>(values.size());
}

std::optional<double> median_absolute_deviation(const Window& window, Arguments) {
    std::vector<double> values = values_of(window);
    if (std::ranges::any_of(values, [](double value) { return std::isnan(value); })) return kNan;
    const double median = quantile_of(0.5, values);
    for (double& value : values) value = std::abs(value - median);
    return quantile_of(0.5, values);
}

const std::map<std::string_view, OverRange>& functions() {
    static const std::map<std::string_view, OverRange> table{
        {"avg_over_time", over_values<mean_of>},
        {"changes", changes},
        {"count_over_time", over_values<count_of>},
        {"delta", extrapolated<Kind::Delta>},
        {"deriv", deriv},
        {"double_exponential_smoothing", smoothed},
        {"first_over_time", [](const Window& w, Arguments) { return std::optional(w.points.front().value); }},
        {"idelta", idelta},
        {"increase", extrapolated<Kind::Increase>},
        {"irate", irate},
        {"last_over_time", [](const Window& w, Arguments) { return std::optional(w.points.back().value); }},
        {"mad_over_time", median_absolute_deviation},
        {"max_over_time",
         [](const Window& w, Arguments) {
             return std::optional(best(w, [](double a, double b) { return a > b; }).value);
         }},
        {"min_over_time",
         [](const Window& w, Arguments) {
             return std::optional(best(w, [](double a, double b) { return a < b; }).value);
         }},
        {"predict_linear", predict_linear},
        {"present_over_time", [](const Window&, Arguments) { return std::optional(1.0); }},
        {"quantile_over_time",
         [](const Window& w, Arguments a) { return std::optional(quantile_of(a[0], values_of(w))); }},
        {"rate", extrapolated<Kind::Rate>},
        {"resets", resets},
        {"stddev_over_time", over_values<deviation_of>},
        {"stdvar_over_time", over_values<variance_of>},
        {"sum_over_time", over_values<sum_of>},
        {"ts_of_first_over_time",
         [](const Window& w, Arguments) { return std::optional(seconds(w.points.front().time_ms)); }},
        {"ts_of_last_over_time",
         [](const Window& w, Arguments) { return std::optional(seconds(w.points.back().time_ms)); }},
        {"ts_of_max_over_time",
         [](const Window& w, Arguments) {
             return std::optional(seconds(best(w, [](double a, double b) { return a >= b; }).time_ms));
         }},
        {"ts_of_min_over_time",
         [](const Window& w, Arguments) {
             return std::optional(seconds(best(w, [](double a, double b) { return a <= b; }).time_ms));
         }},
    };
    return table;
}

}  // namespace

OverRange find_over_range(std::string_view name) {
    const auto found = functions().find(name);
    return found != functions().end() ? found->second : nullptr;
}

bool keeps_name(std::string_view function) {
    return function == "first_over_time" || function == "last_over_time";
}

// More digits than anybody needs stand for the compensated sums of the language.
double sum_of(std::span<const double> values) {
    long double sum = 0;
    for (const double value : values) sum += value;
    return static_cast<double>(sum);
}

double mean_of(std::span<const double> values) {
    long double sum = 0;
    for (const double value : values) sum += value;
    return static_cast<double>(sum / static_cast<long double>(values.size()));
}

double variance_of(std::span<const double> values) {
    long double sum = 0;
    for (const double value : values) sum += value;
    const long double mean = sum / static_cast<long double>(values.size());
    long double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    return static_cast<double>(squares / static_cast<long double>(values.size()));
}

double quantile_of(double q, std::vector<double> values) {
    if (values.empty() || std::isnan(q)) return kNan;
    if (q < 0) return -kInfinity;
    if (q > 1) return kInfinity;
    std::ranges::sort(values, [](double a, double b) { return a < b || (std::isnan(a) && !std::isnan(b)); });
    const double rank = q * static_cast<double>(values.size() - 1);
    const double lower = std::floor(rank);
    const auto below = static_cast<std::size_t>(lower);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    const double weight = rank - lower;
    return values[below] * (1 - weight) + values[above] * weight;
}

}  // namespace tocsin::reference
