#include "base/system_random.h"

#include <set>

#include "tests/catch.h"

namespace tocsin {

TEST_CASE("numbers of the system hardly ever repeat, in one stream or between two", "[base][system_random]") {
    SystemRandom one, other;
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 500; ++i) {
        seen.insert(one.next());
        seen.insert(other.next());
    }
    CHECK(seen.size() == 1000);
}

}  // namespace tocsin
