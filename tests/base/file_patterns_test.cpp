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

TEST_CASE("a file that another one names has one name, however it is spelled", "[base][file_patterns]") {
    struct Case {
        std::string directory, pattern, want;
    };
    const auto c = GENERATE(values<Case>({
        {"conf", "rules/*.yml", "conf/rules/*.yml"},
        {"conf/", "./a.yml", "conf/a.yml"},
        {"conf", "../conf/a.yml", "conf/a.yml"},
        {"conf", "x/.././/a.yml", "conf/a.yml"},
        {"/etc/conf", "../../../a.yml", "/a.yml"},
        {".", "./a.yml", "a.yml"},
        {"", "../../a.yml", "../../a.yml"},
        {".", "x/..", "."},
        {"../conf", "../a.yml", "../a.yml"},
        {"conf", "/etc/./a.yml", "/etc/./a.yml"},
        {"conf", "", ""},
        {"HEAD:.", "./a.yml", "HEAD:./a.yml"},
        {"HEAD:conf", "../a.yml", "HEAD:conf/../a.yml"},
        {"HEAD:./conf", "../a.yml", "HEAD:./a.yml"},
    }));
    CAPTURE(c.directory, c.pattern);
    CHECK(resolve_pattern(c.directory, c.pattern) == c.want);
}
