#include "base/moment.h"

#include "tests/catch.h"

using namespace tocsin;

TEST_CASE("a moment is read as the query API takes it", "[base][moment]") {
    CHECK(parse_moment("1435781451.781") == from_unix_ms(1'435'781'451'781));
    CHECK(parse_moment("-1") == from_unix_ms(-1'000));
    CHECK(parse_moment("2015-07-01T20:10:51.781Z") == from_unix_ms(1'435'781'451'781));
    CHECK(parse_moment("soon").error().message == "cannot parse \"soon\" to a valid timestamp");
    for (const auto* bad : {"", "NaN", "+Inf", "1e30", "2015-07-01"}) CHECK_FALSE(parse_moment(bad));
}
