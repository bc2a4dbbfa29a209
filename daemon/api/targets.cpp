#include <algorithm>
#include <map>

#include "base/duration.h"
#include "base/text.h"
#include "base/url.h"
#include "daemon/api/api.h"

namespace tocsin::api {
namespace {

bool is_this_machine(const std::string& host) {
    return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

std::string in_url(const std::string& host) {
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string port_of(std::string_view address) {
    return std::string(address.substr(address.rfind(':') + 1));
}

// A target on this machine is reached from elsewhere by the name that the external URL gives it.
std::string global_url(const std::string& target, const Options& options) {
    const auto url = parse_url(target);
    const auto external = parse_url(options.external_url);
    if (!url || !external || !is_this_machine(url->host)) return target;
    const bool is_ours = std::to_string(url->port) == port_of(options.listen_address);
    const std::string port = is_ours           ? external->port_given ? ":" + std::to_string(external->port) : ""
                             : url->port_given ? ":" + std::to_string(url->port)
                                               : "";
    return (is_ours ? external->scheme : url->scheme) + "://" + in_url(external->host) + port + url->target();
}

Json active_target_json(const TargetStatus& target, const Options& options) {
    Json json = Json::object();
    json.add("discoveredLabels", labels_json(target.discovered_labels));
    json.add("labels", labels_json(target.labels));
    json.add("scrapePool", target.job);
    json.add("scrapeUrl", target.url);
    json.add("globalUrl", global_url(target.url, options));
    json.add("lastError", target.last_error);
    json.add("lastScrape", target.last_scrape ? to_rfc3339(*target.last_scrape) : time_json({}));
    json.add("lastScrapeDuration", std::chrono::duration<double>(target.last_duration).count());
    json.add("health", to_string(target.health));
    json.add("scrapeInterval", to_string(target.interval));
    json.add("scrapeTimeout", to_string(target.timeout));
    return json;
}

Json active_targets(const Context& context, const std::string& pool) {
    std::vector<TargetStatus> all = context.scrapes.status();
    std::stable_sort(all.begin(), all.end(),
                     [](const TargetStatus& a, const TargetStatus& b) { return a.job < b.job; });
    Json active = Json::array();
    for (const TargetStatus& target : all) {
        if (pool.empty() || target.job == pool) active.push(active_target_json(target, context.options));
    }
    return active;
}

Json dropped_targets(const Context& context, const std::string& pool) {
    std::vector<DroppedTarget> all = context.scrapes.dropped();
    std::stable_sort(all.begin(), all.end(),
                     [](const DroppedTarget& a, const DroppedTarget& b) { return a.job < b.job; });
    Json dropped = Json::array();
    for (const DroppedTarget& target : all) {
        if (!pool.empty() && target.job != pool) continue;
        dropped.push(
            Json::Object{{"discoveredLabels", labels_json(target.discovered_labels)}, {"scrapePool", target.job}});
    }
    return dropped;
}

Json dropped_counts(const Context& context) {
    std::map<std::string, std::uint64_t> by_job;
    for (const auto& [job, count] : context.scrapes.dropped_counts()) by_job[job] = count;
    Json counts = Json::object();
    for (const auto& [job, count] : by_job) counts.add(job, count);
    return counts;
}

// What is not asked for is an empty list, and no counts.
ServerResponse list_targets(const Context& context, const ServerRequest& request) {
    const Parameters parameters(request);
    const std::string state = to_lower(parameters.get("state"));
    const std::string pool = parameters.get("scrapePool");
    const bool all = state.empty() || state == "any";
    const bool dropped = all || state == "dropped";
    return api_success(
        Json::Object{{"activeTargets", all || state == "active" ? active_targets(context, pool) : Json::array()},
                     {"droppedTargets", dropped ? dropped_targets(context, pool) : Json::array()},
                     {"droppedTargetCounts", dropped ? dropped_counts(context) : Json()}});
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
