#include "notifiers/http_config.h"

#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

namespace tocsin {
namespace {

TEST_CASE("a secret from a file is read each time and loses its blanks", "[notifiers][http_config]") {
    fakes::FakeDisk disk;
    disk.put("/token", " one \n");
    const SecretText source{{}, "/token"};
    CHECK(*source.resolve(disk) == "one");
    disk.put("/token", "two");
    CHECK(*source.resolve(disk) == "two");
    CHECK_FALSE(SecretText{{}, "/missing"}.resolve(disk).has_value());
    CHECK(*SecretText{Secret("inline"), {}}.resolve(disk) == "inline");
}

}  // namespace
}  // namespace tocsin
