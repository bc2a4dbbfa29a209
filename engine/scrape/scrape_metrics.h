#pragma once

#include "base/self_metrics.h"

namespace tocsin {

/// What all scrapes count, under Prometheus' names where it has some.
struct ScrapeMetrics {
    explicit ScrapeMetrics(SelfMetrics& metrics);

    SelfMetrics::Value& exceeded_body_size;
    SelfMetrics::Value& exceeded_sample_limit;
    SelfMetrics::Value& duplicates;
    SelfMetrics::Value& out_of_bounds;
    SelfMetrics::Value& out_of_order;
    SelfMetrics::Value& succeeded;
    SelfMetrics::Value& failed;
    SelfMetrics::Value& skipped_polls;
    SelfMetrics::Value& samples;
    SelfMetrics::Value& body_bytes;
    SelfMetrics::Value& lines_skipped;
    SelfMetrics::Value& prefix_hits;
    SelfMetrics::Value& prefix_misses;
    SelfMetrics::Value& series_refused;
    SelfMetrics::Distribution& duration;
};

}  // namespace tocsin
