#include "notifiers/http_config.h"

#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

namespace tocsin {
namespace {

TEST_CASE("no_proxy names hosts and domains", "[notifiers][http_config]") {
    struct Case {
        const char* list;
        const char* host;
        bool matches;
    };
    const std::vector<Case> cases = {
        {"", "a", false},
        {"*", "a", true},
        {"a.b", "a.b", true},
        {"A.B", "a.b", true},
        {"a.b", "x.a.b", true},
        {".a.b", "x.a.b", true},
        {".a.b", "a.b", false},
        {"a.b", "xa.b", false},
        {"x, a.b ,y", "a.b", true},
        {"10.0.0.1", "10.0.0.1", true},
        {"10.0.0.1", "10.0.0.2", false},
    };
    for (const Case& c : cases) {
        CAPTURE(c.list, c.host);
        CHECK(matches_no_proxy(c.list, c.host) == c.matches);
    }
}

TEST_CASE("a secret from a file is read each time and loses its blanks", "[notifiers][http_config]") {
    fakes::FakeDisk disk;
    disk.put("/token", " one \n");
    const SecretSource source{{}, "/token"};
    CHECK(*source.resolve(disk) == "one");
    disk.put("/token", "two");
    CHECK(*source.resolve(disk) == "two");
    CHECK_FALSE(SecretSource{{}, "/missing"}.resolve(disk).has_value());
    CHECK(*SecretSource{Secret("inline"), {}}.resolve(disk) == "inline");
}

}  // namespace
}  // namespace tocsin
