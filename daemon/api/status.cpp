#include <algorithm>
#include <map>

#include "base/duration.h"
#include "base/version.h"
#include "daemon/api/api.h"

namespace tocsin::api {
namespace {

// Grafana tells Prometheus from Mimir by this answer: no `application`, and no features of a ruler.
ServerResponse build_info(const Router::Call&) {
    return api_success(Json::Object{{"version", version()},
                                    {"revision", ""},
                                    {"branch", ""},
                                    {"buildUser", ""},
                                    {"buildDate", ""},
                                    {"goVersion", ""}});
}

// What concerns Go's runtime is there for clients that want the members, and says nothing.
ServerResponse runtime_info(const Context& context) {
    const LoadedConfig& loaded = context.loaded_config;
    return api_success(Json::Object{{"startTime", to_rfc3339(context.started_at)},
                                    {"CWD", ""},
                                    {"hostname", ""},
                                    {"serverTime", to_rfc3339(context.scheduler.now())},
                                    {"reloadConfigSuccess", loaded.last_reload_good},
                                    {"lastConfigTime", time_json(loaded.at)},
                                    {"corruptionCount", 0},
                                    {"goroutineCount", 0},
                                    {"GOMAXPROCS", 0},
                                    {"GOMEMLIMIT", 0},
                                    {"GOGC", ""},
                                    {"GODEBUG", ""},
                                    {"storageRetention", to_string(context.options.retention)}});
}

std::string on_or_off(bool flag) {
    return flag ? "true" : "false";
}

ServerResponse flags(const Options& options) {
    const QueryLimits& limits = options.query_limits;
    const std::map<std::string, std::string> values{
        {"alertmanager.config-file", options.alertmanager_config_file},
        {"alertmanager.drain-notification-queue-on-shutdown", on_or_off(options.drain_alert_queues)},
        {"alertmanager.notification-batch-size", std::to_string(options.alert_batch_size)},
        {"alertmanager.notification-queue-capacity", std::to_string(options.alert_queue_capacity)},
        {"config.auto-reload", on_or_off(options.auto_reload)},
        {"config.auto-reload-interval", to_string(options.auto_reload_interval)},
        {"config.file", options.config_file},
        {"health.interval", to_string(options.health_interval)},
        {"query.lookback-delta", to_string(options.query.lookback_delta)},
        {"query.max-concurrency", std::to_string(limits.concurrent_max)},
        {"query.max-samples", std::to_string(options.query.samples_max)},
        {"query.timeout", to_string(limits.timeout)},
        {"rules.alert.for-grace-period", to_string(options.outage.grace)},
        {"rules.alert.for-outage-tolerance", to_string(options.outage.tolerance)},
        {"rules.alert.resend-delay", to_string(options.resend_delay)},
        {"storage.keep", options.keep_all ? "all" : "rules"},
        {"storage.path", options.storage_path},
        {"storage.retention", to_string(options.retention)},
        {"web.allow-unauthenticated", on_or_off(options.allow_unauthenticated)},
        {"web.external-url", options.external_url},
        {"web.listen-address", options.listen_address},
    };
    Json json = Json::object();
    for (const auto& [name, value] : values) json.add(name, value);
    return api_success(std::move(json));
}

ServerResponse config(const Context& context) {
    return api_success(Json::Object{{"yaml", context.loaded_config.yaml}});
}

// There is nothing to replay once it listens.
ServerResponse wal_replay(const Router::Call&) {
    return api_success(Json::Object{{"min", 0}, {"max", 0}, {"current", 0}});
}

}  // namespace

void add_status(Router& router, Context& context) {
    router.answer("GET", "/api/v1/status/buildinfo", build_info);
    router.answer("GET", "/api/v1/status/runtimeinfo",
                  [&context](const Router::Call&) { return runtime_info(context); });
    router.answer("GET", "/api/v1/status/flags", [&context](const Router::Call&) { return flags(context.options); });
    router.answer("GET", "/api/v1/status/config", [&context](const Router::Call&) { return config(context); });
    router.answer("GET", "/api/v1/status/walreplay", wal_replay);
}

}  // namespace tocsin::api
