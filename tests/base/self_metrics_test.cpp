#include "base/self_metrics.h"

#include <cmath>
#include <limits>

#include "tests/catch.h"

namespace tocsin {

TEST_CASE("counters and gauges are rendered by name and label set", "[base][self_metrics]") {
    SelfMetrics metrics;
    metrics.gauge("tocsin_up", "Whether it is up.").set(1);
    metrics.counter("alertmanager_alerts_total", "Line\nfeed \\ \"quote\".", {{"status", "resolved"}}).add(2.5);
    metrics.counter("alertmanager_alerts_total", "", {{"status", "firing"}}).add();
    metrics.counter("alertmanager_alerts_total", "", {{"status", "firing"}}).add(2'000'000);
    CHECK(metrics.render() ==
          "# HELP alertmanager_alerts_total Line\\nfeed \\\\ \"quote\".\n"
          "# TYPE alertmanager_alerts_total counter\n"
          "alertmanager_alerts_total{status=\"firing\"} 2.000001e+06\n"
          "alertmanager_alerts_total{status=\"resolved\"} 2.5\n"
          "# HELP tocsin_up Whether it is up.\n"
          "# TYPE tocsin_up gauge\n"
          "tocsin_up 1\n");
}

TEST_CASE("label values are escaped", "[base][self_metrics]") {
    SelfMetrics metrics;
    metrics.gauge("a", "h", {{"l", "x\"y\\z\n"}}).set(-std::numeric_limits<double>::infinity());
    CHECK(metrics.render().find("a{l=\"x\\\"y\\\\z\\n\"} -Inf\n") != std::string::npos);
}

TEST_CASE("a histogram's buckets are cumulative and end with all", "[base][self_metrics]") {
    SelfMetrics metrics;
    auto& histogram = metrics.histogram("h_seconds", "H.", {0.1, 1}, {{"job", "a"}});
    for (const double value : {0.05, 0.1, 0.5, 7.0}) histogram.observe(value);
    CHECK(metrics.render() ==
          "# HELP h_seconds H.\n"
          "# TYPE h_seconds histogram\n"
          "h_seconds_bucket{job=\"a\",le=\"0.1\"} 2\n"
          "h_seconds_bucket{job=\"a\",le=\"1\"} 3\n"
          "h_seconds_bucket{job=\"a\",le=\"+Inf\"} 4\n"
          "h_seconds_sum{job=\"a\"} 7.65\n"
          "h_seconds_count{job=\"a\"} 4\n");
}

TEST_CASE("a summary's quantiles are those of its last 512 values", "[base][self_metrics]") {
    SelfMetrics metrics;
    auto& summary = metrics.summary("s", "S.");
    CHECK(std::isnan(summary.quantile(0.5)));
    for (int i = 0; i < 1000; ++i) summary.observe(1e9);
    for (int i = 1; i <= 512; ++i) summary.observe(i);
    CHECK(summary.quantile(0.5) == 256);
    CHECK(summary.quantile(0.99) == 507);
    CHECK(summary.quantile(0) == 1);
    CHECK(summary.quantile(1) == 512);
    CHECK(summary.count() == 1512);
    CHECK(metrics.render().find("s{quantile=\"0.9\"} 461\n") != std::string::npos);
}

TEST_CASE("summaries have the quantiles that Prometheus gives them", "[base][self_metrics]") {
    struct Case {
        const char* name;
        std::vector<std::string> quantiles;
    };
    const std::vector<Case> cases{
        {"prometheus_rule_evaluation_duration_seconds", {"0.5", "0.9", "0.99"}},
        {"prometheus_rule_group_duration_seconds", {"0.01", "0.05", "0.5", "0.9", "0.99"}},
        {"prometheus_notifications_latency_seconds", {"0.5", "0.9", "0.99"}},
        {"prometheus_engine_query_duration_seconds", {"0.5", "0.9", "0.99"}},
        {"prometheus_target_interval_length_seconds", {"0.01", "0.05", "0.5", "0.9", "0.99"}},
    };
    for (const Case& c : cases) {
        SelfMetrics metrics;
        metrics.summary(c.name, "S.").observe(7);
        const std::string name = c.name;
        std::string expected = "# HELP " + name + " S.\n# TYPE " + name + " summary\n";
        for (const std::string& q : c.quantiles) expected += name + "{quantile=\"" + q + "\"} 7\n";
        CHECK(metrics.render() == expected + name + "_sum 7\n" + name + "_count 1\n");
    }
}

TEST_CASE("a child is found again, and forgotten when removed", "[base][self_metrics]") {
    SelfMetrics metrics;
    auto& child = metrics.counter("c", "C.", {{"a", "1"}});
    CHECK(&child == &metrics.counter("c", "", {{"a", "1"}}));
    CHECK(&child != &metrics.counter("c", "", {{"a", "2"}}));
    metrics.remove("c", {{"a", "1"}});
    metrics.remove("c", {{"a", "2"}});
    metrics.remove("none", {});
    CHECK(metrics.render().empty());
    CHECK(metrics.counter("c", "", {{"a", "1"}}).get() == 0);
}

TEST_CASE("children that are gone are forgotten, the others stay", "[base][self_metrics]") {
    SelfMetrics metrics;
    for (const char* value : {"1", "2", "3"}) metrics.counter("c", "C.", {{"a", value}}).add();
    metrics.remove_if("c", [](const LabelSet& labels) { return labels.get("a") != "2"; });
    metrics.remove_if("none", [](const LabelSet&) { return true; });
    CHECK(metrics.render() == "# HELP c C.\n# TYPE c counter\nc{a=\"2\"} 1\n");
}

TEST_CASE("what is counted only when somebody looks is fresh", "[base][self_metrics]") {
    SelfMetrics metrics;
    double size = 0;
    metrics.on_render([&] { metrics.gauge("size", "S.").set(++size); });
    metrics.render();
    CHECK(metrics.render().find("size 2\n") != std::string::npos);
}

}  // namespace tocsin
