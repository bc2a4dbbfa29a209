#include "base/self_metrics.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/text.h"

namespace tocsin {

namespace {

/// How many values of a summary its quantiles are taken from.
constexpr std::size_t kRecentMax = 512;
constexpr double kQuantiles[] = {0.5, 0.9, 0.99};
constexpr double kWideQuantiles[] = {0.01, 0.05, 0.5, 0.9, 0.99};

// Prometheus has these with wide quantiles (rules/group.go NewGroupMetrics, scrape/metrics.go newScrapeMetrics), and
// dashboards ask for the low ones.
constexpr std::string_view kWideSummaries[] = {"prometheus_rule_group_duration_seconds",
                                               "prometheus_target_interval_length_seconds"};

std::span<const double> quantiles_of(std::string_view family) {
    const bool is_wide = std::ranges::find(kWideSummaries, family) != std::end(kWideSummaries);
    return is_wide ? std::span<const double>(kWideQuantiles) : std::span<const double>(kQuantiles);
}

std::string_view type_name_of(SelfMetrics::Type type) {
    switch (type) {
        case SelfMetrics::Type::Counter:
            return "counter";
        case SelfMetrics::Type::Gauge:
            return "gauge";
        case SelfMetrics::Type::Histogram:
            return "histogram";
        case SelfMetrics::Type::Summary:
            return "summary";
    }
    return "untyped";
}

std::string escaped_for_exposition(std::string_view text, bool quotes) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\\' || (quotes && c == '"')) out += '\\';
        out += c;
    }
    return out;
}

/// `name{a="b",le="0.5"} value`; the extra label comes last and may be empty.
void append_line(std::string& out, std::string_view name, const LabelSet& labels, const Label& extra,
                 std::string_view value) {
    std::string inside;
    const auto add = [&inside](const Label& label) {
        inside += fmt::format("{}{}=\"{}\"", inside.empty() ? "" : ",", label.name,
                              escaped_for_exposition(label.value, true));
    };
    for (const Label label : labels) add(label);
    if (!extra.name.empty()) add(extra);
    out += name;
    if (!inside.empty()) out += "{" + inside + "}";
    out += fmt::format(" {}\n", value);
}

void append_sum_and_count(std::string& out, std::string_view name, const LabelSet& labels,
                          const SelfMetrics::Distribution& distribution) {
    append_line(out, fmt::format("{}_sum", name), labels, {}, format_go_float(distribution.sum()));
    append_line(out, fmt::format("{}_count", name), labels, {}, std::to_string(distribution.count()));
}

void append_histogram(std::string& out, std::string_view name, const LabelSet& labels,
                      const SelfMetrics::Distribution& distribution) {
    const std::string bucket = fmt::format("{}_bucket", name);
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < distribution.bounds().size(); ++i) {
        so_far += distribution.counts()[i];
        append_line(out, bucket, labels, {kBucketLabel, format_go_float(distribution.bounds()[i])},
                    std::to_string(so_far));
    }
    append_line(out, bucket, labels, {kBucketLabel, "+Inf"}, std::to_string(distribution.count()));
    append_sum_and_count(out, name, labels, distribution);
}

void append_summary(std::string& out, std::string_view name, const LabelSet& labels,
                    const SelfMetrics::Distribution& distribution) {
    for (const double q : quantiles_of(name)) {
        append_line(out, name, labels, {"quantile", format_go_float(q)}, format_go_float(distribution.quantile(q)));
    }
    append_sum_and_count(out, name, labels, distribution);
}

}  // namespace

void SelfMetrics::Distribution::observe(double value) {
    sum_ += value;
    ++count_;
    if (bounds_.empty()) {
        if (recent_.size() < kRecentMax) recent_.resize(recent_.size() + 1);
        recent_[next_] = value;
        next_ = (next_ + 1) % kRecentMax;
        return;
    }
    const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
    if (bound != bounds_.end()) ++counts_[static_cast<std::size_t>(bound - bounds_.begin())];
}

double SelfMetrics::Distribution::quantile(double q) const {
    if (recent_.empty()) return std::numeric_limits<double>::quiet_NaN();
    std::vector<double> values = recent_;
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::clamp<std::size_t>(rank, 1, values.size()) - 1);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

SelfMetrics::Value& SelfMetrics::counter(std::string_view name, std::string_view help, const LabelSet& labels) {
    return child(name, help, Type::Counter, labels).value;
}

SelfMetrics::Value& SelfMetrics::gauge(std::string_view name, std::string_view help, const LabelSet& labels) {
    return child(name, help, Type::Gauge, labels).value;
}

SelfMetrics::Distribution& SelfMetrics::histogram(std::string_view name, std::string_view help,
                                                  std::vector<double> bounds, const LabelSet& labels) {
    TOCSIN_ASSERT(!bounds.empty() && std::is_sorted(bounds.begin(), bounds.end()));
    Child& found = child(name, help, Type::Histogram, labels);
    if (!found.distribution) found.distribution = std::make_unique<Distribution>(std::move(bounds));
    return *found.distribution;
}

SelfMetrics::Distribution& SelfMetrics::summary(std::string_view name, std::string_view help, const LabelSet& labels) {
    Child& found = child(name, help, Type::Summary, labels);
    if (!found.distribution) found.distribution = std::make_unique<Distribution>(std::vector<double>{});
    return *found.distribution;
}

void SelfMetrics::remove(std::string_view name, const LabelSet& labels) {
    const auto family = families_.find(name);
    if (family != families_.end()) family->second.children.erase(labels);
}

void SelfMetrics::remove_if(std::string_view name, const std::function<bool(const LabelSet&)>& gone) {
    const auto family = families_.find(name);
    if (family == families_.end()) return;
    std::erase_if(family->second.children, [&](const auto& child) { return gone(child.first); });
}

std::string SelfMetrics::render() {
    for (std::size_t i = 0; i < refreshers_.size(); ++i) refreshers_[i]();
    std::string out;
    for (const auto& [name, family] : families_) {
        if (family.children.empty()) continue;
        out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped_for_exposition(family.help, false), name,
                           type_name_of(family.type));
        for (const auto& [labels, one] : family.children) {
            switch (family.type) {
                case Type::Counter:
                case Type::Gauge:
                    append_line(out, name, labels, {}, format_go_float(one.value.get()));
                    break;
                case Type::Histogram:
                    append_histogram(out, name, labels, *one.distribution);
                    break;
                case Type::Summary:
                    append_summary(out, name, labels, *one.distribution);
                    break;
            }
        }
    }
    return out;
}

SelfMetrics::Child& SelfMetrics::child(std::string_view name, std::string_view help, Type type,
                                       const LabelSet& labels) {
    auto family = families_.find(name);
    if (family == families_.end()) {
        TOCSIN_ASSERT(is_legacy_metric_name(name));
        family = families_.emplace(std::string(name), Family{std::string(help), type, {}}).first;
    }
    TOCSIN_ASSERT(family->second.type == type);
    return family->second.children[labels];
}

}  // namespace tocsin
