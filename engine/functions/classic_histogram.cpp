#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/functions/function.h"

// Functions over the buckets of classic histograms: series with cumulative counts and an upper bound in `le`.
// Upstream's promql/quantile.go is the definition.

namespace tocsin::functions {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Differences of counts below this share of their sum come from arithmetic on floating point numbers and mean nothing.
constexpr double kSmallDelta = 1e-12;

bool almost_equal_counts(double a, double b) {
    if (a == b) return true;
    const double sum = std::abs(a) + std::abs(b);
    const double difference = std::abs(a - b);
    if (a == 0 || b == 0 || sum < std::numeric_limits<double>::min()) {
        return difference < kSmallDelta * std::numeric_limits<double>::min();
    }
    return difference / std::min(sum, std::numeric_limits<double>::max()) < kSmallDelta;
}

// Several buckets with one bound count together: `le="1"` beside `le="1.0"`.
std::span<Bucket> coalesce(std::span<Bucket> buckets) {
    std::size_t last = 0;
    for (std::size_t i = 1; i < buckets.size(); ++i) {
        if (buckets[i].upper_bound == buckets[last].upper_bound) {
            buckets[last].count += buckets[i].count;
        } else {
            buckets[++last] = buckets[i];
        }
    }
    return buckets.first(last + 1);
}

// Counts must not decrease from bucket to bucket. They do when the target is inconsistent, or when rates of buckets are
// read while only some were written; each decrease is levelled out.
void make_monotonic(std::span<Bucket> buckets, MonotonicityFix& fix) {
    double previous = buckets.front().count;
    for (Bucket& bucket : buckets.subspan(1)) {
        if (bucket.count == previous) continue;
        if (almost_equal_counts(previous, bucket.count)) {
            bucket.count = previous;
        } else if (bucket.count < previous) {
            fix.forced = true;
            fix.bucket_min = std::min(fix.bucket_min, bucket.upper_bound);
            fix.bucket_max = std::max(fix.bucket_max, bucket.upper_bound);
            fix.difference_max = std::max(fix.difference_max, previous - bucket.count);
            bucket.count = previous;
        } else {
            previous = bucket.count;
        }
    }
}

// Observations are taken to be spread evenly within their bucket; those in the lowest one lie above zero if its bound
// does.
double quantile_of_buckets(std::span<Bucket> buckets, std::span<const double> arguments, MonotonicityFix& fix) {
    const double q = arguments.front();
    if (std::isnan(q)) return kNan;
    if (q < 0) return -kInfinity;
    if (q > 1) return kInfinity;
    if (buckets.back().upper_bound != kInfinity) return kNan;
    buckets = coalesce(buckets);
    make_monotonic(buckets, fix);

    if (buckets.size() < 2) return kNan;
    const double observations = buckets.back().count;
    if (observations == 0) return kNan;
    double rank = q * observations;
    const auto found =
        std::find_if(buckets.begin(), buckets.end() - 1, [rank](const Bucket& bucket) { return bucket.count >= rank; });
    const auto b = static_cast<std::size_t>(found - buckets.begin());

    if (b == buckets.size() - 1) return buckets[buckets.size() - 2].upper_bound;
    if (b == 0 && buckets[0].upper_bound <= 0) return buckets[0].upper_bound;
    double lower_bound = 0;
    double count = buckets[b].count;
    if (b > 0) {
        lower_bound = buckets[b - 1].upper_bound;
        count -= buckets[b - 1].count;
        rank -= buckets[b - 1].count;
    }
    return lower_bound + (buckets[b].upper_bound - lower_bound) * (rank / count);
}

// How many observations are at most `bound`, spread evenly within their bucket.
double rank_of(std::span<const Bucket> buckets, double bound) {
    double rank = 0;
    double lower = buckets.front().upper_bound <= 0 ? -kInfinity : 0;
    for (const Bucket& bucket : buckets) {
        if (lower >= bound) return rank;
        if (bucket.upper_bound > bound) {
            if (lower == -kInfinity) return bucket.count;
            return rank + (bucket.count - rank) * (bound - lower) / (bucket.upper_bound - lower);
        }
        rank = bucket.count;
        lower = bucket.upper_bound;
    }
    return buckets.back().count;
}

double fraction(std::span<Bucket> buckets, std::span<const double> arguments, MonotonicityFix&) {
    const double lower = arguments[0];
    const double upper = arguments[1];
    if (buckets.back().upper_bound != kInfinity) return kNan;
    buckets = coalesce(buckets);
    const double count = buckets.back().count;
    if (count == 0 || std::isnan(lower) || std::isnan(upper)) return kNan;
    if (lower >= upper) return 0;
    return (std::min(rank_of(buckets, upper), count) - std::min(rank_of(buckets, lower), count)) / count;
}

std::optional<std::string> warn_about_quantile(double q) {
    if (q >= 0 && q <= 1) return std::nullopt;
    return fmt::format("quantile value should be between 0 and 1, got {}", format_go_float(q));
}

}  // namespace

extern const FunctionDef histogram_fraction, histogram_quantile, histogram_quantiles;

const FunctionDef histogram_fraction{
    .name = "histogram_fraction",
    .arguments = {ValueType::Scalar, ValueType::Scalar, ValueType::Vector},
    .summary = "The fraction of the observations of each histogram that lies between two bounds.",
    .kernel = OverBuckets{.kernel = fraction},
};

const FunctionDef histogram_quantile{
    .name = "histogram_quantile",
    .arguments = {ValueType::Scalar, ValueType::Vector},
    .summary = "The given quantile (0 to 1) of the observations of each histogram.",
    .kernel = OverBuckets{.kernel = quantile_of_buckets, .warn = warn_about_quantile},
};

const FunctionDef histogram_quantiles{
    .name = "histogram_quantiles",
    .arguments = {ValueType::Vector, ValueType::String, ValueType::Scalar, ValueType::Scalar},
    .variadic = 9,
    .summary =
        "Several quantiles of each histogram at once, told apart by the label whose name is the second argument.",
    .experimental = true,
    .kernel = OverBuckets{.kernel = quantile_of_buckets, .for_each_argument = true, .warn = warn_about_quantile},
};

}  // namespace tocsin::functions
