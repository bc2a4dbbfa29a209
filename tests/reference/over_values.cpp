#include "tests/reference/over_values.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <map>
#include <numbers>

namespace tocsin::reference {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::tm date_of(double value) {
    const auto seconds = static_cast<std::time_t>(value);
    std::tm date{};
    gmtime_r(&seconds, &date);
    return date;
}

double days_in_month(double value) {
    const std::tm date = date_of(value);
    const int year = date.tm_year + 1900;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const double days[] = {31, leap ? 29.0 : 28.0, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[date.tm_mon];
}

const std::map<std::string_view, OverValue>& calendar() {
    static const std::map<std::string_view, OverValue> table{
        {"day_of_month", [](double t) { return double(date_of(t).tm_mday); }},
        {"day_of_week", [](double t) { return double(date_of(t).tm_wday); }},
        {"day_of_year", [](double t) { return double(date_of(t).tm_yday + 1); }},
        {"days_in_month", days_in_month},
        {"hour", [](double t) { return double(date_of(t).tm_hour); }},
        {"minute", [](double t) { return double(date_of(t).tm_min); }},
        {"month", [](double t) { return double(date_of(t).tm_mon + 1); }},
        {"year", [](double t) { return double(date_of(t).tm_year + 1900); }},
    };
    return table;
}

const std::map<std::string_view, OverValue>& arithmetic() {
    static const std::map<std::string_view, OverValue> table{
        {"abs", [](double x) { return std::fabs(x); }},
        {"acos", [](double x) { return std::acos(x); }},
        {"acosh", [](double x) { return std::acosh(x); }},
        {"asin", [](double x) { return std::asin(x); }},
        {"asinh", [](double x) { return std::asinh(x); }},
        {"atan", [](double x) { return std::atan(x); }},
        {"atanh", [](double x) { return std::atanh(x); }},
        {"ceil", [](double x) { return std::ceil(x); }},
        {"cos", [](double x) { return std::cos(x); }},
        {"cosh", [](double x) { return std::cosh(x); }},
        {"deg", [](double x) { return x * 180 / std::numbers::pi; }},
        {"exp", [](double x) { return std::exp(x); }},
        {"floor", [](double x) { return std::floor(x); }},
        {"ln", [](double x) { return std::log(x); }},
        {"log10", [](double x) { return std::log10(x); }},
        {"log2", [](double x) { return std::log2(x); }},
        {"rad", [](double x) { return x * std::numbers::pi / 180; }},
        {"sgn", [](double x) { return x > 0   ? 1.0
                                      : x < 0 ? -1.0
                                              : x; }},
        {"sin", [](double x) { return std::sin(x); }},
        {"sinh", [](double x) { return std::sinh(x); }},
        {"sqrt", [](double x) { return std::sqrt(x); }},
        {"tan", [](double x) { return std::tan(x); }},
        {"tanh", [](double x) { return std::tanh(x); }},
    };
    return table;
}

// ---- histograms

bool differ_by_rounding(double a, double b) {
    constexpr double kTolerance = 1e-12;
    constexpr double kSmallest = std::numeric_limits<double>::min();
    if (a == 0 || b == 0) return std::fabs(a - b) < kTolerance * kSmallest;
    return std::fabs(a - b) / (std::fabs(a) + std::fabs(b)) < kTolerance;
}

// By bound, each bound once, and no count below the one before.
std::vector<Bucket> in_order(std::vector<Bucket> buckets) {
    std::ranges::stable_sort(buckets, {}, &Bucket::upper_bound);
    std::vector<Bucket> merged;
    for (const Bucket& bucket : buckets) {
        if (!merged.empty() && merged.back().upper_bound == bucket.upper_bound) {
            merged.back().count += bucket.count;
        } else {
            merged.push_back(bucket);
        }
    }
    return merged;
}

void level_out(std::vector<Bucket>& buckets) {
    double highest = buckets.front().count;
    for (Bucket& bucket : buckets) {
        if (bucket.count == highest) continue;
        if (bucket.count < highest || differ_by_rounding(bucket.count, highest)) {
            bucket.count = highest;
        } else {
            highest = bucket.count;
        }
    }
}

// How many observations lie at or below `bound`, spread evenly within each bucket.
double observations_below(double bound, const std::vector<Bucket>& buckets) {
    double lower = buckets.front().upper_bound <= 0 ? -kInfinity : 0;
    double below = 0;
    for (const Bucket& bucket : buckets) {
        if (bound <= lower) return below;
        if (bound < bucket.upper_bound) {
            if (lower == -kInfinity) return bucket.count;
            return below + (bucket.count - below) * (bound - lower) / (bucket.upper_bound - lower);
        }
        below = bucket.count;
        lower = bucket.upper_bound;
    }
    return below;
}

}  // namespace

OverValue find_over_value(std::string_view name) {
    for (const auto* table : {&arithmetic(), &calendar()}) {
        if (const auto found = table->find(name); found != table->end()) return found->second;
    }
    return nullptr;
}

bool is_calendar(std::string_view function) {
    return calendar().contains(function);
}

double bucket_quantile(double q, std::vector<Bucket> unsorted) {
    if (std::isnan(q)) return kNan;
    if (q < 0) return -kInfinity;
    if (q > 1) return kInfinity;
    std::vector<Bucket> buckets = in_order(std::move(unsorted));
    if (buckets.back().upper_bound != kInfinity) return kNan;
    level_out(buckets);
    if (buckets.size() < 2 || buckets.back().count == 0) return kNan;
    const double rank = q * buckets.back().count;
    // A binary search, as upstream's: among counts that are NaN it matters which ones are looked at.
    std::size_t low = 0;
    std::size_t high = buckets.size() - 1;
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        if (buckets[middle].count >= rank) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if (low == buckets.size() - 1) return buckets[low - 1].upper_bound;
    if (low == 0 && buckets[0].upper_bound <= 0) return buckets[0].upper_bound;
    const Bucket below = low == 0 ? Bucket{0, 0} : buckets[low - 1];
    return below.upper_bound +
           (buckets[low].upper_bound - below.upper_bound) * ((rank - below.count) / (buckets[low].count - below.count));
}

double bucket_fraction(double lower, double upper, std::vector<Bucket> unsorted) {
    const std::vector<Bucket> buckets = in_order(std::move(unsorted));
    if (buckets.back().upper_bound != kInfinity) return kNan;
    const double count = buckets.back().count;
    if (count == 0 || std::isnan(lower) || std::isnan(upper)) return kNan;
    if (lower >= upper) return 0;
    return (std::min(observations_below(upper, buckets), count) - std::min(observations_below(lower, buckets), count)) /
           count;
}

}  // namespace tocsin::reference
