#include "base/sqlite.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <stdlib.h>

#include "base/posix_disk.h"
#include "base/virtual_scheduler.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"

using namespace tocsin;
using fakes::FakeDisk;

namespace {

const std::string kPath = "data/state.db";

Database opened(Disk& disk, const std::string& path = kPath) {
    auto database = Database::open(disk, path);
    INFO((database ? std::string() : database.error().message));
    REQUIRE(database.has_value());
    return *std::move(database);
}

std::int64_t count_rows(Database& database) {
    auto statement = database.prepare("SELECT count(*) FROM t");
    REQUIRE(statement.has_value());
    REQUIRE(statement->step() == true);
    return statement->integer(0);
}

constexpr std::int64_t kRowsPerTransaction = 3;

/// One transaction of several rows, large enough to take several pages.
Status insert_rows(Database& database, std::int64_t number) {
    TOCSIN_TRY(auto transaction, database.begin());
    TOCSIN_TRY(auto insert, database.prepare("INSERT INTO t VALUES (?, ?)"));
    for (std::int64_t row = 0; row < kRowsPerTransaction; ++row) {
        insert.bind(1, number * kRowsPerTransaction + row).bind(2, std::string(1500, 'x'));
        if (auto inserted = insert.run(); !inserted) return inserted;
    }
    return transaction.commit();
}

/// A life of a database: opened three times, filled, checkpointed half-way. Returns the number of transactions whose
/// commit succeeded; ends where the disk refuses something.
std::int64_t run_life(Disk& disk) {
    std::int64_t committed = 0;
    for (std::uint64_t time = 0; time < 3; ++time) {
        auto database = Database::open(disk, kPath, {.random_seed = time});
        if (!database || !database->execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)")) break;
        for (int i = 0; i < 4; ++i) {
            if (!insert_rows(*database, committed)) return committed;
            ++committed;
            if (i == 2 && !database->checkpoint()) return committed;
        }
    }
    return committed;
}

/// After a crash: sound, every acknowledged transaction there, none in part, and at most one that was not acknowledged.
void check_survivors(FakeDisk& disk, std::int64_t acknowledged) {
    auto database = opened(disk);
    CHECK(database.check_integrity().has_value());
    REQUIRE(database.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)").has_value());
    const std::int64_t rows = count_rows(database);
    CHECK(rows % kRowsPerTransaction == 0);
    CHECK(rows / kRowsPerTransaction >= acknowledged);
    CHECK(rows / kRowsPerTransaction <= acknowledged + 1);
    CHECK(insert_rows(database, rows / kRowsPerTransaction).has_value());
}

}  // namespace

TEST_CASE("rows come back as they were bound", "[base][sqlite]") {
    FakeDisk disk{"data"};
    auto database = opened(disk);
    REQUIRE(database.execute("CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, n TEXT, e TEXT)").has_value());
    const std::string bytes("a\0b\xFF", 4);
    auto insert = database.prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)");
    REQUIRE(insert.has_value());
    insert->bind(1, std::int64_t{-5})
        .bind(2, 0.1)
        .bind(3, "é")
        .bind_blob(4, bytes)
        .bind_null(5)
        .bind(6, std::string_view());
    REQUIRE(insert->run().has_value());
    CHECK(database.last_insert_row_id() == 1);
    CHECK(database.changed_rows() == 1);

    auto select = database.prepare("SELECT * FROM t");
    REQUIRE(select.has_value());
    REQUIRE(select->step() == true);
    CHECK(select->integer(0) == -5);
    CHECK(select->real(1) == 0.1);
    CHECK(select->text(2) == "é");
    CHECK(select->blob(3) == bytes);
    CHECK(select->is_null(4));
    CHECK(!select->is_null(5));
    CHECK(select->text(5).empty());
    CHECK(select->step() == false);
}

