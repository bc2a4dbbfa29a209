#include "daemon/configuration.h"

#include "notifiers/masking.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

using namespace tocsin;

TEST_CASE("a pattern of rule files that names nothing is an error", "[daemon][configuration]") {
    fakes::FakeDisk disk;
    const auto read = load_rule_files(disk, {"rules/*.yml"}, {}, {});
    REQUIRE_FALSE(read);
    CHECK(read.error().unreadable);
    REQUIRE(read.error().problems.size() == 1);
    CHECK(to_string(read.error().problems.front()) == "rules/*.yml: no file matches this");
}

TEST_CASE("a folder that cannot be listed says why", "[daemon][configuration]") {
    const auto disk = make_masked_disk();  // it lists nothing
    const auto read = load_rule_files(*disk, {"rules/*.yml"}, {}, {});
    REQUIRE_FALSE(read);
    CHECK(read.error().unreadable);
    REQUIRE(read.error().problems.size() == 1);
    CHECK(to_string(read.error().problems.front()) == "rules/*.yml: not while messages are shown only");
}
