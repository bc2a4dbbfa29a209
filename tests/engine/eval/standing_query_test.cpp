#include <sstream>

#include "tests/engine/eval/eval_fixture.h"

namespace tocsin {
namespace {

using Lines = std::vector<std::string>;

void fill_with_backend(HandFilledStore& fixture) {
    fixture.load(30s, {
                          R"(http_requests_total{instance="a",status="200"} 0+60x40)",
                          R"(http_requests_total{instance="a",status="500"} 0+3x40)",
                          R"(http_requests_total{instance="b",status="503"} 0+1x40)",
                          R"(http_request_duration_seconds_bucket{instance="a",le="0.5"} 0+1x40)",
                          R"(http_request_duration_seconds_bucket{instance="a",le="1"} 0+2x40)",
                          R"(http_request_duration_seconds_bucket{instance="a",le="2"} 0+4x40)",
                          R"(http_request_duration_seconds_bucket{instance="a",le="+Inf"} 0+4x40)",
                          R"(db_pool_connections{instance="a",state="idle"} 9-1x8 1x31)",
                          R"(db_pool_connections{instance="a",state="used"} 1+1x8 9x31)",
                          R"(redis_operations_total{instance="a",status="error"} 0+1x40)",
                          R"(process_resident_memory_bytes{instance="a"} 2e9x40)",
                          R"(process_resident_memory_bytes{instance="b"} 5e8x40)",
                      });
}

TEST_CASE("the rules of a backend give the series that break them", "[engine][eval]") {
    HandFilledStore fixture;
    fill_with_backend(fixture);
    struct Case {
        std::string text;
        Lines want;
    };
    const auto [text, want] = GENERATE(values<Case>({
        {R"(rate(http_requests_total{status=~"5.."}[5m]) > 0.05)", {R"({instance="a", status="500"} 0.1)"}},
        {"histogram_quantile(0.95, http_request_duration_seconds_bucket) > 1", {R"({instance="a"} 1.9)"}},
        {R"(db_pool_connections{state="idle"} < 5)", {R"(db_pool_connections{instance="a", state="idle"} 1)"}},
        {R"(redis_operations_total{status="error"} > 10)",
         {R"(redis_operations_total{instance="a", status="error"} 40)"}},
        {"process_resident_memory_bytes > 1e9", {R"(process_resident_memory_bytes{instance="a"} 2e+09)"}},
        {"up == 0", {}},
        {"absent(up{job=\"api\"})", {R"({job="api"} 1)"}},
        {R"(sum by (instance) (rate(http_requests_total{status=~"5.."}[5m])) / sum by (instance) (rate(http_requests_total[5m])) > 0.04)",
         {R"({instance="a"} 0.047619)", R"({instance="b"} 1)"}},
        {"count without (instance) (process_resident_memory_bytes)", {"{} 2"}},
        {"topk(1, process_resident_memory_bytes)", {R"(process_resident_memory_bytes{instance="a"} 2e+09)"}},
        {"avg_over_time(db_pool_connections{state=\"idle\"}[5m]) and on (instance) process_resident_memory_bytes > 1e9",
         {R"({instance="a", state="idle"} 1)"}},
        {"vector(1)", {"{} 1"}},
        {"time()", {"{} 1200"}},
    }));
    CAPTURE(text);
    const auto query = fixture.query(text);
    const auto result = query->evaluate(Timestamp{20min});
    REQUIRE(result);
    CHECK(HandFilledStore::present(**result) == want);
}

TEST_CASE("a frame stays the same until a series appears", "[engine][eval]") {
    HandFilledStore fixture;
    fill_with_backend(fixture);
    const auto query = fixture.query("sum by (instance) (process_resident_memory_bytes)");
    const auto first = (*query->evaluate(Timestamp{10min}))->frame;
    const auto second = (*query->evaluate(Timestamp{11min}))->frame;
    CHECK(first == second);

    LabelSet labels{{"__name__", "process_resident_memory_bytes"}, {"instance", "c"}};
    const ColumnIndex column = fixture.store.column_for(fixture.timeline, labels).value();
    std::vector<double> cells(column + 1, kAbsentMarker);
    cells[column] = 7;
    REQUIRE(fixture.store.append(fixture.timeline, Timestamp{21min}, cells));
    const auto result = query->evaluate(Timestamp{21min});
    CHECK((*result)->frame != first);
    CHECK(HandFilledStore::present(**result) ==
          Lines{R"({instance="a"} 2e+09)", R"({instance="b"} 5e+08)", R"({instance="c"} 7)"});
}

TEST_CASE("a standing query tells its selectors", "[engine][eval]") {
    HandFilledStore fixture;
    fill_with_backend(fixture);
    const auto query = fixture.query(R"(sum(rate(http_requests_total{status="500"}[5m])) / sum(rate(http_requests_total[5m])))");
    REQUIRE(query->evaluate(Timestamp{10min}));
    const auto uses = query->selectors();
    REQUIRE(uses.size() == 2);
    CHECK(uses[0].text == R"(http_requests_total{status="500"}[5m])");
    CHECK(uses[0].series == 1);
    CHECK(uses[1].series == 3);
    CHECK(query->selector_matchers()[1].front().value() == "http_requests_total");
}

}  // namespace
}  // namespace tocsin
