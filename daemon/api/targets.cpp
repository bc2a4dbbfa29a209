#include <algorithm>
#include <map>

#include "base/duration.h"
#include "daemon/api/api.h"

namespace tocsin::api {
namespace {

Json active_target_json(const TargetStatus& target) {
    Json json = Json::object();
    json.add("discoveredLabels", labels_json(target.discovered_labels));
    json.add("labels", labels_json(target.labels));
    json.add("scrapePool", target.job);
    json.add("scrapeUrl", target.url);
    json.add("globalUrl", target.url);
    json.add("lastError", target.last_error);
    json.add("lastScrape", target.last_scrape ? to_rfc3339(*target.last_scrape) : time_json({}));
    json.add("lastScrapeDuration", std::chrono::duration<double>(target.last_duration).count());
    json.add("health", to_string(target.health));
    json.add("scrapeInterval", to_string(target.interval));
    json.add("scrapeTimeout", to_string(target.timeout));
    return json;
}

ServerResponse list_targets(const Context& context, const ServerRequest& request) {
    const Parameters parameters(request);
    const std::string state = parameters.get("state");
    const std::string pool = parameters.get("scrapePool");
    Json active = Json::array(), dropped = Json::array(), counts = Json::object();
    if (state.empty() || state == "any" || state == "active") {
        for (const TargetStatus& target : context.scrapes.status()) {
            if (pool.empty() || target.job == pool) active.push(active_target_json(target));
        }
    }
    if (state.empty() || state == "any" || state == "dropped") {
        for (const DroppedTarget& target : context.scrapes.dropped()) {
            if (!pool.empty() && target.job != pool) continue;
            dropped.push(Json::Object{{"discoveredLabels", labels_json(target.discovered_labels)},
                                      {"scrapePool", target.job}});
        }
    }
    for (const auto& [job, count] : context.scrapes.dropped_counts()) counts.add(job, static_cast<std::uint64_t>(count));
    return api_success(Json::Object{{"activeTargets", std::move(active)},
                                    {"droppedTargets", std::move(dropped)},
                                    {"droppedTargetCounts", std::move(counts)}});
}

ServerResponse list_pools(const Context& context) {
    std::vector<std::string> jobs;
    for (const TargetStatus& target : context.scrapes.status()) jobs.push_back(target.job);
    for (const auto& [job, count] : context.scrapes.dropped_counts()) jobs.push_back(job);
    std::sort(jobs.begin(), jobs.end());
    jobs.erase(std::unique(jobs.begin(), jobs.end()), jobs.end());
    Json pools = Json::array();
    for (std::string& job : jobs) pools.push(std::move(job));
    return api_success(Json::Object{{"scrapePools", std::move(pools)}});
}

}  // namespace

void add_targets(Router& router, Context& context) {
    router.answer("GET", "/api/v1/targets",
                  [&context](const Router::Call& call) { return list_targets(context, call.request); });
    router.answer("GET", "/api/v1/scrape_pools", [&context](const Router::Call&) { return list_pools(context); });
}

}  // namespace tocsin::api
