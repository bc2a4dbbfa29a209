#include "daemon/config_watch.h"

#include "base/virtual_scheduler.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/fake_process.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

struct Rig {
    Rig() {
        disk.put("/etc/a.yml", "1");
        disk.put("/etc/rules/one.yml", "1");
        watch.follow({"/etc/a.yml", "/etc/rules/*.yml"});
    }
    void put(const std::string& path, const std::string& content) {
        disk.put(path, content);
        file_watch.change(path);
    }

    VirtualScheduler scheduler;
    fakes::FakeDisk disk;
    fakes::FakeFileWatch file_watch{scheduler};
    int changes = 0;
    ConfigWatch watch{{scheduler, disk, file_watch}, 30s, [this] { ++changes; }};
};

}  // namespace

TEST_CASE("a changed file counts once it is at rest", "[daemon][config-watch]") {
    Rig rig;
    rig.put("/etc/a.yml", "2");
    rig.scheduler.advance(1500ms);
    CHECK(rig.changes == 0);
    rig.scheduler.advance(1s);
    CHECK(rig.changes == 1);
    rig.scheduler.advance(5min);
    CHECK(rig.changes == 1);
}

TEST_CASE("a checkout that takes a while counts once, when it is over", "[daemon][config-watch]") {
    Rig rig;
    for (int i = 0; i < 20; ++i) {
        rig.put("/etc/rules/" + std::to_string(i) + ".yml", "groups: []");
        rig.scheduler.advance(900ms);
    }
    CHECK(rig.changes == 0);
    rig.scheduler.advance(2s);
    CHECK(rig.changes == 1);
}

TEST_CASE("files that come, go and come back are noticed", "[daemon][config-watch]") {
    Rig rig;
    rig.put("/etc/rules/two.yml", "1");
    rig.scheduler.advance(3s);
    CHECK(rig.changes == 1);
    REQUIRE(rig.disk.remove("/etc/rules/one.yml"));
    rig.file_watch.change("/etc/rules/one.yml");
    rig.scheduler.advance(3s);
    CHECK(rig.changes == 2);
}

TEST_CASE("what was touched and says the same is no change", "[daemon][config-watch]") {
    Rig rig;
    rig.put("/etc/a.yml", "1");
    rig.scheduler.advance(5min);
    CHECK(rig.changes == 0);
    SECTION("nor is what was changed back before it was at rest") {
        rig.put("/etc/a.yml", "2");
        rig.scheduler.advance(1500ms);
        rig.put("/etc/a.yml", "1");
        rig.scheduler.advance(5min);
        CHECK(rig.changes == 0);
    }
}

TEST_CASE("where the system tells nothing a change is found by looking", "[daemon][config-watch]") {
    Rig rig;
    rig.disk.put("/etc/a.yml", "2");
    rig.scheduler.advance(29s);
    CHECK(rig.changes == 0);
    rig.scheduler.advance(3s);
    CHECK(rig.changes == 1);
}

TEST_CASE("nothing is told once it is gone", "[daemon][config-watch]") {
    VirtualScheduler scheduler;
    fakes::FakeDisk disk;
    fakes::FakeFileWatch file_watch{scheduler};
    int changes = 0;
    {
        ConfigWatch watch({scheduler, disk, file_watch}, 30s, [&] { ++changes; });
        watch.follow({"/etc/a.yml"});
    }
    disk.put("/etc/a.yml", "1");
    scheduler.advance(5min);
    CHECK(changes == 0);
    CHECK(file_watch.watches() == 0);
}
