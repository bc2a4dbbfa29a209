#include "notifiers/notification_metrics.h"

#include <array>
#include <functional>
#include <set>
#include <utility>

namespace tocsin {
namespace {

constexpr std::array kReasons = {FailureReason::Other,           FailureReason::ClientError, FailureReason::ServerError,
                                 FailureReason::AuthError,       FailureReason::RateLimited, FailureReason::Cancelled,
                                 FailureReason::DeadlineExceeded};
constexpr std::array kMuteReasons = {MuteReason::Silence, MuteReason::Inhibition, MuteReason::ActiveTimeInterval,
                                     MuteReason::MuteTimeInterval};

constexpr auto kNotifications = "alertmanager_notifications_total";
constexpr auto kFailed = "alertmanager_notifications_failed_total";
constexpr auto kRequests = "alertmanager_notification_requests_total";
constexpr auto kFailedRequests = "alertmanager_notification_requests_failed_total";
constexpr auto kLatency = "alertmanager_notification_latency_seconds";
constexpr auto kPending = "tocsin_notifications_pending";
constexpr auto kFailing = "tocsin_notifications_failing";
constexpr auto kTemplateFailures = "tocsin_notification_template_failures_total";
constexpr auto kFlaps = "tocsin_alert_flaps_total";
constexpr std::array kOfIntegrations = {kNotifications, kFailed,  kRequests, kFailedRequests,
                                        kLatency,       kPending, kFailing,  kTemplateFailures};

LabelSet kind_labels(std::string_view kind) {
    return {{"integration", kind}};
}

LabelSet labels_of_integration(const Integration& integration) {
    return {{"integration", integration.kind}, {"receiver_name", integration.receiver}};
}

LabelSet with_reason(const LabelSet& integration, FailureReason reason) {
    return {{"integration", integration.get("integration")},
            {"reason", to_string(reason)},
            {"receiver_name", integration.get("receiver_name")}};
}

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

SelfMetrics::Value& notifications(SelfMetrics& metrics, const LabelSet& integration) {
    return metrics.counter(kNotifications, "The total number of attempted notifications.", integration);
}

SelfMetrics::Value& failed(SelfMetrics& metrics, const LabelSet& integration, FailureReason reason) {
    return metrics.counter(kFailed, "The total number of failed notifications.", with_reason(integration, reason));
}

SelfMetrics::Value& requests(SelfMetrics& metrics, const LabelSet& integration) {
    return metrics.counter(kRequests, "The total number of attempted notification requests.", integration);
}

SelfMetrics::Value& failed_requests(SelfMetrics& metrics, const LabelSet& integration) {
    return metrics.counter(kFailedRequests, "The total number of failed notification requests.", integration);
}

SelfMetrics::Distribution& latency(SelfMetrics& metrics, const LabelSet& integration) {
    return metrics.histogram(kLatency, "The latency of notifications in seconds.", {1, 5, 10, 15, 20}, integration);
}

SelfMetrics::Value& template_failures(SelfMetrics& metrics, const LabelSet& integration) {
    return metrics.counter(kTemplateFailures,
                           "Messages that went out with plain facts because a template failed.", integration);
}

SelfMetrics::Value& flaps(SelfMetrics& metrics, std::string_view receiver) {
    return metrics.counter(kFlaps,
                           "Alerts that fired and ended, or ended and fired again, between two flushes of a group.",
                           {{"receiver_name", receiver}});
}

void show(SelfMetrics& metrics, const LabelSet& integration) {
    notifications(metrics, integration);
    requests(metrics, integration);
    failed_requests(metrics, integration);
    latency(metrics, integration);
    for (const FailureReason reason : kReasons) failed(metrics, integration, reason);
}

void hide(SelfMetrics& metrics, const LabelSet& integration) {
    for (const auto* name : {kNotifications, kRequests, kFailedRequests, kLatency}) metrics.remove(name, integration);
    for (const FailureReason reason : kReasons) metrics.remove(kFailed, with_reason(integration, reason));
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

SelfMetrics::Distribution& processing(SelfMetrics& metrics) {
    return metrics.summary("alertmanager_dispatcher_alert_processing_duration_seconds",
                           "Summary of latencies for the processing of alerts.");
}

SelfMetrics::Value& log_maintenance(SelfMetrics& metrics) {
    return metrics.counter("alertmanager_nflog_maintenance_total",
                           "How many maintenances were executed for the notification log.");
}

SelfMetrics::Value& silence_maintenance(SelfMetrics& metrics) {
    return metrics.counter("alertmanager_silences_maintenance_total",
                           "How many maintenances were executed for silences.");
}

}  // namespace

NotificationMetrics::NotificationMetrics(SelfMetrics& metrics) : metrics_(metrics) {
    received(metrics, true);
    received(metrics, false);
    invalid(metrics);
    limited(metrics);
    group_limit(metrics);
    processing(metrics);
    log_maintenance(metrics);
    silence_maintenance(metrics);
    metrics.counter("alertmanager_nflog_maintenance_errors_total",
                    "How many maintenances were executed for the notification log that failed.");
    metrics.counter("alertmanager_silences_maintenance_errors_total",
                    "How many maintenances were executed for silences that failed.");
    for (const IntegrationType* type : integrations::all()) show(metrics, kind_labels(type->name));
    for (const MuteReason reason : kMuteReasons) suppressions(metrics, reason);
}

void NotificationMetrics::alerts_received(std::size_t firing, std::size_t resolved) {
    if (firing > 0) received(metrics_, true).add(static_cast<double>(firing));
    if (resolved > 0) received(metrics_, false).add(static_cast<double>(resolved));
}
void NotificationMetrics::alert_invalid(double count) {
    invalid(metrics_).add(count);
}
void NotificationMetrics::alert_limited() {
    limited(metrics_).add();
}
void NotificationMetrics::notification_started(const Integration& integration) {
    notifications(metrics_, labels_of_integration(integration)).add();
}
void NotificationMetrics::notification_failed(const Integration& integration, FailureReason reason) {
    failed(metrics_, labels_of_integration(integration), reason).add();
}
void NotificationMetrics::request_sent(const Integration& integration, bool request_failed, double seconds) {
    const LabelSet labels = labels_of_integration(integration);
    requests(metrics_, labels).add();
    if (request_failed) failed_requests(metrics_, labels).add();
    latency(metrics_, labels).observe(seconds);
}
void NotificationMetrics::template_failed(const Integration& integration) {
    template_failures(metrics_, labels_of_integration(integration)).add();
}
void NotificationMetrics::flapped(std::string_view receiver) {
    flaps(metrics_, receiver).add();
}
void NotificationMetrics::suppressed(MuteReason reason) {
    suppressions(metrics_, reason).add();
}
void NotificationMetrics::group_limit_reached() {
    group_limit(metrics_).add();
}

void NotificationMetrics::alerts_processed(std::size_t count, double seconds) {
    SelfMetrics::Distribution& durations = processing(metrics_);
    for (std::size_t i = 0; i < count; ++i) durations.observe(seconds / static_cast<double>(count));
}
void NotificationMetrics::maintained() {
    log_maintenance(metrics_).add();
    silence_maintenance(metrics_).add();
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

void NotificationMetrics::set_receivers(const std::map<std::string, std::shared_ptr<Receiver>>& receivers) {
    std::set<std::pair<std::string, std::string>> shown;  // kind and receiver
    std::set<std::string, std::less<>> kinds;
    for (const auto& [name, receiver] : receivers) {
        flaps(metrics_, name);
        for (const auto& integration : receiver->integrations) {
            show(metrics_, labels_of_integration(*integration));
            shown.emplace(integration->kind, name);
            kinds.insert(integration->kind);
        }
    }
    const auto gone = [&](const LabelSet& labels) {
        return labels.has("receiver_name") && shown.count({std::string(labels.get("integration")),
                                                           std::string(labels.get("receiver_name"))}) == 0;
    };
    for (const auto* family : kOfIntegrations) metrics_.remove_if(family, gone);
    metrics_.remove_if(kFlaps, [&](const LabelSet& labels) {
        return receivers.count(std::string(labels.get("receiver_name"))) == 0;
    });
    for (const IntegrationType* type : integrations::all()) {
        const auto tell = kinds.count(type->name) > 0 ? hide : show;
        tell(metrics_, kind_labels(type->name));
    }
}

/// Integrations of one kind are told together, as Alertmanager counts them.
void NotificationMetrics::set_state(const Receiver& receiver) {
    const auto gauge = [&](const auto& integration, const char* name, const char* help) -> SelfMetrics::Value& {
        return metrics_.gauge(name, help, labels_of_integration(*integration));
    };
    const auto pending = [&](const auto& integration) -> SelfMetrics::Value& {
        return gauge(integration, kPending, "Messages that wait for their receiver to take them.");
    };
    const auto failing = [&](const auto& integration) -> SelfMetrics::Value& {
        return gauge(integration, kFailing, "Integrations whose last attempt to tell their receiver failed.");
    };
    for (const auto& integration : receiver.integrations) {
        pending(integration).set(0);
        failing(integration).set(0);
    }
    for (const auto& integration : receiver.integrations) {
        pending(integration).add(static_cast<double>(integration->status->waiting));
        failing(integration).add(integration->status->is_failing() ? 1 : 0);
    }
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
