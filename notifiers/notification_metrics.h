#pragma once

#include <string_view>

#include "base/self_metrics.h"
#include "notifiers/integrations/notifier.h"
#include "notifiers/stage.h"

namespace tocsin {

/// The figures that operators of Alertmanager know by name, kept while alerts are routed and sent.
class NotificationMetrics {
public:
    /// Shows every combination from the start, with 0.
    explicit NotificationMetrics(SelfMetrics& metrics);

    void alert_received(bool firing);
    void alert_invalid(double count);
    void alert_limited();
    void notification_started(std::string_view integration);
    void notification_failed(std::string_view integration, FailureReason reason);
    void request_sent(std::string_view integration, bool failed, double seconds);
    void template_failed(std::string_view receiver, std::string_view integration);
    void suppressed(MuteReason reason);
    void group_limit_reached();

    /// What is counted only when somebody looks.
    void set_alerts(double active, double suppressed);
    void set_groups(double groups);
    void set_silences(double active, double pending, double expired);
    void set_pending_notifications(double pending);
    void set_configuration(double receivers, double integrations, double inhibition_rules);
    void config_loaded(bool good, double hash, double now_seconds);

private:
    SelfMetrics& metrics_;
};

}  // namespace tocsin
