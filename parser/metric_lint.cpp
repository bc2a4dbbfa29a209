#include "parser/metric_lint.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "parser/exposition.h"

namespace tocsin {
namespace {

using Entry = ExpositionParser::Entry;

constexpr std::array<std::pair<std::string_view, std::string_view>, 24> kUnits{{
    {"amperes", "amperes"}, {"bytes", "bytes"},     {"celsius", "celsius"}, {"grams", "grams"},
    {"joules", "joules"},   {"kelvin", "kelvin"},   {"meters", "meters"},   {"metres", "metres"},
    {"seconds", "seconds"}, {"volts", "volts"},     {"minutes", "seconds"}, {"hours", "seconds"},
    {"days", "seconds"},    {"weeks", "seconds"},   {"kelvins", "kelvin"},  {"fahrenheit", "celsius"},
    {"rankine", "celsius"}, {"inches", "meters"},   {"yards", "meters"},    {"miles", "meters"},
    {"bits", "bytes"},      {"calories", "joules"}, {"pounds", "grams"},    {"ounces", "grams"},
}};

constexpr std::array<std::string_view, 19> kPrefixes{"",     "pico",  "nano", "micro", "milli", "centi", "deci",
                                                     "deca", "hecto", "kilo", "kibi",  "mega",  "mibi",  "giga",
                                                     "gibi", "tera",  "tebi", "peta",  "pebi"};

constexpr std::array<std::string_view, 14> kAbbreviations{"s",  "ms", "us", "ns", "sec", "b", "kb",
                                                          "mb", "gb", "tb", "pb", "m",   "h", "d"};

constexpr std::array<std::string_view, 5> kTypeNames{"counter", "gauge", "summary", "histogram", "gauge_histogram"};

struct Family {
    MetricType type = MetricType::Unknown;
    bool has_help = false;
    bool has_samples = false;
    std::size_t line = 0;
    std::set<std::string> label_names;
    std::set<std::string> prefixes;  // of its lines
    bool has_duplicates = false;
};

bool has_word(std::string_view name, std::string_view word) {
    const std::string part = "_" + std::string(word);
    return name.ends_with(part) || name.find(part + "_") != std::string_view::npos;
}

bool is_camel_case(std::string_view name) {
    for (std::size_t i = 0; i + 1 < name.size(); ++i) {
        if (name[i] >= 'a' && name[i] <= 'z' && name[i + 1] >= 'A' && name[i + 1] <= 'Z') return true;
    }
    return false;
}

/// The families of a body: the series of a histogram or summary count as one.
class Families {
public:
    explicit Families(bool is_open_metrics) : is_open_metrics_(is_open_metrics) {}

