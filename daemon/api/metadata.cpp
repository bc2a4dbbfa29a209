#include <algorithm>
#include <map>
#include <set>

#include "daemon/api/api.h"
#include "daemon/api/query_parameters.h"
#include "parser/promql_parser.h"

namespace tocsin::api {
namespace {

constexpr std::int64_t kNoLimit = -1;

/// `limit` and its like of the metadata endpoints; -1 when it is not given.
Read<std::int64_t> read_metadata_count(const Parameters& parameters, const std::string& name) {
    const std::string text = parameters.get(name);
    if (text.empty()) return kNoLimit;
    const auto count = parse_go_int(text);
    if (!count) return tl::unexpected(api_error("bad_data", name + " must be a number"));
    return *count;
}

struct Entry {
    std::string type, help, unit;
    auto operator<=>(const Entry&) const = default;
};

Json entry_json(const Entry& entry) {
    return Json::Object{{"type", entry.type}, {"help", entry.help}, {"unit", entry.unit}};
}

ServerResponse metric_metadata(const Context& context, const Parameters& parameters) {
    const auto limit = read_metadata_count(parameters, "limit");
    if (!limit) return limit.error();
    const auto per_metric = read_metadata_count(parameters, "limit_per_metric");
    if (!per_metric) return per_metric.error();
    std::map<std::string, std::set<Entry>> metrics;
    for (TargetMetadata& row : context.scrapes.metadata(parameters.get("metric"))) {
        auto& entries = metrics[row.metric];
        if (*per_metric > 0 && static_cast<std::int64_t>(entries.size()) >= *per_metric) continue;
        entries.insert({std::move(row.type), std::move(row.help), std::move(row.unit)});
    }
    Json data = Json::object();
    for (const auto& [metric, entries] : metrics) {
        if (*limit >= 0 && static_cast<std::int64_t>(data.members().size()) >= *limit) break;
        Json list = Json::array();
        for (const Entry& entry : entries) list.push(entry_json(entry));
        data.add(metric, std::move(list));
    }
    return api_success(std::move(data));
}

Read<Matchers> read_target_matchers(const Parameters& parameters) {
    const std::string text = parameters.get("match_target");
    if (text.empty()) return Matchers{};
    auto matchers = parse_metric_selector(text);
    if (matchers) return *std::move(matchers);
    return tl::unexpected(invalid_parameter("match_target", parse_error(matchers.error().front())));
}

// The limit is one of targets more than of metrics, as in the original: a target that was begun is told whole.
ServerResponse target_metadata(const Context& context, const Parameters& parameters) {
    const auto limit = read_metadata_count(parameters, "limit");
    if (!limit) return limit.error();
    const auto matchers = read_target_matchers(parameters);
    if (!matchers) return matchers.error();
    const std::string metric = parameters.get("metric");
    std::map<TargetId, LabelSet> targets;
    for (const TargetStatus& target : context.scrapes.status()) targets.emplace(target.id, target.labels);
    Json data = Json::array();
    std::optional<TargetId> begun;
    for (const TargetMetadata& row : context.scrapes.metadata(metric)) {
        if (begun != row.target && *limit >= 0 && static_cast<std::int64_t>(data.items().size()) >= *limit) break;
        const LabelSet& labels = targets[row.target];
        if (!all_match(*matchers, labels)) continue;
        begun = row.target;
        Json json = Json::object();
        json.add("target", labels_json(labels));
        if (metric.empty()) json.add("metric", row.metric);
        json.add("type", row.type);
        json.add("help", row.help);
        json.add("unit", row.unit);
        data.push(std::move(json));
    }
    return api_success(std::move(data));
}

}  // namespace

void add_metadata(Router& router, Context& context) {
    router.answer("GET", "/api/v1/metadata",
                  [&context](const Router::Call& call) { return metric_metadata(context, Parameters(call.request)); });
    router.answer("GET", "/api/v1/targets/metadata",
                  [&context](const Router::Call& call) { return target_metadata(context, Parameters(call.request)); });
}

}  // namespace tocsin::api
