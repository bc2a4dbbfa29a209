#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/http_access.h"
#include "base/time.h"
#include "engine/discovery/discovery.h"
#include "engine/scrape/relabel.h"

namespace tocsin {

/// Names as `scrape_protocols` and `fallback_scrape_protocol` have them.
enum class ScrapeProtocol { OpenMetricsText0_0_1, OpenMetricsText1_0_0, PrometheusText0_0_4, PrometheusText1_0_0 };

/// One entry of scrape_configs, with the values of `global` filled in where it has none of its own. Plain data, shared
/// by the targets of the job.
struct ScrapeConfig {
    std::string job_name;
    /// Nothing: neither the job nor `global` sets it, so targets are polled as the rule groups that use them are
    /// evaluated.
    std::optional<Duration> scrape_interval;
    Duration scrape_timeout{10'000};
    std::string metrics_path = "/metrics";
    std::string scheme = "http";
    std::vector<std::pair<std::string, std::vector<std::string>>> params;
    bool honor_labels = false;
    bool honor_timestamps = true;
    bool track_timestamps_staleness = false;
    bool enable_compression = true;
    std::vector<ScrapeProtocol> scrape_protocols;  // in the order of preference; empty means Prometheus' default
    std::optional<ScrapeProtocol> fallback_scrape_protocol;
    HttpAccess access;
    /// `scrape_timeout_seconds`, `scrape_sample_limit` and `scrape_body_size_bytes` beside `up`.
    bool extra_scrape_metrics = false;

    // 0 is no limit of the job's own; the program's ceilings hold nevertheless.
    std::uint64_t body_size_limit = 0;
    std::uint64_t sample_limit = 0;
    std::uint64_t label_limit = 0;
    std::uint64_t label_name_length_limit = 0;
    std::uint64_t label_value_length_limit = 0;
    std::uint64_t target_limit = 0;
    std::uint64_t keep_dropped_targets = 0;

    RelabelConfigs relabel_configs;
    RelabelConfigs metric_relabel_configs;
    std::vector<std::shared_ptr<const DiscoveryConfig>> discoveries;
};

}  // namespace tocsin