    void read(std::string_view body, ExpositionFormat format) {
        ExpositionParser parser(body, format);
        std::size_t line = 1, counted = 0;
        for (Entry entry = parser.next(); entry != Entry::End && entry != Entry::Error; entry = parser.next()) {
            const std::size_t begin = std::min(parser.entry_begin(), body.size());
            line += static_cast<std::size_t>(std::count(body.begin() + static_cast<std::ptrdiff_t>(counted),
                                                        body.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
            counted = begin;
            take(parser, entry, line);
        }
    }

    const std::map<std::string, Family>& all() const { return families_; }

private:
    void take(ExpositionParser& parser, Entry entry, std::size_t line) {
        if (entry == Entry::Sample) return take_sample(parser, line);
        if (entry != Entry::Type && entry != Entry::Help) return;
        Family& family = at(std::string(parser.metric()), line);
        if (entry == Entry::Type) family.type = parser.type();
        if (entry == Entry::Help) family.has_help = !parser.text().empty();
    }

    void take_sample(ExpositionParser& parser, std::size_t line) {
        const std::vector<Label>& labels = parser.labels();
        const auto name = std::ranges::find(labels, kMetricNameLabel, &Label::name);
        const std::string metric = name == labels.end() ? std::string() : std::string(name->value);
        Family& family = at(family_of(metric), line);
        family.has_samples = true;
        for (const Label& label : labels) {
            if (label.name != kMetricNameLabel) family.label_names.emplace(label.name);
        }
        const std::string time = parser.has_timestamp() ? std::to_string(parser.timestamp_ms()) : "";
        family.has_duplicates |= !family.prefixes.insert(std::string(parser.prefix()) + " " + time).second;
    }

    Family& at(const std::string& name, std::size_t line) {
        Family& family = families_[name];
        if (family.line == 0) family.line = line;
        return family;
    }

    std::string family_of(const std::string& metric) const {
        for (const std::string_view suffix : {"_bucket", "_count", "_sum", "_total", "_created", "_info"}) {
            if (!metric.ends_with(suffix)) continue;
            const std::string base = metric.substr(0, metric.size() - suffix.size());
            const auto known = families_.find(base);
            if (known == families_.end()) continue;
            const MetricType type = known->second.type;
            const bool takes_sums =
                type == MetricType::Histogram || type == MetricType::Summary || type == MetricType::GaugeHistogram;
            const bool is_sum = suffix == "_bucket" || suffix == "_count" || suffix == "_sum";
            if (is_sum ? takes_sums : is_open_metrics_ && families_.count(metric) == 0) return base;
        }
        return metric;
    }

    const bool is_open_metrics_;  // whose families have other names than their samples
    std::map<std::string, Family> families_;
};

using Problems = std::vector<std::string>;

// The base unit of a word such as `milliseconds`, empty if it is no unit.
std::string_view base_unit_of(std::string_view word) {
    for (const std::string_view prefix : kPrefixes) {
        if (!word.starts_with(prefix)) continue;
        const auto unit = std::ranges::find(kUnits, word.substr(prefix.size()), &decltype(kUnits)::value_type::first);
        if (unit != kUnits.end()) return unit->second;
    }
    return {};
}

void lint_unit(std::string_view name, Problems& problems) {
    for (const std::string_view word : split(name, '_')) {
        const std::string_view base = base_unit_of(word);
        if (base.empty()) continue;
        if (word != base)
            problems.push_back(fmt::format("use base unit {} instead of {}", go_quote(base), go_quote(word)));
        return;
    }
}

void lint_counter(std::string_view name, const Family& family, bool is_open_metrics, Problems& problems) {
    const bool is_counter = family.type == MetricType::Counter;
    const bool has_total = name.ends_with("_total");
    // The family of a counter of OpenMetrics is named without it.
    if (is_counter && !has_total && !is_open_metrics)
        problems.emplace_back("counter metrics should have \"_total\" suffix");
    if (!is_counter && has_total) problems.emplace_back("non-counter metrics should not have \"_total\" suffix");
}

void lint_reserved(std::string_view name, const Family& family, Problems& problems) {
    const bool is_histogram = family.type == MetricType::Histogram || family.type == MetricType::GaugeHistogram;
    const bool is_summary = family.type == MetricType::Summary;
    if (!is_histogram && name.ends_with("_bucket")) {
        problems.emplace_back("non-histogram metrics should not have \"_bucket\" suffix");
    }
    for (const std::string_view suffix : {"_count", "_sum"}) {
        if (is_histogram || is_summary || !name.ends_with(suffix)) continue;
        problems.push_back(fmt::format("non-histogram and non-summary metrics should not have \"{}\" suffix", suffix));
    }
    if (!is_histogram && family.label_names.count("le") > 0) {
        problems.emplace_back("non-histogram metrics should not have \"le\" label");
    }
    if (!is_summary && family.label_names.count("quantile") > 0) {
        problems.emplace_back("non-summary metrics should not have \"quantile\" label");
    }
}

void lint_name(const std::string& name, const Family& family, Problems& problems) {
    const std::string lower = to_lower(name);
    if (name.find(':') != std::string::npos) problems.emplace_back("metric names should not contain ':'");
    if (is_camel_case(name)) problems.emplace_back("metric names should be written in 'snake_case' not 'camelCase'");
    for (const std::string& label : family.label_names) {
        if (is_camel_case(label))
            problems.emplace_back("label names should be written in 'snake_case' not 'camelCase'");
    }
    const auto is_in_name = [&](std::string_view word) { return has_word(lower, word); };
    if (std::ranges::any_of(kAbbreviations, is_in_name)) {
        problems.emplace_back("metric names should not contain abbreviated units");
    }
    for (const std::string_view type : kTypeNames) {
        if (has_word(lower, type)) problems.push_back(fmt::format("metric name should not include type '{}'", type));
    }
}

Problems lint(const std::string& name, const Family& family, bool is_open_metrics) {
    Problems problems;
    if (!family.has_help) problems.emplace_back("no help text");
    lint_unit(name, problems);
    if (family.type != MetricType::Unknown) {
        lint_counter(name, family, is_open_metrics, problems);
        lint_reserved(name, family, problems);
    }
    lint_name(name, family, problems);
    if (family.has_duplicates) problems.emplace_back("metric not unique");
    std::ranges::sort(problems);
    return problems;
}

}  // namespace

Diagnostics lint_metrics(std::string_view body, ExpositionFormat format, const std::string& file) {
    const bool is_open_metrics = format == ExpositionFormat::OpenMetrics;
    Families families(is_open_metrics);
    families.read(body, format);
    Diagnostics findings;
    for (const auto& [name, family] : families.all()) {
        if (!family.has_samples) continue;  // nothing to name otherwise
        for (const std::string& problem : lint(name, family, is_open_metrics)) {
            findings.push_back({.severity = Severity::Warning,
                                .check = "metrics/naming",
                                .file = file,
                                .where = {family.line, 1, family.line, 1},
                                .message = name + " " + problem});
        }
    }
    return findings;
}

}  // namespace tocsin
