#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/self_metrics.h"
#include "notifiers/notification_log.h"
#include "notifiers/receiver.h"
#include "notifiers/stage.h"

namespace tocsin {

/// The figures that operators of Alertmanager know by name, kept while alerts are routed and sent. Those of receivers
/// have its label `receiver_name`, as Alertmanager's with `--enable-feature=receiver-name-in-metrics`.
class NotificationMetrics {
public:
    /// Shows every kind of integration from the start, with 0.
    explicit NotificationMetrics(SelfMetrics& metrics);

    void alerts_received(std::size_t firing, std::size_t resolved);
    void alert_invalid(double count);
    void alert_limited();
    void notification_started(const Integration& integration);
    void notification_failed(const Integration& integration, FailureReason reason);
    void request_sent(const Integration& integration, bool failed, double seconds);
    void template_failed(const Integration& integration);
    void flapped(std::string_view receiver);
    void suppressed(MuteReason reason);
    void group_limit_reached();
    /// From their arrival on, how long it took until all of these alerts were in their groups.
    void alerts_processed(std::size_t count, double seconds);
    /// Each in seconds.
    void maintained(double silences, double log);
    /// Of what flushes look up.
    void log_looked_up(double seconds);
    void silences_searched(double seconds);
    void set_queries(const NotificationLog::Queries& log, std::uint64_t silences);

    /// What is counted only when somebody looks.
    /// Those that fire; `ended`: those that are still there although they ended.
    struct AlertCount {
        double active = 0, suppressed = 0;
    };
    void set_alerts(const AlertCount& firing, const AlertCount& ended);
    void set_groups(double groups);
    void set_silences(double active, double pending, double expired);
    /// What waits for the receiver, and whether it fails.
    void set_state(const Receiver& receiver, const Backlogs& backlogs, Timestamp now);
    /// Shows the receivers of a new configuration, those that are new with 0, and nothing more of others. Kinds that
    /// none of them has are shown with 0.
    void set_receivers(const std::map<std::string, std::shared_ptr<Receiver>>& receivers);
    void set_configuration(double receivers, double integrations, double inhibition_rules);
    void config_loaded(bool good, double hash, double now_seconds);

private:
    SelfMetrics& metrics_;
    // Asked too often to be looked for by name each time.
    SelfMetrics::Distribution& log_query_;
    SelfMetrics::Distribution& silence_query_;
};

}  // namespace tocsin
