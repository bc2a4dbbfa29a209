#include <sstream>

#include "engine/functions/function.h"
#include "tests/engine/eval/eval_fixture.h"
#include "tests/fakes/counted_allocations.h"

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

QueryOptions with_experimental_functions() {
    QueryOptions options;
    options.features.experimental_functions = true;
    options.features.binop_fill_modifiers = true;
    options.features.extended_range_selectors = true;
    return options;
}

// What ten evaluations allocate once everything has been seen.
std::size_t allocations_of(HandFilledStore& fixture, const std::string& text) {
    CAPTURE(text);
    const auto query = fixture.query(text, with_experimental_functions());
    // Some rows show for the first time only when values move.
    Timestamp at{20min};
    for (int i = 0; i < 4; ++i, at += 30s) REQUIRE(query->evaluate(at));
    const std::size_t before = fakes::allocations;
    bool good = true;
    for (int i = 0; i < 10; ++i, at += 30s) good = good && query->evaluate(at).has_value();
    const std::size_t after = fakes::allocations;
    CHECK(good);
    return after - before;
}

std::string argument_of(const FunctionDef& function, std::size_t i) {
    switch (function.arguments[i]) {
        case ValueType::Matrix: return "requests_total[5m]";
        case ValueType::Scalar: return "0.5";
        case ValueType::String: return "\"host\"";
        case ValueType::Vector: return std::holds_alternative<OverBuckets>(function.kernel) ? "latency_bucket" : "temperature";
    }
    return "";
}

std::string call_of(const FunctionDef& function) {
    if (function.name == "label_replace") return "label_replace(temperature, \"host\", \"$1\", \"instance\", \"(.*)\")";
    if (function.name == "histogram_quantiles") return "histogram_quantiles(latency_bucket, \"q\", 0.5, 0.9)";
    if (function.name == "info") return "info(temperature, {version=~\".+\", __name__=\"node_info\"})";
    std::string text = std::string(function.name) + "(";
    for (std::size_t i = 0; i < function.arguments.size(); ++i) text += (i > 0 ? ", " : "") + argument_of(function, i);
    return text + ")";
}

TEST_CASE("in the steady state no function allocates anything", "[engine][eval]") {
    HandFilledStore fixture;
    fill(fixture);
    for (const FunctionDef* function : all_functions()) {
        const std::string text = call_of(*function);
        CAPTURE(text);
        CHECK(allocations_of(fixture, text) == 0);
        if (function->result == ValueType::Scalar) continue;
        CHECK(allocations_of(fixture, "sum(vector(1) + on () group_right () (" + text + " or vector(scalar(up))))") == 0);
    }
}

TEST_CASE("in the steady state no operator allocates anything", "[engine][eval]") {
    HandFilledStore fixture;
    fill(fixture);
    for (const std::string op : {"+", "-", "*", "/", "%", "^", "atan2", "==", "!=", "<", "<=", ">", ">=", "> bool", "and", "or", "unless"}) {
        CAPTURE(op);
        CHECK(allocations_of(fixture, "errors_total " + op + " requests_total") == 0);
        CHECK(allocations_of(fixture, "sum by (job) (errors_total) " + op + " on (job) max by (job) (temperature)") == 0);
        if (op == "and" || op == "or" || op == "unless") continue;
        CHECK(allocations_of(fixture, "temperature " + op + " 30") == 0);
        CHECK(allocations_of(fixture, "temperature " + op + " on (job) group_left () avg by (job) (errors_total)") == 0);
        CHECK(allocations_of(fixture, "temperature " + op + " fill (0) requests_total{job=\"j1\"}") == 0);
    }
}

TEST_CASE("in the steady state no aggregation allocates anything", "[engine][eval]") {
    HandFilledStore fixture;
    fill(fixture);
    for (const std::string head : {"sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"}) {
        CHECK(allocations_of(fixture, head + " by (job) (temperature)") == 0);
        CHECK(allocations_of(fixture, head + " without (instance) (rate(requests_total[5m]))") == 0);
    }
    for (const std::string head : {"topk", "bottomk", "quantile", "limitk", "limit_ratio"}) {
        CHECK(allocations_of(fixture, head + " by (job) (0.7, temperature)") == 0);
        CHECK(allocations_of(fixture, head + "(0.3, rate(requests_total[5m]))") == 0);
    }
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
        "scalar(sum(temperature)) * vector(2)", "-temperature", "sort_desc(temperature)", "deriv(temperature[5m])",
        "max_over_time(sum by (job) (rate(requests_total[5m]))[5m:30s]) > 0.1", "min_over_time(deriv(temperature[5m])[10m:1m])",
        "temperature offset 5m - temperature @ 600", "increase(requests_total[5m] anchored) - delta(temperature[5m] smoothed)",
        "temperature smoothed", "absent_over_time(nosuch[5m])",
        "histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m]))) > bool on () group_right () errors_total");
    CAPTURE(text);
    CHECK(allocations_of(fixture, text) == 0);
}

}  // namespace
}  // namespace tocsin
