#include "base/file_patterns.h"

#include <string>

#include "tests/catch.h"

using namespace tocsin;

TEST_CASE("what is a shell pattern, and what cannot be one", "[base][file_patterns]") {
    struct Case {
        std::string pattern;
        bool has_magic, is_malformed;
    };
    const auto c = GENERATE(values<Case>({
        {"", false, false},
        {"rules/a.yml", false, false},
        {"rules/*.yml", true, false},
        {"rules/?.yml", true, false},
        {"rules/[ab].yml", true, false},
        {"rules/[^a].yml", true, false},
        {"rules/a].yml", false, false},
        {"rules/\\*.yml", true, false},  // one file, and still a name that must be read as a pattern
        {"rules/[.yml", true, true},
        {"rules/[]a].yml", true, true},
        {"rules/[^].yml", true, true},
        {"rules/\\", true, true},
    }));
    CAPTURE(c.pattern);
    CHECK(has_magic(c.pattern) == c.has_magic);
    CHECK(is_malformed_pattern(c.pattern) == c.is_malformed);
}
