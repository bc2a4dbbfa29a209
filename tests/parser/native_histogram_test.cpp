#include "parser/native_histogram.h"

#include <string>

#include "parser/promql_parser.h"
#include "tests/catch.h"

using namespace tocsin;

namespace {

/// The histograms of a series as they are printed, one a line; the first mistake when there is one.
std::string printed(const std::string& values) {
    const auto series = parse_series_description("x " + values);
    if (!series) return series.error().front().message;
    std::string out;
    for (const SequenceValue& value : series->values) {
        REQUIRE(value.histogram);
        out += (out.empty() ? "" : "\n") + to_string(*value.histogram);
    }
    return out;
}

NativeHistogram read(const std::string& text) {
    return *parse_series_description("x " + text)->values.at(0).histogram;
}

}  // namespace

TEST_CASE("a native histogram is printed in one form", "[parser][series]") {
    CHECK(printed("{{}}") == "{{}}");
    CHECK(printed("{{buckets:[5.1 10 7] sum:-0.3 schema:1 z_bucket:7.1 n_offset:-5 z_bucket_w:0.05 offset:-3 count:32.1 "
                  "n_buckets:[4.1 5]}}") ==
          "{{schema:1 count:32.1 sum:-0.3 z_bucket:7.1 z_bucket_w:0.05 offset:-3 buckets:[5.1 10 7] n_offset:-5 "
          "n_buckets:[4.1 5]}}");
    CHECK(printed("{{counter_reset_hint:gauge count:1e3 buckets:[0 0 2 0 1 0]}}") ==
          "{{count:1000 counter_reset_hint:gauge offset:2 buckets:[2 0 1]}}");
    CHECK(printed("{{schema:-53 custom_values:[5 10] buckets:[1 0 2] counter_reset_hint:not_reset}}") ==
          "{{schema:-53 custom_values:[5 10] counter_reset_hint:not_reset buckets:[1 0 2]}}");
}

TEST_CASE("native histograms of a series are repeated and counted on", "[parser][series]") {
    CHECK(printed("{{sum:3 count:2 buckets:[2]}}x1") == "{{count:2 sum:3 buckets:[2]}}\n{{count:2 sum:3 buckets:[2]}}");
    CHECK(printed("{{sum:3 count:2 buckets:[2]}}+{{sum:1.5 count:1 buckets:[1] n_offset:2 n_buckets:[4]}}x2") ==
          "{{count:2 sum:3 buckets:[2]}}\n{{count:3 sum:4.5 buckets:[3] n_offset:2 n_buckets:[4]}}\n"
          "{{count:4 sum:6 buckets:[4] n_offset:2 n_buckets:[8]}}");
    CHECK(printed("{{count:9 offset:1 buckets:[9]}}-{{count:1 offset:-1 buckets:[1 1]}}x1") ==
          "{{count:9 offset:1 buckets:[9]}}\n{{count:8 offset:-1 buckets:[-1 -1 9]}}");
    CHECK(printed("{{schema:-1 count:1 offset:1 buckets:[1]}}+{{count:4 offset:-1 buckets:[1 1 2 2 5]}}x1") ==
          "{{schema:-1 count:1 offset:1 buckets:[1]}}\n{{schema:-1 count:5 buckets:[2 5 5]}}");
    CHECK(printed("{{schema:2}}+{{schema:1}}x1").ends_with("and no lower schema"));
    CHECK(printed("{{z_bucket_w:1}}+{{z_bucket_w:2}}x1").ends_with("and no lower schema"));
    CHECK(printed("{{buckets:[1]}}+{{offset:99999 buckets:[1]}}x1") == "more than 10000 buckets");
}

TEST_CASE("a native histogram that has less than before began anew", "[parser][series]") {
    const NativeHistogram before = read("{{count:5 z_bucket:1 buckets:[2 2]}}");
    CHECK_FALSE(is_reset(before, read("{{count:5 z_bucket:1 buckets:[2 2]}}")));
    CHECK_FALSE(is_reset(before, read("{{count:9 z_bucket:2 buckets:[2 2 1] n_buckets:[3]}}")));
    CHECK(is_reset(before, read("{{count:4 z_bucket:1 buckets:[2 2]}}")));
    CHECK(is_reset(before, read("{{count:5 buckets:[2 2]}}")));
    CHECK(is_reset(before, read("{{count:5 z_bucket:1 offset:1 buckets:[4]}}")));
    CHECK(is_reset(before, read("{{schema:1 count:5 z_bucket:1 buckets:[2 2]}}")));
}
