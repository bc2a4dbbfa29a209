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

TEST_CASE("files that are named and not there are told where they are named", "[daemon][configuration]") {
    fakes::FakeDisk disk;
    disk.put("/c/p.yml", "rule_files: [a.yml,\n  'rules/[.yml']\nscrape_config_files: [jobs.yml]\n");
    disk.put("/c/am.yml", "route: {receiver: a}\nreceivers: [{name: a}]\n");
    const auto read = load_configuration(disk, "/c/p.yml", "/c/am.yml", {});
    REQUIRE_FALSE(read);
    CHECK(read.error().unreadable);
    std::vector<std::string> told;
    for (const Diagnostic& problem : read.error().problems) told.push_back(to_string(problem));
    CHECK(told == std::vector<std::string>{"/c/p.yml:3:23: open /c/jobs.yml: no such file or directory",
                                           "/c/p.yml:2:3: syntax error in pattern /c/rules/[.yml",
                                           "/c/p.yml:1:14: open /c/a.yml: no such file or directory"});
}
