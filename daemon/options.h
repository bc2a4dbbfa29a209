#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "daemon/query_service.h"
#include "engine/eval/query.h"
#include "notifiers/notification_service.h"
#include "parser/matchers_parser.h"
#include "rules/alert_history.h"
#include "rules/alert_state.h"

namespace tocsin {

/// What a single node says of the cluster that it is. Without an address it says that there is none.
struct ClusterOfOne {
    std::string name;  // empty: one by chance
    std::string address;
    std::vector<std::string> others;  // nodes that were named and that nobody speaks to
};

/// The flags of `tocsin run` and `tocsin alertmanager`, named as on the command line.
struct Options {
    std::string config_file = "prometheus.yml";  // empty: see notifications_only()
    std::string alertmanager_config_file = "alertmanager.yml";
    std::string listen_address = "127.0.0.1:9099";
    std::vector<std::string> further_listen_addresses;
    std::string external_url;                    // empty: http://HOST_NAME:PORT
    std::string host_name;                       // of this machine; empty: not known, the address counts
    std::string route_prefix;                    // before all paths, `/alerts`; empty: none
    std::vector<std::string> allowed_hosts;      // beside those of request_guard.h
    /// Without it `tocsin run` listens on loopback only, unless the next asks who comes; with notifications_only()
    /// there is a warning.
    bool allow_unauthenticated = false;
    std::string web_config_file;         // --web.config.file; empty: plain text, and nobody is asked who it is
    std::size_t connections_max = 512;   // --web.max-connections
    std::string storage_path = "data/";
    bool keep_all = false;                       // --storage.keep=all
    Duration retention{0};
    Duration health_interval{std::chrono::seconds(30)};
    Duration resend_delay{std::chrono::minutes(1)};
    std::size_t alert_queue_capacity = 10'000;  // --alertmanager.notification-queue-capacity
    std::size_t alert_batch_size = 256;         // --alertmanager.notification-batch-size
    bool drain_alert_queues = true;             // --alertmanager.drain-notification-queue-on-shutdown
    bool auto_reload = false;                   // --config.auto-reload
    bool partial_reload = false;                // --config.partial-reload
    Duration auto_reload_interval{std::chrono::seconds(30)};
    OutagePolicy outage;  // --rules.alert.for-outage-tolerance, --rules.alert.for-grace-period
    AlertHistory::Bounds alert_history = AlertHistory::kDefaults;  // --rules.alert.history-retention, …-limit
    Duration shutdown_timeout{std::chrono::seconds(20)};
    bool scrape_spread = false;
    /// Where PagerDuty's Events v1 live; the original has no key for it. Empty: PagerDuty's own address.
    std::string pagerduty_v1_url;
    QueryOptions query;
    QueryLimits query_limits;
    MatchersSyntax matchers_syntax = MatchersSyntax::Fallback;
    ClusterOfOne cluster;
    /// Those of them that no address decides, and nobody who watches.
    NotificationOptions notifications;

    /// Alerts come by the API alone: no prometheus.yml is read, nothing is polled or evaluated, and there is nothing of
    /// Prometheus' API.
    bool notifications_only() const { return config_file.empty(); }
};

}  // namespace tocsin
