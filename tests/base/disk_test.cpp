#include "base/disk.h"

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <sys/stat.h>

#include "base/posix_disk.h"
#include "base/virtual_scheduler.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

using namespace tocsin;
using Open = Disk::Open;

namespace {

/// A folder that goes when it is no longer needed.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tocsin-test-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// What holds for any Disk is tested with both: the real one below a temporary folder, and the one of the tests.
struct AnyDisk {
    std::unique_ptr<TemporaryFolder> folder;
    std::unique_ptr<Disk> disk;
    std::string root;

    explicit AnyDisk(bool real) {
        if (real) {
            folder = std::make_unique<TemporaryFolder>();
            disk = std::make_unique<PosixDisk>();
            root = folder->path();
        } else {
            disk = std::make_unique<fakes::FakeDisk>();
            root = "root";
            REQUIRE(disk->make_directories(root).has_value());
        }
    }
    std::string at(const std::string& name) const { return root + "/" + name; }
    void put(const std::string& name, std::string_view content) {
        REQUIRE(write_file_atomically(*disk, at(name), content).has_value());
    }
};

}  // namespace

TEST_CASE("a path is seen from the directory of the file that names it", "[base][disk]") {
    CHECK(resolve_path("conf", "rules/*.yml") == "conf/rules/*.yml");
    CHECK(resolve_path("conf/", "a") == "conf/a");
    CHECK(resolve_path("conf", "/etc/a") == "/etc/a");
    CHECK(resolve_path(".", "a") == "a");
    CHECK(resolve_path("", "a") == "a");
    CHECK(resolve_path("conf", "").empty());
}

TEST_CASE("the directory of a path", "[base][disk]") {
    struct Case {
        std::string path, want;
    };
    const auto [path, want] = GENERATE(values<Case>({
        {"a", "."},
        {"a/b", "a"},
        {"a/b/c.yml", "a/b"},
        {"/a", "/"},
        {"/a/b", "/a"},
        {"a/b/", "a"},
        {"a//b", "a"},
        {"/", "/"},
        {"", "."},
    }));
    CAPTURE(path);
    CHECK(directory_of(path) == want);
}

TEST_CASE("bytes written to a file are read back", "[base][disk]") {
    AnyDisk any(GENERATE(true, false));
    auto file = any.disk->open(any.at("f"), Open::CreateOrOpen);
    REQUIRE(file.has_value());
    CHECK((*file)->append("hello ").has_value());
    CHECK((*file)->append("world").has_value());
    CHECK((*file)->write_at(0, "J").has_value());
    CHECK((*file)->write_at(13, "!").has_value());
    CHECK((*file)->size() == 14U);
    std::string got(20, '?');
    CHECK((*file)->read_at(1, got.data(), 20) == 13U);
    CHECK(got.substr(0, 13) == std::string("ello world\0\0!", 13));
    CHECK((*file)->read_at(100, got.data(), 20) == 0U);
    CHECK((*file)->truncate(5).has_value());
    CHECK((*file)->sync().has_value());
    CHECK(read_file(*any.disk, any.at("f")) == "Jello");
    CHECK(any.disk->open(any.at("f"), Open::CreateOrTruncate).has_value());
    CHECK(read_file(*any.disk, any.at("f")) == "");
}

TEST_CASE("a file that is not there is not found", "[base][disk]") {
    AnyDisk any(GENERATE(true, false));
    for (const auto mode : {Open::ReadOnly, Open::ReadWrite}) {
        const auto file = any.disk->open(any.at("none"), mode);
        REQUIRE(!file);
        CHECK(file.error().kind == Error::Kind::NotFound);
        CHECK(file.error().message == "open " + any.at("none") + ": no such file or directory");
    }
    CHECK(any.disk->open(any.at("no/folder"), Open::CreateOrOpen).error().kind == Error::Kind::NotFound);
    CHECK(any.disk->rename(any.at("none"), any.at("x")).error().kind == Error::Kind::NotFound);
    CHECK(any.disk->remove(any.at("none")).error().kind == Error::Kind::NotFound);
    CHECK(any.disk->list(any.at("none")).error().kind == Error::Kind::NotFound);
    CHECK(!any.disk->exists(any.at("none")));
}

