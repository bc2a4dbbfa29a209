#include "notifiers/receiver.h"

#include <algorithm>

#include "tests/catch.h"

namespace tocsin {
namespace {

TEST_CASE("a lane lets so many in and the others in order", "[notifiers][receiver]") {
    Lane lane(2);
    std::string order;
    for (const char name : {'a', 'b', 'c', 'd'}) {
        lane.enter([&order, name] { order += name; });
    }
    CHECK(order == "ab");
    CHECK(lane.waiting() == 2);
    lane.leave();
    CHECK(order == "abc");
    lane.leave();
    lane.leave();
    CHECK(order == "abcd");
    CHECK(lane.running() == 1);
}

TEST_CASE("a long line of attempts that end at once does not nest", "[notifiers][receiver]") {
    Lane lane(1);
    int depth = 0;
    int deepest = 0;
    int runs = 0;
    lane.enter([] {});
    for (int i = 0; i < 100'000; ++i) {
        lane.enter([&] {
            deepest = std::max(deepest, ++depth);
            ++runs;
            lane.leave();
            --depth;
        });
    }
    lane.leave();
    CHECK(runs == 100'000);
    CHECK(deepest == 1);
    CHECK(lane.running() == 0);
}

}  // namespace
}  // namespace tocsin