TEST_CASE("a statement runs again with new values", "[base][sqlite]") {
    FakeDisk disk{"data"};
    auto database = opened(disk);
    REQUIRE(database.execute("CREATE TABLE t (i INTEGER)").has_value());
    auto insert = database.prepare("INSERT INTO t VALUES (?)");
    for (int i = 0; i < 5; ++i) CHECK(insert->bind(1, i).run().has_value());
    CHECK(count_rows(database) == 5);
}

TEST_CASE("a transaction that goes without commit leaves nothing", "[base][sqlite]") {
    FakeDisk disk{"data"};
    auto database = opened(disk);
    REQUIRE(database.execute("CREATE TABLE t (i INTEGER)").has_value());
    {
        auto transaction = database.begin();
        REQUIRE(transaction.has_value());
        REQUIRE(database.execute("INSERT INTO t VALUES (1)").has_value());
        CHECK(!database.begin().has_value());
    }
    CHECK(count_rows(database) == 0);
    auto transaction = database.begin();
    REQUIRE(database.execute("INSERT INTO t VALUES (1)").has_value());
    CHECK(transaction->commit().has_value());
    CHECK(count_rows(database) == 1);
}

TEST_CASE("what SQLite refuses is told with the name of the database", "[base][sqlite]") {
    FakeDisk disk{"data"};
    auto database = opened(disk);
    CHECK(database.execute("SELEKT").error().message == "database data/state.db: near \"SELEKT\": syntax error");
    CHECK(database.prepare("SELECT * FROM none").error().message == "database data/state.db: no such table: none");
    REQUIRE(database.execute("CREATE TABLE t (i INTEGER UNIQUE)").has_value());
    REQUIRE(database.execute("INSERT INTO t VALUES (1)").has_value());
    const auto twice = database.execute("INSERT INTO t VALUES (1)");
    REQUIRE(!twice);
    CHECK(twice.error().kind == Error::Kind::InvalidInput);
}

TEST_CASE("a file that is no database is refused", "[base][sqlite]") {
    FakeDisk disk{"data"};
    disk.put(kPath, std::string(5000, 'x'));
    const auto database = Database::open(disk, kPath);
    REQUIRE(!database);
    CHECK(database.error().kind == Error::Kind::InvalidInput);
    CHECK(database.error().message == "database data/state.db: file is not a database");
}

TEST_CASE("a database in a folder that is not there cannot be opened", "[base][sqlite]") {
    FakeDisk disk;
    CHECK(Database::open(disk, kPath).error().message ==
          "database data/state.db: unable to open database file: open data/state.db: no such file or directory");
}

TEST_CASE("a second user of a database is refused until the first one is gone", "[base][sqlite]") {
    FakeDisk disk{"data"};
    {
        auto first = opened(disk);
        const auto second = Database::open(disk, kPath);
        REQUIRE(!second);
        CHECK(second.error().message.find("held by another process") != std::string::npos);
    }
    CHECK(Database::open(disk, kPath).has_value());
}

TEST_CASE("damage is found", "[base][sqlite]") {
    FakeDisk disk{"data"};
    {
        auto database = opened(disk);
        REQUIRE(database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)").has_value());
        for (int i = 0; i < 10; ++i) REQUIRE(insert_rows(database, i).has_value());
        CHECK(database.check_integrity().has_value());
    }
    std::string content = *disk.content(kPath);
    content.replace(4096, 4096, std::string(4096, '\x55'));
    disk.put(kPath, content);
    auto database = opened(disk);
    CHECK(!database.check_integrity().has_value());
}

TEST_CASE("the user version is the application's", "[base][sqlite]") {
    FakeDisk disk{"data"};
    CHECK(opened(disk).user_version() == 0);
    CHECK(opened(disk).set_user_version(7).has_value());
    CHECK(opened(disk).user_version() == 7);
}

