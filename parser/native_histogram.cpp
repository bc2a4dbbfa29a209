#include "parser/native_histogram.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {
namespace {

using Buckets = NativeHistogram::Buckets;

constexpr std::int64_t kBucketsMax = 10'000;

bool same_layout(const NativeHistogram& a, const NativeHistogram& b) {
    return a.schema == b.schema && a.zero_width == b.zero_width && a.custom_values == b.custom_values;
}

double count_at(const Buckets& buckets, std::int64_t index) {
    const std::int64_t at = index - buckets.offset;
    return at >= 0 && at < std::ssize(buckets.counts) ? buckets.counts[static_cast<std::size_t>(at)] : 0;
}

std::int64_t end_of(const Buckets& buckets) {
    return buckets.offset + std::ssize(buckets.counts);
}

/// Without the empty ones at both ends.
Buckets compact(const Buckets& buckets) {
    const auto is_full = [](double count) { return count != 0; };
    const auto first = std::find_if(buckets.counts.begin(), buckets.counts.end(), is_full);
    if (first == buckets.counts.end()) return {};
    const auto last = std::find_if(buckets.counts.rbegin(), buckets.counts.rend(), is_full).base();
    return {buckets.offset + (first - buckets.counts.begin()), {first, last}};
}

Buckets added_buckets(const Buckets& base, const Buckets& step, double times) {
    if (step.counts.empty()) return base;
    if (base.counts.empty()) return added_buckets({step.offset, std::vector<double>(step.counts.size())}, step, times);
    Buckets all{std::min(base.offset, step.offset), {}};
    const std::int64_t end = std::max(end_of(base), end_of(step));
    for (std::int64_t i = all.offset; i < end; ++i) all.counts.push_back(count_at(base, i) + times * count_at(step, i));
    return all;
}

/// The same buckets in a schema that is lower by `steps`: two neighbours become one at each step.
Buckets merged(const Buckets& buckets, std::int64_t steps) {
    if (buckets.counts.empty() || steps == 0) return buckets;
    const auto index_of = [steps](std::int64_t index) { return ((index - 1) >> std::min<std::int64_t>(steps, 62)) + 1; };
    const std::int64_t first = index_of(buckets.offset), last = index_of(end_of(buckets) - 1);
    Buckets coarse{first, std::vector<double>(static_cast<std::size_t>(last - first + 1))};
    for (std::int64_t i = buckets.offset; i < end_of(buckets); ++i) {
        coarse.counts[static_cast<std::size_t>(index_of(i) - first)] += count_at(buckets, i);
    }
    return coarse;
}

/// `histogram` in the schema of `other` where that is lower. Custom buckets have no resolution.
NativeHistogram in_schema_of(const NativeHistogram& other, NativeHistogram histogram) {
    const std::int64_t steps = histogram.schema - other.schema;
    if (steps <= 0 || !histogram.custom_values.empty() || !other.custom_values.empty()) return histogram;
    histogram.positive = merged(histogram.positive, steps);
    histogram.negative = merged(histogram.negative, steps);
    histogram.schema = other.schema;
    return histogram;
}

/// From the first bucket of either to the last one.
std::int64_t reach(const Buckets& a, const Buckets& b) {
    if (a.counts.empty() || b.counts.empty()) return 0;
    return std::max(end_of(a), end_of(b)) - std::min(a.offset, b.offset);
}

bool has_fallen(const Buckets& previous, const Buckets& next) {
    for (std::int64_t i = previous.offset; i < end_of(previous); ++i) {
        if (count_at(next, i) < count_at(previous, i)) return true;
    }
    return false;
}

std::string listed(const std::vector<double>& values) {
    std::vector<std::string> texts;
    for (const double value : values) texts.push_back(format_go_float(value));
    return "[" + join(texts, " ") + "]";
}

void add_buckets(std::vector<std::string>& fields, std::string_view prefix, const Buckets& buckets) {
    const Buckets full = compact(buckets);
    if (full.counts.empty()) return;
    if (full.offset != 0) fields.push_back(fmt::format("{}offset:{}", prefix, full.offset));
    fields.push_back(fmt::format("{}buckets:{}", prefix, listed(full.counts)));
}

std::string_view word_of(NativeHistogram::Reset hint) {
    switch (hint) {
        case NativeHistogram::Reset::Unknown:
            return "";
        case NativeHistogram::Reset::Reset:
            return "reset";
        case NativeHistogram::Reset::NotReset:
            return "not_reset";
        case NativeHistogram::Reset::Gauge:
            return "gauge";
    }
    return "";
}

}  // namespace

std::string to_string(const NativeHistogram& histogram) {
    std::vector<std::string> fields;
    const auto add = [&](std::string_view name, double value) {
        if (value != 0) fields.push_back(fmt::format("{}:{}", name, format_go_float(value)));
    };
    add("schema", static_cast<double>(histogram.schema));
    add("count", histogram.count);
    add("sum", histogram.sum);
    add("z_bucket", histogram.zero_count);
    add("z_bucket_w", histogram.zero_width);
    if (!histogram.custom_values.empty()) fields.push_back("custom_values:" + listed(histogram.custom_values));
    const std::string_view hint = word_of(histogram.reset_hint);
    if (!hint.empty()) fields.push_back(fmt::format("counter_reset_hint:{}", hint));
    add_buckets(fields, "", histogram.positive);
    add_buckets(fields, "n_", histogram.negative);
    return "{{" + join(fields, " ") + "}}";
}

Result<NativeHistogram> added(const NativeHistogram& base, const NativeHistogram& given, double times) {
    const NativeHistogram step = in_schema_of(base, given);
    if (!same_layout(base, step)) {
        return fail(Error::Kind::InvalidInput,
                    "histograms of one item of a series need the same zero bucket and custom values, and no lower schema");
    }
    if (std::max(reach(base.positive, step.positive), reach(base.negative, step.negative)) > kBucketsMax) {
        return fail(Error::Kind::InvalidInput, fmt::format("more than {} buckets", kBucketsMax));
    }
    NativeHistogram sum = base;
    sum.count += times * step.count;
    sum.sum += times * step.sum;
    sum.zero_count += times * step.zero_count;
    sum.positive = added_buckets(base.positive, step.positive, times);
    sum.negative = added_buckets(base.negative, step.negative, times);
    return sum;
}

bool is_reset(const NativeHistogram& previous, const NativeHistogram& next) {
    return !same_layout(previous, next) || next.count < previous.count || next.zero_count < previous.zero_count ||
           has_fallen(previous.positive, next.positive) || has_fallen(previous.negative, next.negative);
}

}  // namespace tocsin
