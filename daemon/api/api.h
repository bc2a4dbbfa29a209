#pragma once

#include <functional>
#include <string>

#include "base/log.h"
#include "base/self_metrics.h"
#include "daemon/alert_sender.h"
#include "daemon/app.h"
#include "daemon/health.h"
#include "daemon/query_service.h"
#include "daemon/router.h"
#include "engine/scrape/scrape_manager.h"
#include "engine/store/store.h"
#include "notifiers/notification_history.h"
#include "notifiers/notification_service.h"
#include "rules/alert_history.h"
#include "notifiers/untold_alerts.h"
#include "rules/rule_manager.h"

/// The HTTP API, one file per resource. Each adds its paths to the router; handlers run on the scheduler's thread.
namespace tocsin::api {

/// What is in force, for pages that show it.
struct LoadedConfig {
    std::string yaml;  // of prometheus.yml, without secrets
    Timestamp at{};    // when it was put in force
    bool last_reload_good = true;
};

/// What handlers look at. All of it outlives the router.
struct Context {
    Scheduler& scheduler;
    Store& store;
    RuleManager& rules;
    ScrapeManager& scrapes;
    NotificationService& notifications;
    const NotificationHistory& history;
    const AlertHistory& alert_history;
    const UntoldAlerts& untold;
    AlertSender& alert_sender;
    QueryService& queries;
    SelfMetrics& metrics;
    const Options& options;
    Health& health;
    const LoadedConfig& loaded_config;
    Timestamp started_at;
    /// Reads all files again; answers when they are in force or refused.
    std::function<void(std::function<void(ReloadOutcome)>)> reload;
};

void add_health(Router& router, Context& context);       // /health /api/health /healthz /-/healthy /-/ready
void add_lifecycle(Router& router, Context& context);    // /-/reload
void add_metrics(Router& router, Context& context);      // /metrics
void add_rules(Router& router, Context& context);        // /api/v1/rules /api/v1/alerts /api/v1/alertmanagers
void add_targets(Router& router, Context& context);      // /api/v1/targets /api/v1/scrape_pools
void add_metadata(Router& router, Context& context);     // /api/v1/metadata /api/v1/targets/metadata
void add_query(Router& router, Context& context);        // /api/v1/query …
void add_series(Router& router, Context& context);       // /api/v1/series /api/v1/labels /api/v1/label/…/values
void add_status(Router& router, Context& context);       // /api/v1/status/…
void add_tsdb(Router& router, Context& context);         // /api/v1/status/tsdb
void add_alertmanager(Router& router, Context& context); // /api/v2/…
void add_notifications(Router& router, Context& context);  // /api/v1/notifications
void add_alert_history(Router& router, Context& context);  // /api/v1/alerts/history
void add_notifications_explain(Router& router, Context& context);  // /api/v1/notifications/explain …/untold

/// `{"a":"b"}` of a label set.
Json labels_json(const LabelSet& labels);
/// RFC 3339; Go's zero time for "never".
std::string time_json(Timestamp t);

}  // namespace tocsin::api
