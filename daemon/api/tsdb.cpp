#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "daemon/api/api.h"
#include "daemon/api/query_parameters.h"

namespace tocsin::api {
namespace {

// As web/api/v1/api.go serveTSDBStatus has them.
constexpr std::int64_t kEntriesByDefault = 10;
constexpr std::int64_t kEntriesMax = 10'000;

Read<std::size_t> read_entries(const Parameters& parameters) {
    const std::string text = parameters.get("limit");
    if (text.empty()) return static_cast<std::size_t>(kEntriesByDefault);
    const auto count = parse_go_int(text);
    if (!count || *count < 1) return tl::unexpected(api_error("bad_data", "limit must be a positive number"));
    if (*count > kEntriesMax) {
        return tl::unexpected(api_error("bad_data", "limit must not exceed " + std::to_string(kEntriesMax)));
    }
    return static_cast<std::size_t>(*count);
}

using Counts = std::map<std::string, std::uint64_t, std::less<>>;

void count(Counts& counts, std::string_view name, std::uint64_t by) {
    const auto known = counts.find(name);
    if (known != counts.end()) {
        known->second += by;
    } else {
        counts.emplace(name, by);
    }
}

/// Between name and value of a pair; in no text that is UTF-8.
constexpr char kBetween = '\xff';

/// What the labels of all series tell (tsdb/index/postings.go Stats).
struct LabelCounts {
    Counts series_by_name, series_by_pair, value_bytes_by_label, values_by_label;

    explicit LabelCounts(const std::vector<LabelSet>& series) {
        for (const LabelSet& labels : series) add(labels);
        for (const auto& [pair, number] : series_by_pair) count(values_by_label, label_of(pair), 1);
    }

private:
    void add(const LabelSet& labels) {
        for (const Label label : labels) {
            if (label.name == kMetricNameLabel) count(series_by_name, label.value, 1);
            count(value_bytes_by_label, label.name, label.value.size());
            pair_.assign(label.name).append(1, kBetween).append(label.value);
            count(series_by_pair, pair_, 1);
        }
    }
    static std::string_view label_of(std::string_view pair) { return pair.substr(0, pair.find(kBetween)); }

    std::string pair_;
};

std::string shown_name(std::string name) {
    std::replace(name.begin(), name.end(), kBetween, '=');
    return name;
}

/// The largest first.
Json largest(const Counts& counts, std::size_t entries) {
    std::vector<Counts::const_iterator> order;
    for (auto it = counts.begin(); it != counts.end(); ++it) order.push_back(it);
    const auto shown = std::min(entries, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
                      [](auto a, auto b) { return std::tie(b->second, a->first) < std::tie(a->second, b->first); });
    Json list = Json::array();
    for (std::size_t i = 0; i < shown; ++i) {
        list.push(Json::Object{{"name", shown_name(order[i]->first)}, {"value", order[i]->second}});
    }
    return list;
}

/// Those that match least first, so that a selector which finds nothing is on top.
Json selectors_json(std::vector<RuleSelectorUse> uses, std::size_t entries) {
    const auto shown = std::min(entries, uses.size());
    std::partial_sort(
        uses.begin(), uses.begin() + static_cast<std::ptrdiff_t>(shown), uses.end(), [](const auto& a, const auto& b) {
            return std::tie(a.series, a.group, a.rule, a.selector) < std::tie(b.series, b.group, b.rule, b.selector);
        });
    Json list = Json::array();
    for (std::size_t i = 0; i < shown; ++i) {
        list.push(Json::Object{{"group", uses[i].group},
                               {"rule", uses[i].rule},
                               {"selector", uses[i].selector},
                               {"series", static_cast<std::uint64_t>(uses[i].series)}});
    }
    return list;
}

// There are no chunks. Without samples the times are those of Prometheus' empty head.
Json head_json(const Store::Stats& stats, std::size_t pairs) {
    using Limits = std::numeric_limits<std::int64_t>;
    return Json::Object{{"numSeries", static_cast<std::uint64_t>(stats.series)},
                        {"numLabelPairs", static_cast<std::uint64_t>(pairs)},
                        {"chunkCount", 0},
                        {"minTime", stats.oldest ? to_unix_ms(*stats.oldest) : Limits::max()},
                        {"maxTime", stats.newest ? to_unix_ms(*stats.newest) : Limits::min()}};
}

Json store_json(const Store::Stats& stats) {
    return Json::Object{
        {"timelines", static_cast<std::uint64_t>(stats.timelines)},
        {"bytes", static_cast<std::uint64_t>(stats.bytes)},
        {"bytesPerSeries", static_cast<std::uint64_t>(stats.series == 0 ? 0 : stats.bytes / stats.series)},
        {"samplesAppended", stats.samples_appended},
        {"seriesCreated", stats.series_created},
        {"seriesRemoved", stats.series_removed},
        {"seriesRefused", stats.series_refused}};
}

Json scrapes_json(const ScrapeMetrics& metrics) {
    const auto whole = [](const SelfMetrics::Value& value) { return static_cast<std::uint64_t>(value.get()); };
    return Json::Object{{"samples", whole(metrics.samples)},
                        {"bodyBytes", whole(metrics.body_bytes)},
                        {"linesSkipped", whole(metrics.lines_skipped)},
                        {"prefixHits", whole(metrics.prefix_hits)},
                        {"prefixMisses", whole(metrics.prefix_misses)}};
}

ServerResponse write_status(Json own, const Store::Stats& stats, const std::vector<LabelSet>& series,
                            std::size_t entries) {
    const LabelCounts counts(series);
    Json data = Json::object();
    data.add("headStats", head_json(stats, counts.series_by_pair.size()));
    data.add("seriesCountByMetricName", largest(counts.series_by_name, entries));
    data.add("labelValueCountByLabelName", largest(counts.values_by_label, entries));
    data.add("memoryInBytesByLabelName", largest(counts.value_bytes_by_label, entries));
    data.add("seriesCountByLabelValuePair", largest(counts.series_by_pair, entries));
    data.add("tocsin", std::move(own));
    return api_success(std::move(data));
}

// Labels are counted on a query thread: there may be millions of series.
void tsdb(Context& context, Router::Call call) {
    const auto entries = read_entries(Parameters(call.request));
    if (!entries) return call.respond(entries.error());
    const Store::Stats stats = context.store.stats();
    auto own =
        std::make_shared<Json>(Json::Object{{"store", store_json(stats)},
                                            {"scrapes", scrapes_json(context.scrapes.metrics())},
                                            {"selectors", selectors_json(context.rules.selector_uses(), *entries)}});
    context.queries.list(
        {{{}}, {kTimeMin, kTimeMax}},
        [own = std::move(own), stats, entries = *entries](const std::vector<LabelSet>& series) {
            return write_status(std::move(*own), stats, series, entries);
        },
        std::move(call.respond));
}

}  // namespace

void add_tsdb(Router& router, Context& context) {
    router.on("GET", "/api/v1/status/tsdb", [&context](Router::Call call) { tsdb(context, std::move(call)); });
}

}  // namespace tocsin::api
