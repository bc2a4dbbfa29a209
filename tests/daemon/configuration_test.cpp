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
    CHECK(told == std::vector<std::string>{"/c/p.yml:1:14: open /c/a.yml: no such file or directory",
                                           "/c/p.yml:2:3: syntax error in pattern /c/rules/[.yml",
                                           "/c/p.yml:3:23: open /c/jobs.yml: no such file or directory"});
}

TEST_CASE("what is wrong with a file is told in its order, whoever found it", "[daemon][configuration]") {
    fakes::FakeDisk disk;
    disk.put("p.yml",
             "alerting: {alertmanagers: [{timeout: 0s}]}\n"
             "scrape_configs: [{scheme: ftp, job_name: a}]\n"
             "rule_files: [a.yml]\n"
             "globl: {}\n"
             "global: {scrape_intervall: 1s}\n");
    const auto read = load_rule_configuration(disk, "p.yml", {});
    REQUIRE_FALSE(read);
    std::vector<std::size_t> lines;
    for (const Diagnostic& problem : read.error().problems) lines.push_back(problem.where.line);
    CHECK(lines == std::vector<std::size_t>{1, 2, 3, 4, 5});
}

TEST_CASE("mistakes hide no doubts, in any of the files", "[daemon][configuration]") {
    fakes::FakeDisk disk;
    disk.put("p.yml", "rule_files: [bad.yml, good.yml, 'no*.yml']\ntracing: {}\n");
    const std::string twice = "groups:\n- name: g\n  rules:\n  - {record: a, expr: b}\n  - {record: a, expr: b}\n";
    disk.put("bad.yml", twice + "  - {record: c, expr: rat(b)}\n");
    disk.put("good.yml", twice);
    const auto read = load_rule_configuration(disk, "p.yml", {});
    REQUIRE_FALSE(read);
    CHECK(read.error().problems.size() == 1);
    std::vector<std::string> places;
    for (const Diagnostic& doubt : read.error().warnings) {
        places.push_back(doubt.file + ":" + std::to_string(doubt.where.line) + " " + doubt.check);
    }
    CHECK(places == std::vector<std::string>{"p.yml:1 config/rule-files", "p.yml:2 config/ignored",
                                             "good.yml:5 rule/duplicate", "bad.yml:5 rule/duplicate"});
}

TEST_CASE("a rule that two files of a set-up have is a doubt", "[daemon][configuration]") {
    fakes::FakeDisk disk;
    disk.put("p.yml", "rule_files: [a.yml, b.yml]\n");
    disk.put("a.yml", "groups: [{name: g, rules: [{record: a, expr: b}]}]\n");
    disk.put("b.yml", "groups:\n- name: h\n  rules:\n  - {record: a, expr: c}\n");
    const auto read = load_rule_configuration(disk, "p.yml", {});
    REQUIRE(read);
    REQUIRE(read->warnings.size() == 1);
    CHECK(to_string(read->warnings.front()) ==
          "b.yml:4:5: warning: a is defined again with the same labels; the first one is in a.yml, line 1");
}

TEST_CASE("a file that is named in several ways is read once", "[daemon][configuration]") {
    fakes::FakeDisk disk;
    disk.put("/c/p.yml", "rule_files: [shared.yml, ./shared.yml, 'sh*.yml', x/../shared.yml, ../c/shared.yml]\n");
    disk.put("/c/shared.yml", "groups:\n- name: g\n  rules:\n  - {record: a, expr: b}\n");
    const auto read = load_rule_configuration(disk, "/c/p.yml", {});
    REQUIRE(read);
    REQUIRE(read->rule_files.size() == 1);
    CHECK(read->rule_files.front().path == "/c/shared.yml");
    CHECK(read->warnings.empty());

    disk.put("shared.yml", "groups:\n- name: g\n  rules:\n  - {record: a, expr: b}\n");
    const auto named = load_rule_files(disk, {"shared.yml", "./shared.yml", "./sh*.yml"}, {}, {});
    REQUIRE(named);
    CHECK(named->rule_files.size() == 1);
    CHECK(named->warnings.empty());
}