TEST_CASE("a file larger than the limit is not read", "[base][disk]") {
    AnyDisk any(GENERATE(true, false));
    any.put("f", std::string(200'000, 'x'));
    CHECK(read_file(*any.disk, any.at("f"), 200'000)->size() == 200'000);
    const auto larger = read_file(*any.disk, any.at("f"), 199'999);
    REQUIRE(!larger);
    CHECK(larger.error().kind == Error::Kind::LimitExceeded);
}

TEST_CASE("a directory is no file", "[base][disk]") {
    AnyDisk any(GENERATE(true, false));
    const auto file = read_file(*any.disk, any.root);
    REQUIRE(!file);
    CHECK(file.error().message == "open " + any.root + ": is a directory");
}

TEST_CASE("directories are made with all above them and listed in order", "[base][disk]") {
    AnyDisk any(GENERATE(true, false));
    CHECK(any.disk->make_directories(any.at("a/b/c")).has_value());
    CHECK(any.disk->make_directories(any.at("a/b/c")).has_value());
    any.put("a/z", "");
    any.put("a/.hidden", "");
    CHECK(any.disk->list(any.at("a")) == std::vector<std::string>{".hidden", "b", "z"});
    CHECK(any.disk->exists(any.at("a/b/c")));
}

TEST_CASE("patterns match names as Go's filepath.Glob does", "[base][disk]") {
    AnyDisk any(GENERATE(true, false));
    REQUIRE(any.disk->make_directories(any.at("sub")).has_value());
    for (const char* name : {"b.yml", "a.yml", ".c.yml", "a.txt", "sub/d.yml"}) any.put(name, "");
    const auto found = [&](const std::string& pattern) {
        std::string names;
        const auto paths = any.disk->glob(any.at(pattern));
        REQUIRE(paths.has_value());
        for (const auto& path : *paths) names += (names.empty() ? "" : " ") + path.substr(any.root.size() + 1);
        return names;
    };
    CHECK(found("*.yml") == ".c.yml a.yml b.yml");
    CHECK(found("?.yml") == "a.yml b.yml");
    CHECK(found("[ab].*") == "a.txt a.yml b.yml");
    CHECK(found("[^a].yml") == "b.yml");
    CHECK(found("*/*.yml") == "sub/d.yml");
    CHECK(found("*.none").empty());
    CHECK(found("none.yml") == "none.yml");
}

TEST_CASE("a file is replaced as a whole", "[base][disk]") {
    AnyDisk any(GENERATE(true, false));
    any.put("f", "old");
    any.put("f", "new");
    CHECK(read_file(*any.disk, any.at("f")) == "new");
    CHECK(any.disk->list(any.root) == std::vector<std::string>{"f"});
    CHECK(any.disk->free_bytes(any.root).value() > 0);
}

TEST_CASE("one holder locks a file until it closes it", "[base][disk]") {
    AnyDisk any(GENERATE(true, false));
    auto first = any.disk->open(any.at("lock"), Open::CreateOrOpen);
    const auto second = any.disk->open(any.at("lock"), Open::CreateOrOpen);
    CHECK((*first)->lock().has_value());
    CHECK((*second)->lock().error().message == "lock " + any.at("lock") + ": held by another process");
    first->reset();
    CHECK((*second)->lock().has_value());
}

TEST_CASE("only regular files are opened, and nothing is waited for", "[base][disk]") {
    const TemporaryFolder folder;
    PosixDisk disk;
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    CHECK(read_file(disk, folder / "pipe").error().message == "open " + (folder / "pipe") + ": not a regular file");
    CHECK(read_file(disk, "/dev/zero").error().message == "open /dev/zero: not a regular file");
    CHECK(!disk.open("/dev/null", Open::CreateOrTruncate).has_value());
}

TEST_CASE("a symbolic link is followed for reading only", "[base][disk]") {
    const TemporaryFolder folder;
    PosixDisk disk;
    REQUIRE(write_file_atomically(disk, folder / "f", "x").has_value());
    std::filesystem::create_symlink(folder / "f", folder / "link");
    CHECK(read_file(disk, folder / "link") == "x");
    CHECK(!disk.open(folder / "link", Open::ReadWrite).has_value());
    CHECK(!disk.open(folder / "link", Open::CreateOrTruncate).has_value());
    CHECK(read_file(disk, folder / "f") == "x");
}

TEST_CASE("what is stored is nobody else's to read", "[base][disk]") {
    const TemporaryFolder folder;
    PosixDisk disk;
    REQUIRE(disk.make_directories(folder / "data").has_value());
    REQUIRE(write_file_atomically(disk, folder / "data/f", "x").has_value());
    struct stat info {};
    REQUIRE(::stat((folder / "data").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0700U);
    REQUIRE(::stat((folder / "data/f").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600U);
}

TEST_CASE("after a crash a replaced file is the old one or the new one", "[base][disk]") {
    const std::string old_content(3000, 'o');
    const std::string new_content(5000, 'n');
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        for (std::uint64_t point = 0; point < 10; ++point) {
            CAPTURE(seed, point);
            fakes::FakeDisk disk;
            disk.put("d/f", old_content);
            disk.stop_at_change(point);
            const bool done = write_file_atomically(disk, "d/f", new_content).has_value();
            SeededRandom random(seed);
            disk.power_cut(random);
            const auto found = disk.content("d/f");
            CHECK((found == new_content || (!done && found == old_content)));
        }
    }
}

TEST_CASE("a failed replacement leaves nothing behind", "[base][disk]") {
    using Operation = fakes::FakeDisk::Operation;
    const auto operation = GENERATE(Operation::Write, Operation::Sync, Operation::Rename);
    fakes::FakeDisk disk;
    disk.put("d/f", "old");
    disk.fail_next(operation, "", "input/output error");
    const auto written = write_file_atomically(disk, "d/f", "new");
    REQUIRE(!written);
    CHECK(written.error().message.find("d/f.tmp: input/output error") != std::string::npos);
    CHECK(disk.files() == std::vector<std::string>{"d/f"});
    CHECK(disk.content("d/f") == "old");
}
