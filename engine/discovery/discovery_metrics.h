#pragma once

#include "base/self_metrics.h"

namespace tocsin {

/// What discovery counts, over all jobs, under Prometheus' names. Made where there is no job of a kind too: an alert on
/// failures needs the 0 in front of the first one.
struct DiscoveryMetrics {
    explicit DiscoveryMetrics(SelfMetrics& metrics)
        : file_read_errors(
              metrics.counter("prometheus_sd_file_read_errors_total", "The number of File-SD read errors.")),
          file_scan_duration(metrics.summary("prometheus_sd_file_scan_duration_seconds",
                                             "The duration of the File-SD scan in seconds.")),
          http_failures(metrics.counter("prometheus_sd_http_failures_total",
                                        "Number of HTTP service discovery refresh failures.")),
          dns_lookups(metrics.counter("prometheus_sd_dns_lookups_total", "The number of DNS-SD lookups.")),
          dns_lookup_failures(
              metrics.counter("prometheus_sd_dns_lookup_failures_total", "The number of DNS-SD lookup failures.")),
          updates(metrics.counter("prometheus_sd_updates_total",
                                  "Total number of update events sent to the SD consumers.", {{"name", "scrape"}})) {}

    SelfMetrics::Value& file_read_errors;
    SelfMetrics::Distribution& file_scan_duration;
    SelfMetrics::Value& http_failures;
    SelfMetrics::Value& dns_lookups;
    SelfMetrics::Value& dns_lookup_failures;
    SelfMetrics::Value& updates;  // of scrapes
};

}  // namespace tocsin
