#include <atomic>
#include <cstdlib>
#include <new>
#include <sstream>

#include "tests/engine/eval/eval_fixture.h"

// Counts what the whole test program allocates; only differences are looked at.
namespace {
std::atomic<std::size_t> allocations{0};

void* allocate(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace tocsin {
namespace {

void fill(HandFilledStore& fixture) {
    std::vector<std::string> lines;
    for (int instance = 0; instance < 20; ++instance) {
        const std::string labels = "instance=\"i" + std::to_string(instance) + "\",job=\"j" + std::to_string(instance % 3) + "\"";
        lines.push_back("requests_total{" + labels + "} 0+" + std::to_string(instance + 1) + "x60");
        lines.push_back("errors_total{" + labels + "} 0+1x60");
        lines.push_back("temperature{" + labels + "} 20+1x30 50-1x30");
        for (const std::string_view bound : {"0.1", "1", "10", "+Inf"}) {
            lines.push_back("latency_bucket{" + labels + ",le=\"" + std::string(bound) + "\"} 0+3x60");
        }
        lines.push_back("node_info{" + labels + ",version=\"1\"} 1x60");
    }
    fixture.load(30s, lines);
}

TEST_CASE("in the steady state an evaluation allocates nothing", "[engine][eval]") {
    HandFilledStore fixture;
    fill(fixture);
    const std::string text = GENERATE(
        "temperature > 35", "rate(requests_total[5m]) > 0.05", "sum by (job) (rate(requests_total[5m]))",
        "histogram_quantile(0.99, sum by (le, job) (rate(latency_bucket[5m])))", "errors_total / requests_total > 0.01",
        "sum by (job) (errors_total) / on (job) sum by (job) (requests_total)",
        "temperature * on (instance, job) group_left (version) node_info", "temperature and on (instance) errors_total > 5",
        "temperature or errors_total", "absent(up{job=\"a\"})", "topk(3, requests_total)", "quantile by (job) (0.9, temperature)",
        "max_over_time(temperature[5m]) - min_over_time(temperature[5m])", "predict_linear(temperature[10m], 3600) < 0",
        "avg_over_time(temperature[5m:1m]) > 30", "label_replace(temperature, \"host\", \"$1\", \"instance\", \"(.*)\")",
        "count_values(\"value\", node_info)", "stddev_over_time(temperature[5m])", "rate(temperature[5m])",
        "quantile_over_time(0.9, temperature[5m])", "clamp_max(abs(temperature - 40), 5)", "hour() > bool 5",
        "changes(temperature[5m]) + on (instance) group_right resets(requests_total[5m])", "timestamp(temperature)",
        "scalar(sum(temperature)) * vector(2)", "-temperature", "sort_desc(temperature)", "deriv(temperature[5m])");
    CAPTURE(text);
    const auto query = fixture.query(text);
    // Some rows show for the first time only when values move.
    Timestamp at{20min};
    for (int i = 0; i < 4; ++i, at += 30s) REQUIRE(query->evaluate(at));

    const std::size_t before = allocations;
    bool good = true;
    for (int i = 0; i < 10; ++i, at += 30s) good = good && query->evaluate(at).has_value();
    const std::size_t after = allocations;
    CHECK(good);
    CHECK(after - before == 0);
}

}  // namespace
}  // namespace tocsin
