#pragma once

#include <string>

namespace tocsin::bench {

/// A scrape body as services have them: 1,000 samples in counters, gauges, summaries and histograms, 0.1 MB. Values
/// depend on `round`, lines do not.
inline std::string exposition_body(unsigned round) {
    static constexpr const char* kPaths[] = {"/api/v1/orders", "/api/v1/orders/{id}", "/api/v1/users", "/healthz"};
    static constexpr const char* kBounds[] = {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25",
                                              "0.5",   "1",    "2.5",   "5",    "10",  "+Inf"};
    std::string body;
    unsigned value = round * 7919;
    const auto next = [&] { return value = value * 1664525 + 1013904223, value >> 12; };
    const auto family = [&](const std::string& name, const std::string& type) {
        body += "# HELP " + name + " What " + name + " counts, in one sentence.\n# TYPE " + name + " " + type + "\n";
    };
    for (const char* const method : {"GET", "POST"}) {
        family(std::string("http_request_duration_seconds_") + method, "histogram");
        for (const char* const path : kPaths) {
            for (int code = 200; code < 205; ++code) {
                const std::string labels = std::string("method=\"") + method + "\",handler=\"" + path + "\",code=\"" +
                                           std::to_string(code) + "\"";
                const std::string name = std::string("http_request_duration_seconds_") + method;
                for (const char* const bound : kBounds) {
                    body += name + "_bucket{" + labels + ",le=\"" + bound + "\"} " + std::to_string(next()) + "\n";
                }
                body += name + "_sum{" + labels + "} " + std::to_string(next() / 1000.0) + "\n";
                body += name + "_count{" + labels + "} " + std::to_string(next()) + "\n";
            }
        }
    }
    for (int metric = 0; metric < 20; ++metric) {
        const std::string name = "process_pool_" + std::to_string(metric) + "_connections";
        family(name, metric % 2 == 0 ? "gauge" : "counter");
        for (int i = 0; i < 22; ++i) {
            body += name + "{pool=\"main-" + std::to_string(i) + "\",state=\"idle\",region=\"eu-central-1\"} " +
                    std::to_string(next() % 5000) + "\n";
        }
    }
    return body;
}

}  // namespace tocsin::bench
