#include "base/asio_file_watch.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include "tests/catch.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLimit{20'000};

/// A folder that goes with everything in it, and a watch on what is in it.
struct World {
    World() {
        char name[] = "/tmp/tocsin-watch-XXXXXX";
        REQUIRE(mkdtemp(name) != nullptr);
        directory = name;
    }
    ~World() { std::system(("rm -rf " + directory).c_str()); }

    std::string path(const std::string& name) const { return directory + "/" + name; }
    void write(const std::string& name) const { std::ofstream(path(name)) << "text"; }
    void make_directory(const std::string& name) const { REQUIRE(mkdir(path(name).c_str(), 0700) == 0); }
    void link(const std::string& target, const std::string& name) const {
        REQUIRE(symlink(target.c_str(), path(name).c_str()) == 0);
    }
    void rename(const std::string& from, const std::string& to) const {
        REQUIRE(std::rename(path(from).c_str(), path(to).c_str()) == 0);
    }

    FileWatch::WatchId watch(const std::string& name) {
        return watches.watch({path(name)}, [this] { ++changes; });
    }
    /// Whether a change is told within `limit`.
    bool tells(Duration limit = kLimit) {
        const int before = changes;
        return scheduler.run_until([&] { return changes > before; }, limit);
    }

    std::string directory;
    AsioScheduler scheduler;
    AsioFileWatch watches{scheduler};
    int changes = 0;
};

TEST_CASE("a file that is written, created, replaced or removed is told", "[base][asio_file_watch]") {
    World world;
    world.watch("rules.yml");
    world.write("rules.yml");  // created
    CHECK(world.tells());
    world.write("rules.yml");
    CHECK(world.tells());
    world.write("other.yml");
    world.rename("other.yml", "rules.yml");
    CHECK(world.tells());
    world.write("rules.yml");  // the one that took its place
    CHECK(world.tells());
    REQUIRE(unlink(world.path("rules.yml").c_str()) == 0);
    CHECK(world.tells());
}

TEST_CASE("other files are nobody's business", "[base][asio_file_watch]") {
    World world;
    world.write("rules.yml");
    world.watch("rules.yml");
    world.write("other.yml");
    CHECK_FALSE(world.tells(200ms));
}

TEST_CASE("a burst is told once", "[base][asio_file_watch]") {
    World world;
    world.watch("rules.yml");
    for (int i = 0; i < 50; ++i) world.write("rules.yml");
    CHECK(world.tells());
    CHECK_FALSE(world.tells(200ms));
}

TEST_CASE("a directory stands for all that is in it", "[base][asio_file_watch]") {
    World world;
    world.make_directory("rules");
    world.watch("rules");
    world.write("rules/new.yml");
    CHECK(world.tells());
}

TEST_CASE("a directory that comes later is watched from then on", "[base][asio_file_watch]") {
    World world;
    world.watch("a/b/rules.yml");
    world.make_directory("a");
    CHECK(world.tells());
    world.make_directory("a/b");
    CHECK(world.tells());
    world.write("a/b/rules.yml");
    CHECK(world.tells());
}

TEST_CASE("a directory that is replaced as a whole is told", "[base][asio_file_watch]") {
    World world;
    world.make_directory("current");
    world.write("current/rules.yml");
    world.make_directory("next");
    world.write("next/rules.yml");
    world.watch("current/rules.yml");
    world.rename("current", "previous");
    world.rename("next", "current");
    CHECK(world.tells());
    world.write("current/rules.yml");
    CHECK(world.tells());
    world.write("previous/rules.yml");
    CHECK_FALSE(world.tells(200ms));
}

// config/rules.yml -> ..data/rules.yml, ..data -> ..1; a new version is a new folder and a rename over ..data.
TEST_CASE("the way in which Kubernetes replaces mounted files is seen", "[base][asio_file_watch]") {
    World world;
    world.make_directory("..1");
    world.write("..1/rules.yml");
    world.link("..1", "..data");
    world.link("..data/rules.yml", "rules.yml");
    world.watch("rules.yml");
    world.make_directory("..2");
    world.write("..2/rules.yml");
    world.link("..2", "..data_tmp");
    world.rename("..data_tmp", "..data");
    CHECK(world.tells());
    world.write("..2/rules.yml");
    CHECK(world.tells());
}

TEST_CASE("a loop of links is no trap", "[base][asio_file_watch]") {
    World world;
    world.link("b", "a");
    world.link("a", "b");
    world.watch("a");
    REQUIRE(unlink(world.path("b").c_str()) == 0);
    CHECK(world.tells());
}

TEST_CASE("a cancelled watch tells nothing, also from within", "[base][asio_file_watch]") {
    World world;
    const auto id = world.watch("rules.yml");
    FileWatch::WatchId own = 0;
    int own_changes = 0;
    own = world.watches.watch({world.path("rules.yml")}, [&] {
        ++own_changes;
        world.watches.cancel(own);
    });
    world.write("rules.yml");
    world.watches.cancel(id);
    world.watches.cancel(12345);
    REQUIRE(world.scheduler.run_until([&] { return own_changes == 1; }, kLimit));
    world.write("rules.yml");
    CHECK_FALSE(world.tells(200ms));
    CHECK(own_changes == 1);
}

}  // namespace
}  // namespace tocsin
