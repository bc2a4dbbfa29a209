#include "engine/functions/quantile.h"

#include <cmath>
#include <limits>
#include <vector>

#include "tests/catch.h"

namespace tocsin {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST_CASE("a quantile lies between the two values nearest to it", "[engine][functions]") {
    struct Case {
        double q;
        std::vector<double> values;
        double want;
    };
    const auto [q, values, want] = GENERATE(Catch::Generators::values<Case>({
        {0.5, {1, 2, 3}, 2},
        {0.5, {4, 1, 3, 2}, 2.5},
        {0, {3, 1, 2}, 1},
        {1, {3, 1, 2}, 3},
        {0.75, {0, 1}, 0.75},
        {0.9, {7}, 7},
        {-0.1, {1, 2}, -kInfinity},
        {1.1, {1, 2}, kInfinity},
        {1, {1, kNan, 2}, 2},  // NaN is the smallest
    }));
    std::vector<double> sorted = values;
    CHECK(quantile_of(q, sorted) == want);
}

TEST_CASE("a quantile of nothing or at NaN is NaN", "[engine][functions]") {
    std::vector<double> none;
    std::vector<double> some{1, 2};
    CHECK(std::isnan(quantile_of(0.5, none)));
    CHECK(std::isnan(quantile_of(kNan, some)));
}

}  // namespace
}  // namespace tocsin
