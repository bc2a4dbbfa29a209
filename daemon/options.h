#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "daemon/query_service.h"
#include "engine/eval/query.h"
#include "rules/alert_state.h"

namespace tocsin {

/// The flags of `tocsin run`, named as on the command line.
struct Options {
    std::string config_file = "prometheus.yml";
    std::string alertmanager_config_file = "alertmanager.yml";
    std::string listen_address = "127.0.0.1:9099";
    std::string external_url;                    // empty: http://ADDRESS
    std::vector<std::string> allowed_hosts;      // beside those of request_guard.h
    bool allow_unauthenticated = false;          // without it only loopback addresses are listened on
    std::string storage_path = "data/";
    bool keep_all = false;                       // --storage.keep=all
    Duration retention{0};
    Duration health_interval{std::chrono::seconds(30)};
    Duration resend_delay{std::chrono::minutes(1)};
    std::size_t alert_queue_capacity = 10'000;  // --alertmanager.notification-queue-capacity
    std::size_t alert_batch_size = 256;         // --alertmanager.notification-batch-size
    bool drain_alert_queues = true;             // --alertmanager.drain-notification-queue-on-shutdown
    bool auto_reload = false;                   // --config.auto-reload
    Duration auto_reload_interval{std::chrono::seconds(30)};
    OutagePolicy outage;  // --rules.alert.for-outage-tolerance, --rules.alert.for-grace-period
    Duration shutdown_timeout{std::chrono::seconds(20)};
    bool scrape_spread = false;
    /// Where PagerDuty's Events v1 live; the original has no key for it. Empty: PagerDuty's own address.
    std::string pagerduty_v1_url;
    QueryOptions query;
    QueryLimits query_limits;
};

}  // namespace tocsin
