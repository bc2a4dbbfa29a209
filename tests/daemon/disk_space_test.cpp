#include "daemon/disk_space.h"

#include "base/virtual_scheduler.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/hanging_executor.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

struct SpaceRig {
    SpaceRig() {
        space.on_change([this] { ++changes; });
    }
    bool look() {
        space.look();
        scheduler.settle();
        return space.has_room();
    }

    VirtualScheduler scheduler;
    fakes::HangingExecutor thread{scheduler};
    fakes::FakeDisk disk{"/data"};
    DiskSpace space{scheduler, thread, disk, "/data", 10s};
    int changes = 0;
};

}  // namespace

TEST_CASE("a disk has room until it is full", "[daemon][disk-space]") {
    SpaceRig rig;
    CHECK(rig.look());
    CHECK(rig.changes == 0);
    rig.disk.set_capacity(0);
    CHECK_FALSE(rig.look());
    CHECK_FALSE(rig.look());
    CHECK(rig.changes == 1);
    rig.disk.set_capacity(10);
    CHECK(rig.look());
    CHECK(rig.changes == 2);
}

TEST_CASE("a disk that does not answer in time has no room until it does", "[daemon][disk-space]") {
    SpaceRig rig;
    REQUIRE(rig.look());
    rig.thread.hang();
    rig.disk.take_touched();
    CHECK(rig.look());
    rig.scheduler.advance(9s);
    CHECK(rig.look());
    rig.scheduler.advance(1s);
    CHECK_FALSE(rig.space.has_room());
    CHECK(rig.changes == 1);
    CHECK_FALSE(rig.look());
    CHECK(rig.disk.take_touched().empty());
    rig.thread.go_on();
    rig.scheduler.settle();
    CHECK(rig.space.has_room());
    CHECK(rig.changes == 2);
    rig.scheduler.advance(1h);
    CHECK(rig.changes == 2);
}

TEST_CASE("an answer that comes when nobody is there any more is dropped", "[daemon][disk-space]") {
    VirtualScheduler scheduler;
    fakes::HangingExecutor thread{scheduler};
    fakes::FakeDisk disk{"/data"};
    int changes = 0;
    {
        DiskSpace space{scheduler, thread, disk, "/data", 10s};
        space.on_change([&] { ++changes; });
        thread.hang();
        space.look();
    }
    disk.set_capacity(0);
    thread.go_on();
    scheduler.advance(1min);
    CHECK(disk.take_touched().contains("/data"));
    CHECK(changes == 0);
}
