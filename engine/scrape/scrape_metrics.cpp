#include "engine/scrape/scrape_metrics.h"

namespace tocsin {

ScrapeMetrics::ScrapeMetrics(SelfMetrics& metrics)
    : exceeded_body_size(metrics.counter("prometheus_target_scrapes_exceeded_body_size_limit_total",
                                         "Scrapes that failed since the body was larger than the limit.")),
      exceeded_sample_limit(metrics.counter("prometheus_target_scrapes_exceeded_sample_limit_total",
                                            "Scrapes that failed since there were more samples than the limit.")),
      duplicates(metrics.counter("prometheus_target_scrapes_sample_duplicate_timestamp_total",
                                 "Samples dropped since their series had one at the same time.")),
      out_of_bounds(metrics.counter("prometheus_target_scrapes_sample_out_of_bounds_total",
                                    "Samples dropped since their timestamp was too far ahead.")),
      out_of_order(metrics.counter("prometheus_target_scrapes_sample_out_of_order_total",
                                   "Samples dropped since their series had a newer one.")),
      succeeded(metrics.counter("tocsin_scrapes_total", "Scrapes by result.", {{"result", "success"}})),
      failed(metrics.counter("tocsin_scrapes_total", "Scrapes by result.", {{"result", "failure"}})),
      skipped_polls(metrics.counter("tocsin_scrape_polls_skipped_total",
                                    "Polls left out since the target had not answered the one before.")),
      samples(metrics.counter("tocsin_scrape_samples_total", "Samples in scraped bodies, wanted or not.")),
      body_bytes(metrics.counter("tocsin_scrape_body_bytes_total", "Bytes of scraped bodies, decompressed.")),
      lines_skipped(metrics.counter("tocsin_scrape_lines_skipped_total",
                                    "Lines passed over unread since no rule uses their metric.")),
      prefix_hits(metrics.counter("tocsin_scrape_prefix_hits_total",
                                  "Lines recognised from the scrape before, so that only their value was read.")),
      prefix_misses(metrics.counter("tocsin_scrape_prefix_misses_total", "Lines whose labels had to be read.")),
      series_refused(metrics.counter("tocsin_scrape_series_refused_total",
                                     "Series not stored since the store is full or another target has them.")),
      duration(metrics.histogram("tocsin_scrape_duration_seconds", "From the request to the samples in the store.",
                                 {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10})) {}

}  // namespace tocsin
