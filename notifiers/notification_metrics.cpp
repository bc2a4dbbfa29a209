#include "notifiers/notification_metrics.h"

#include <array>

namespace tocsin {
namespace {

constexpr std::array kReasons = {FailureReason::Other,           FailureReason::ClientError, FailureReason::ServerError,
                                 FailureReason::AuthError,       FailureReason::RateLimited, FailureReason::Cancelled,
                                 FailureReason::DeadlineExceeded};
constexpr std::array kMuteReasons = {MuteReason::Silence, MuteReason::Inhibition, MuteReason::ActiveTimeInterval,
                                     MuteReason::MuteTimeInterval};

SelfMetrics::Value& received(SelfMetrics& metrics, bool firing) {
    return metrics.counter("alertmanager_alerts_received_total", "The total number of received alerts.",
                           {{"status", firing ? "firing" : "resolved"}, {"version", "v2"}});
}

SelfMetrics::Value& invalid(SelfMetrics& metrics) {
    return metrics.counter("alertmanager_alerts_invalid_total",
                           "The total number of received alerts that were invalid.", {{"version", "v2"}});
}

SelfMetrics::Value& limited(SelfMetrics& metrics) {
    return metrics.counter("alertmanager_alerts_limited_total",
                           "The total number of alerts that were dropped because of a limit.");
}

SelfMetrics::Value& notifications(SelfMetrics& metrics, std::string_view integration) {
    return metrics.counter("alertmanager_notifications_total", "The total number of attempted notifications.",
                           {{"integration", integration}});
}

SelfMetrics::Value& failed(SelfMetrics& metrics, std::string_view integration, FailureReason reason) {
    return metrics.counter("alertmanager_notifications_failed_total", "The total number of failed notifications.",
                           {{"integration", integration}, {"reason", to_string(reason)}});
}

SelfMetrics::Value& requests(SelfMetrics& metrics, std::string_view integration) {
    return metrics.counter("alertmanager_notification_requests_total",
                           "The total number of attempted notification requests.", {{"integration", integration}});
}

SelfMetrics::Value& failed_requests(SelfMetrics& metrics, std::string_view integration) {
    return metrics.counter("alertmanager_notification_requests_failed_total",
                           "The total number of failed notification requests.", {{"integration", integration}});
}

SelfMetrics::Distribution& latency(SelfMetrics& metrics, std::string_view integration) {
    return metrics.histogram("alertmanager_notification_latency_seconds", "The latency of notifications in seconds.",
                             {1, 5, 10, 15, 20}, {{"integration", integration}});
}

SelfMetrics::Value& template_failures(SelfMetrics& metrics, std::string_view receiver, std::string_view integration) {
    return metrics.counter("tocsin_notification_template_failures_total",
                           "Messages that went out with plain facts because a template failed.",
                           {{"integration", integration}, {"receiver", receiver}});
}

SelfMetrics::Value& suppressions(SelfMetrics& metrics, MuteReason reason) {
    return metrics.counter(
        "alertmanager_notifications_suppressed_total",
        "The total number of notifications suppressed for being silenced, inhibited, outside of active "
        "time intervals or within muted time intervals.",
        {{"reason", to_string(reason)}});
}

SelfMetrics::Value& group_limit(SelfMetrics& metrics) {
    return metrics.counter("alertmanager_dispatcher_aggregation_group_limit_reached_total",
                           "Number of times when dispatcher failed to create new aggregation group due to limit.");
}

}  // namespace

NotificationMetrics::NotificationMetrics(SelfMetrics& metrics) : metrics_(metrics) {
    received(metrics, true);
    received(metrics, false);
    invalid(metrics);
    limited(metrics);
    group_limit(metrics);
    for (const IntegrationType* type : integrations::all()) {
        notifications(metrics, type->name);
        requests(metrics, type->name);
        failed_requests(metrics, type->name);
        latency(metrics, type->name);
        for (const FailureReason reason : kReasons) failed(metrics, type->name, reason);
    }
    for (const MuteReason reason : kMuteReasons) suppressions(metrics, reason);
}

void NotificationMetrics::alert_received(bool firing) {
    received(metrics_, firing).add();
}
void NotificationMetrics::alert_invalid(double count) {
    invalid(metrics_).add(count);
}
void NotificationMetrics::alert_limited() {
    limited(metrics_).add();
}
void NotificationMetrics::notification_started(std::string_view integration) {
    notifications(metrics_, integration).add();
}
void NotificationMetrics::notification_failed(std::string_view integration, FailureReason reason) {
    failed(metrics_, integration, reason).add();
}
void NotificationMetrics::request_sent(std::string_view integration, bool request_failed, double seconds) {
    requests(metrics_, integration).add();
    if (request_failed) failed_requests(metrics_, integration).add();
    latency(metrics_, integration).observe(seconds);
}
void NotificationMetrics::template_failed(std::string_view receiver, std::string_view integration) {
    template_failures(metrics_, receiver, integration).add();
}
void NotificationMetrics::suppressed(MuteReason reason) {
    suppressions(metrics_, reason).add();
}
void NotificationMetrics::group_limit_reached() {
    group_limit(metrics_).add();
}

void NotificationMetrics::set_alerts(double active, double suppressed_alerts) {
    const auto set = [&](std::string_view state, double count) {
        metrics_.gauge("alertmanager_alerts", "How many alerts by state.", {{"state", state}}).set(count);
    };
    set("active", active);
    set("suppressed", suppressed_alerts);
    set("unprocessed", 0);
}

void NotificationMetrics::set_groups(double groups) {
    metrics_.gauge("alertmanager_dispatcher_aggregation_groups", "Number of active aggregation groups").set(groups);
}

void NotificationMetrics::set_silences(double active, double pending, double expired) {
    const auto set = [&](std::string_view state, double count) {
        metrics_.gauge("alertmanager_silences", "How many silences by state.", {{"state", state}}).set(count);
    };
    set("active", active);
    set("pending", pending);
    set("expired", expired);
}

void NotificationMetrics::set_pending_notifications(double pending) {
    metrics_.gauge("tocsin_notifications_pending", "Messages that wait for their receiver to take them.").set(pending);
}

void NotificationMetrics::set_configuration(double receivers, double integrations, double inhibition_rules) {
    metrics_.gauge("alertmanager_receivers", "Number of configured receivers.").set(receivers);
    metrics_.gauge("alertmanager_integrations", "Number of configured integrations.").set(integrations);
    metrics_.gauge("alertmanager_inhibition_rules", "Number of configured inhibition rules.").set(inhibition_rules);
}

void NotificationMetrics::config_loaded(bool good, double hash, double now_seconds) {
    metrics_
        .gauge("alertmanager_config_last_reload_successful",
               "Whether the last configuration reload attempt was successful.")
        .set(good ? 1 : 0);
    if (!good) return;
    metrics_
        .gauge("alertmanager_config_last_reload_success_timestamp_seconds",
               "Timestamp of the last successful configuration reload.")
        .set(now_seconds);
    metrics_.gauge("alertmanager_config_hash", "Hash of the currently loaded alertmanager configuration.").set(hash);
}

}  // namespace tocsin
