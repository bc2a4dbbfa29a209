#include "engine/functions/kahan.h"

#include <limits>

#include "tests/catch.h"

namespace tocsin {
namespace {

constexpr double kMax = std::numeric_limits<double>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST_CASE("a sum keeps what rounding would lose", "[engine][functions]") {
    KahanSum sum;
    for (const double value : {5.0, 1e100, 3.0, -1e100}) sum.add(value);
    CHECK(sum.total() == 8);
}

TEST_CASE("a sum that overflowed is infinite and not NaN", "[engine][functions]") {
    KahanSum sum;
    for (const double value : {kMax, kMax, 1.0}) sum.add(value);
    CHECK(sum.total() == kInfinity);
}

TEST_CASE("a mean is there even where the sum is not", "[engine][functions]") {
    KahanMean mean;
    for (int i = 0; i < 4; ++i) mean.add(kMax);
    CHECK(mean.mean() == Approx(kMax));
}

TEST_CASE("a mean takes in sums made elsewhere", "[engine][functions]") {
    KahanMean mean;
    mean.add(1);
    CHECK(mean.add(KahanSum{11, 0}, 2));
    CHECK(mean.mean() == 4);
    CHECK_FALSE(mean.add(KahanSum{kInfinity, 0}, 1));
    CHECK(mean.mean() == 4);
}

}  // namespace
}  // namespace tocsin
