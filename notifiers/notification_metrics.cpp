#include "notifiers/notification_metrics.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
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
constexpr auto kSending = "tocsin_notifications_sending";
constexpr auto kQueued = "tocsin_notifications_queued";
constexpr auto kOldest = "tocsin_notifications_oldest_pending_seconds";
constexpr auto kFailing = "tocsin_notifications_failing";
constexpr auto kTemplateFailures = "tocsin_notification_template_failures_total";
constexpr auto kFlaps = "tocsin_alert_flaps_total";
constexpr std::array kOfIntegrations = {kNotifications, kFailed, kRequests, kFailedRequests, kLatency,         kPending,
                                        kSending,       kQueued, kOldest,   kFailing,        kTemplateFailures};

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

SelfMetrics::Distribution& collection(SelfMetrics& metrics, bool of_log) {
    return of_log ? metrics.summary("alertmanager_nflog_gc_duration_seconds",
                                    "Duration of the last notification log garbage collection cycle.")
                  : metrics.summary("alertmanager_silences_gc_duration_seconds",
                                    "Duration of the last silence garbage collection cycle.");
}

// Prometheus' default bounds, as Alertmanager has them.
const std::vector<double> kQueryBounds = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};

SelfMetrics::Distribution& log_query(SelfMetrics& metrics) {
    return metrics.histogram("alertmanager_nflog_query_duration_seconds",
                             "Duration of notification log query evaluation.", kQueryBounds);
}

SelfMetrics::Distribution& silence_query(SelfMetrics& metrics) {
    return metrics.histogram("alertmanager_silences_query_duration_seconds", "Duration of silence query evaluation.",
                             kQueryBounds);
}

/// How the integrations of one kind do together.
struct ReceiverState {
    double pending = 0, sending = 0, queued = 0, failing = 0;
    std::optional<Timestamp> due;

    void add(const Integration& integration, const Backlog& backlog) {
        pending += static_cast<double>(integration.status->waiting);
        sending += static_cast<double>(backlog.sending);
        queued += static_cast<double>(backlog.queued);
        failing += integration.status->is_failing() ? 1 : 0;
        if (backlog.due) due = std::min(due.value_or(*backlog.due), *backlog.due);
    }
    double oldest(Timestamp now) const {
        return due ? std::chrono::duration<double>(std::max(now - *due, Duration{0})).count() : 0;
    }
};

}  // namespace

NotificationMetrics::NotificationMetrics(SelfMetrics& metrics)
    : metrics_(metrics), log_query_(log_query(metrics)), silence_query_(silence_query(metrics)) {
    received(metrics, true);
    received(metrics, false);
    invalid(metrics);
    limited(metrics);
    group_limit(metrics);
    processing(metrics);
    log_maintenance(metrics);
    silence_maintenance(metrics);
    for (const bool of_log : {true, false}) collection(metrics, of_log);
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
void NotificationMetrics::maintained(double silences, double log) {
    log_maintenance(metrics_).add();
    silence_maintenance(metrics_).add();
    collection(metrics_, true).observe(log);
    collection(metrics_, false).observe(silences);
}
void NotificationMetrics::log_looked_up(double seconds) {
    log_query_.observe(seconds);
}
void NotificationMetrics::silences_searched(double seconds) {
    silence_query_.observe(seconds);
}

void NotificationMetrics::set_queries(const NotificationLog::Queries& log, std::uint64_t silences) {
    const auto set = [&](const char* name, const char* help, std::uint64_t count) {
        metrics_.counter(name, help).set(static_cast<double>(count));
    };
    set("alertmanager_nflog_queries_total", "Number of notification log queries were received.", log.all);
    set("alertmanager_nflog_query_errors_total", "Number notification log received queries that failed.", log.unknown);
    set("alertmanager_silences_queries_total", "How many silence queries were received.", silences);
}

void NotificationMetrics::set_alerts(const AlertCount& firing, const AlertCount& ended) {
    const auto set = [&](const char* name, const char* help, const AlertCount& count) {
        metrics_.gauge(name, help, {{"state", "active"}}).set(count.active);
        metrics_.gauge(name, help, {{"state", "suppressed"}}).set(count.suppressed);
        metrics_.gauge(name, help, {{"state", "unprocessed"}}).set(0);
    };
    set("alertmanager_alerts", "How many alerts by state.", firing);
    set("alertmanager_marked_alerts",
        "How many alerts by state are currently marked in the Alertmanager regardless of their expiry.",
        {firing.active + ended.active, firing.suppressed + ended.suppressed});
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
void NotificationMetrics::set_state(const Receiver& receiver, const Backlogs& backlogs, Timestamp now) {
    std::map<std::string, ReceiverState> by_kind;
    for (const auto& integration : receiver.integrations) {
        const auto known = backlogs.find(integration->status.get());
        by_kind[integration->kind].add(*integration, known == backlogs.end() ? Backlog{} : known->second);
    }
    for (const auto& [kind, state] : by_kind) {
        const LabelSet labels{{"integration", kind}, {"receiver_name", receiver.name}};
        const auto set = [&](const char* name, const char* help, double value) {
            metrics_.gauge(name, help, labels).set(value);
        };
        set(kPending, "Messages that wait for their receiver to take them.", state.pending);
        set(kSending, "Those of them of which an attempt is under way.", state.sending);
        set(kQueued, "Those of them that wait for their turn at the receiver.", state.queued);
        set(kOldest, "For how long the one whose flush was due first waits.", state.oldest(now));
        set(kFailing, "Integrations whose last attempt to tell their receiver failed.", state.failing);
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
