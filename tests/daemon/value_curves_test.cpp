#include "daemon/value_curves.h"

#include <limits>
#include <map>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "tests/catch.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

constexpr Timestamp kFirst{1'772'359'200s};
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Threshold above(double number) {
    return {nullptr, BinaryOp::Greater, number};
}

/// The same labels are the same frame, as in an evaluation.
class Vectors {
public:
    InstantVector of(const std::map<std::string, double>& values) {
        std::string names;
        for (const auto& [name, value] : values) names += name + ",";
        auto& frame = frames_[names];
        InstantVector vector;
        if (!frame) {
            Frame made;
            for (const auto& [name, value] : values) made.labels.push_back(LabelSet{{"n", name}});
            frame = std::make_shared<const Frame>(std::move(made));
        }
        vector.frame = frame;
        for (const auto& [name, value] : values) {
            vector.values.push_back(value);
            vector.present.push_back(1);
        }
        return vector;
    }

private:
    std::map<std::string, std::shared_ptr<const Frame>> frames_;
};

}  // namespace

TEST_CASE("each evaluation of a short window is a step", "[daemon][value-curves]") {
    std::size_t budget = 10;
    ValueCurves curves(kFirst, kFirst + 10min, 15s, above(5), {}, budget);
    Vectors vectors;
    for (int n = 0; n <= 40; ++n) {
        if (n != 20) curves.add(kFirst + n * 15s, vectors.of({{"a", n}}));  // once it is away
    }
    const auto view = curves.view();
    CHECK(view.is_exact);
    CHECK(view.step == 15s);
    REQUIRE(view.curves.size() == 1);
    REQUIRE(view.curves[0].steps.size() == 41);
    CHECK(view.curves[0].steps[3].low == 3);
    CHECK(view.curves[0].steps[3].high == 3);
    CHECK(view.curves[0].steps[20].empty());
    CHECK(view.curves[0].held == 34);
    CHECK(view.band.empty());
    CHECK(view.whole.high == 40);
}

TEST_CASE("a long window is drawn in steps that keep every peak", "[daemon][value-curves]") {
    std::size_t budget = 10;
    ValueCurves curves(kFirst, kFirst + 168h, 15s, above(5), {}, budget);
    Vectors vectors;
    for (int n = 0; n < 168 * 240; ++n) curves.add(kFirst + n * 15s, vectors.of({{"a", n == 20'001 ? 77 : 1}}));
    const auto view = curves.view();
    CHECK_FALSE(view.is_exact);
    REQUIRE(view.curves.size() == 1);
    const auto& steps = view.curves[0].steps;
    CHECK(steps.size() <= 240);
    std::size_t peaks = 0, gaps = 0;
    for (const ValueRange& range : steps) {
        peaks += range.high == 77 && range.low == 1 ? 1 : 0;
        gaps += range.empty() ? 1 : 0;
    }
    CHECK(peaks == 1);
    CHECK(gaps == 0);
}

TEST_CASE("of many series those nearest to an alert are shown, and the range of all", "[daemon][value-curves]") {
    std::size_t budget = 1000;
    ValueCurves curves(kFirst, kFirst + 10min, 15s, above(90), {.steps = 240, .kept = 10, .shown = 3, .shown_idle = 2},
                       budget);
    Vectors vectors;
    std::map<std::string, double> values;
    for (int n = 0; n < 100; ++n) values[fmt::format("{:03}", n)] = n;
    values["001"] = kNan;
    values["002"] = std::numeric_limits<double>::infinity();
    for (int n = 0; n < 5; ++n) curves.add(kFirst + n * 15s, vectors.of(values));
    values["050"] = 91;
    curves.add(kFirst + 90s, vectors.of(values));
    const auto view = curves.view();
    CHECK(view.series == 100);
    REQUIRE(view.curves.size() == 3);
    for (const ValueCurve& curve : view.curves) CHECK(curve.held >= 6);  // 91 to 99, and the infinite one
    REQUIRE(view.band.size() == 41);
    CHECK(view.band[0].low == 0);
    CHECK(view.band[0].high == 99);
    CHECK(view.whole.high == 99);
    CHECK(budget == 990);
}

TEST_CASE("where nothing was above the threshold what came nearest is shown", "[daemon][value-curves]") {
    std::size_t budget = 10;
    ValueCurves curves(kFirst, kFirst + 10min, 15s, {nullptr, BinaryOp::Less, 0}, {}, budget);
    Vectors vectors;
    curves.add(kFirst, vectors.of({{"a", 5}, {"b", 3}, {"c", 9}}));
    curves.add(kFirst + 15s, vectors.of({{"a", 5}, {"c", 2}, {"d", 7}}));  // another frame, the same series
    const auto view = curves.view();
    REQUIRE(view.curves.size() == 2);
    CHECK(view.curves[0].labels == LabelSet{{"n", "c"}});
    CHECK(view.curves[0].steps[0].low == 9);
    CHECK(view.curves[0].steps[1].low == 2);
    CHECK(view.curves[1].labels == LabelSet{{"n", "b"}});
    CHECK(view.series == 4);
}

TEST_CASE("without a budget the range of all series is there nevertheless", "[daemon][value-curves]") {
    std::size_t budget = 0;
    ValueCurves curves(kFirst, kFirst + 10min, 15s, above(1), {}, budget);
    Vectors vectors;
    curves.add(kFirst, vectors.of({{"a", 5}, {"b", 3}}));
    curves.add(kFirst - 1s, vectors.of({{"a", 50}}));   // outside of the window
    curves.add(kFirst + 1h, vectors.of({{"a", 500}}));  // likewise
    const auto view = curves.view();
    CHECK(view.curves.empty());
    REQUIRE_FALSE(view.band.empty());
    CHECK(view.band[0].low == 3);
    CHECK(view.whole.high == 5);
}