TEST_CASE("a database does not grow beyond its limit", "[base][sqlite]") {
    FakeDisk disk{"data"};
    auto database = Database::open(disk, kPath, {.random_seed = 0, .bytes_max = 64 * 1024});
    REQUIRE(database->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)").has_value());
    Status status;
    std::int64_t done = 0;
    for (; status && done < 100; ++done) status = insert_rows(*database, done);
    REQUIRE(!status);
    CHECK(status.error().message == "database data/state.db: database or disk is full");
    CHECK(count_rows(*database) == (done - 1) * kRowsPerTransaction);
}

TEST_CASE("a full disk fails the transaction and nothing else", "[base][sqlite]") {
    FakeDisk disk{"data"};
    auto database = opened(disk);
    REQUIRE(database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)").has_value());
    REQUIRE(insert_rows(database, 0).has_value());
    disk.set_capacity(0);
    const auto full = insert_rows(database, 1);
    REQUIRE(!full);
    CHECK(full.error().message.find("no space left on device") != std::string::npos);
    disk.set_capacity(1 << 30);
    CHECK(insert_rows(database, 1).has_value());
    CHECK(count_rows(database) == 2 * kRowsPerTransaction);
}

TEST_CASE("a sync that failed is not tried again", "[base][sqlite]") {
    FakeDisk disk{"data"};
    std::int64_t acknowledged = 0;
    {
        auto database = opened(disk);
        REQUIRE(database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)").has_value());
        REQUIRE(insert_rows(database, acknowledged++).has_value());
        disk.fail_next(FakeDisk::Operation::Sync, "", "input/output error");
        const auto failed = insert_rows(database, acknowledged);
        REQUIRE(!failed);
        CHECK(failed.error().kind == Error::Kind::Unavailable);
        CHECK(failed.error().message.find("sync data/state.db-wal: input/output error") != std::string::npos);
        CHECK(!insert_rows(database, acknowledged).has_value());
    }
    disk.power_cut();
    check_survivors(disk, acknowledged);
}

TEST_CASE("acknowledged transactions survive a power cut at every write", "[base][sqlite]") {
    FakeDisk whole{"data"};
    REQUIRE(run_life(whole) == 12);
    const std::uint64_t changes = whole.changes();
    CAPTURE(changes);
    REQUIRE(changes > 100);
    for (std::uint64_t point = 0; point <= changes; ++point) {
        // Nothing that was not synced survives, then some of it, by several throws of the dice.
        for (std::uint64_t dice = 0; dice < 4; ++dice) {
            CAPTURE(point, dice);
            FakeDisk disk{"data"};
            disk.stop_at_change(point);
            const std::int64_t acknowledged = run_life(disk);
            SeededRandom random(point * 31 + dice);
            if (dice == 0) {
                disk.power_cut();
            } else {
                disk.power_cut(random);
            }
            check_survivors(disk, acknowledged);
        }
    }
}

TEST_CASE("the same life leaves the same bytes", "[base][sqlite]") {
    FakeDisk one{"data"}, other{"data"};
    run_life(one);
    run_life(other);
    CHECK(one.content(kPath) == other.content(kPath));
    CHECK(one.changes() == other.changes());
}

TEST_CASE("a database lives on the real disk too", "[base][sqlite]") {
    std::string folder = (std::filesystem::temp_directory_path() / "tocsin-test-XXXXXX").string();
    REQUIRE(::mkdtemp(folder.data()) != nullptr);
    {
        PosixDisk disk;
        const std::string path = folder + "/state.db";
        {
            auto database = opened(disk, path);
            REQUIRE(database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)").has_value());
            for (int i = 0; i < 20; ++i) REQUIRE(insert_rows(database, i).has_value());
            CHECK(database.checkpoint().has_value());
            CHECK(!Database::open(disk, path).has_value());
        }
        auto database = opened(disk, path);
        CHECK(count_rows(database) == 20 * kRowsPerTransaction);
        CHECK(database.check_integrity().has_value());
    }
    std::filesystem::remove_all(folder);
}
