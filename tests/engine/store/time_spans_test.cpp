#include "engine/store/time_spans.h"

#include <string>

#include <fmt/format.h>

#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

std::string text_of(const std::vector<TimeSpans::Span>& spans) {
    std::string text;
    for (const auto& [first, last] : spans) {
        text += fmt::format("{}-{} ", first.time_since_epoch() / 1min, last.time_since_epoch() / 1min);
    }
    return text;
}

}  // namespace

TEST_CASE("moments that are near each other are one stretch of time, in whatever order they come",
          "[engine][store][time_spans]") {
    const auto minutes = GENERATE(values<std::vector<int>>({{0, 5, 10, 30, 35, 100},
                                                            {100, 35, 30, 10, 5, 0},
                                                            {0, 10, 35, 100, 30, 5},
                                                            {0, 0, 30, 35, 5, 10, 10, 100, 5}}));
    TimeSpans spans(10min);
    for (const int minute : minutes) spans.add(Timestamp{std::chrono::minutes(minute)});
    CHECK(text_of(spans.spans()) == "0-10 30-35 100-100 ");
    CHECK(text_of(spans.gaps()) == "10-30 35-100 ");
    TimeSpans others(10min);
    others.add({Timestamp{12min}, Timestamp{28min}});
    others.add(spans);
    CHECK(text_of(others.spans()) == "0-35 100-100 ");
}

TEST_CASE("stretches of time are bounded", "[engine][store][time_spans]") {
    TimeSpans spans(1min);
    for (int i = 0; i < 100'000; ++i) spans.add(Timestamp{std::chrono::hours(i)});
    spans.add(Timestamp{std::chrono::hours(10'000'000)});
    CHECK(spans.spans().size() < 10'000);
    CHECK(spans.spans().front().first == Timestamp{0h});
    CHECK(spans.gaps().back() == TimeSpans::Span{Timestamp{99'999h}, Timestamp{10'000'000h}});
}
