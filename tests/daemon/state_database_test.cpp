#include "daemon/state_database.h"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "base/sqlite.h"
#include "base/virtual_scheduler.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/hanging_executor.h"
#include "tests/fakes/recording_log.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

using Records = std::map<std::string, std::string>;
constexpr auto kPath = "/data/state.db";

/// A part of the daemon with a table: it knows what it has, and hands over what changes.
struct Part {
    Part(StateDatabase& database, std::string name) : store(database), table(std::move(name)) {
        for (StateRecord& record : store.open_table(table, [this] { return everything(); })) {
            records.emplace(std::move(record.key), std::move(record.value));
        }
    }
    void put(const std::string& key, const std::string& value) {
        records[key] = value;
        store.write([=, name = table](StateWriter& writer) { writer.put(name, key, value); });
    }
    void erase(const std::string& key) {
        records.erase(key);
        store.write([=, name = table](StateWriter& writer) { writer.erase(name, key); });
    }
    StateStore::Write everything() const {
        return [all = records, name = table](StateWriter& writer) {
            for (const auto& [key, value] : all) writer.put(name, key, value);
        };
    }

    StateDatabase& store;
    std::string table;
    Records records;
};

/// A life of the store, from one start to the next.
struct Life {
    explicit Life(fakes::FakeDisk& on, std::uint64_t seed = 1)
        : random(seed), database({scheduler, thread, on, random, log, metrics}, kPath), opened(database.open()) {
        if (!opened) return;
        alerts = std::make_unique<Part>(database, "alerts");
        silences = std::make_unique<Part>(database, "silences");
    }
    void settle() { scheduler.advance(0s); }
    double figure(const char* name) { return metrics.counter(name, "").get(); }

    VirtualScheduler scheduler{from_unix_ms(1'800'000'000'000)};
    fakes::HangingExecutor thread{scheduler};
    SeededRandom random;
    fakes::RecordingLog log;
    SelfMetrics metrics;
    StateDatabase database;
    Status opened;
    std::unique_ptr<Part> alerts, silences;
};

std::vector<std::string> set_aside(const fakes::FakeDisk& disk) {
    std::vector<std::string> found;
    for (const std::string& file : disk.files()) {
        if (file.find(".corrupt-") != std::string::npos && !file.ends_with("-wal")) found.push_back(file);
    }
    return found;
}

/// A closed database of `count` records.
void fill(fakes::FakeDisk& disk, int count) {
    Life life(disk);
    for (int i = 0; i < count; ++i) life.alerts->put(fmt::format("key {:04}", i), std::string(100, 'v'));
    life.settle();
}

}  // namespace

TEST_CASE("what was written is there after a restart", "[daemon][state]") {
    fakes::FakeDisk disk{"/data"};
    Records expected;
    {
        Life life(disk);
        CHECK(life.alerts->records.empty());
        life.alerts->put("b", std::string("\0 bytes \xff", 9));
        life.alerts->put("a", "1");
        life.alerts->put("c", "gone");
        life.alerts->erase("c");
        life.silences->put("a", "another table");
        life.alerts->put("a", "2");
        life.settle();
        expected = life.alerts->records;
    }
    disk.power_cut();
    Life life(disk);
    CHECK(life.alerts->records == expected);
    CHECK(life.silences->records == Records{{"a", "another table"}});
}

TEST_CASE("tables kept by time lose what is older, and a table can be emptied", "[daemon][state]") {
    fakes::FakeDisk disk{"/data"};
    {
        Life life(disk);
        for (const char* key : {"1", "2", "3"}) life.alerts->put(key, "x");
        life.silences->put("1", "x");
        life.database.write([](StateWriter& writer) {
            writer.erase_before("alerts", "2");
            writer.clear("silences");
        });
        life.settle();
    }
    Life life(disk);
    CHECK(life.alerts->records == Records{{"2", "x"}, {"3", "x"}});
    CHECK(life.silences->records.empty());
}

TEST_CASE("what one task hands over is one transaction, and it is told when it lasts", "[daemon][state]") {
    fakes::FakeDisk disk{"/data"};
    Life life(disk);
    std::vector<std::string> order;
    life.alerts->put("a", "1");
    life.silences->put("b", "1");
    life.database.when_durable([&](const Status& status) {
        CHECK(status);
        CHECK(life.figure("tocsin_state_commits_total") == 1);
        order.push_back("first");
        life.alerts->put("c", "1");
        life.database.when_durable([&](const Status&) { order.push_back("third"); });
    });
    life.database.when_durable([&](const Status&) { order.push_back("second"); });
    CHECK(order.empty());
    life.settle();
    CHECK(order == std::vector<std::string>{"first", "second", "third"});
    CHECK(life.figure("tocsin_state_commits_total") == 2);
    // With nothing to write there is nothing to wait for, but it is still told later.
    life.database.when_durable([&](const Status&) { order.push_back("fourth"); });
    CHECK(order.size() == 3);
    life.settle();
    CHECK(order.size() == 4);
    CHECK(life.figure("tocsin_state_commits_total") == 2);
}

TEST_CASE("after a crash at any change of the disk the last acknowledged transaction is there, whole",
          "[daemon][state]") {
    // Each transaction writes the same number into both tables.
    const auto live = [](fakes::FakeDisk& disk, std::uint64_t seed, int first, int last) {
        int acknowledged = first - 1;
        Life life(disk, seed);
        for (int number = first; number <= last; ++number) {
            life.alerts->put("number", std::to_string(number));
            life.alerts->put(fmt::format("padding {}", number), std::string(700, 'p'));
            life.silences->put("number", std::to_string(number));
            life.database.when_durable([&acknowledged, number](const Status& status) {
                if (status) acknowledged = number;
            });
            life.settle();
        }
        return acknowledged;
    };
    fakes::FakeDisk rehearsal{"/data"};
    live(rehearsal, 1, 1, 30);
    const std::uint64_t changes = rehearsal.changes();
    SeededRandom random(5);
    for (int round = 0; round < 200; ++round) {
        CAPTURE(round);
        fakes::FakeDisk disk{"/data"};
        disk.stop_at_change(random.next() % changes);
        const int acknowledged = live(disk, random.next(), 1, 30);
        disk.power_cut(random);
        Life life(disk, random.next());
        CHECK(set_aside(disk).empty());
        const auto number = life.alerts->records.find("number");
        const int found = number == life.alerts->records.end() ? 0 : std::stoi(number->second);
        CHECK(found >= acknowledged);
        CHECK(found <= acknowledged + 1);
        CHECK(life.silences->records.count("number") == (found > 0 ? 1 : 0));
        if (found > 0) CHECK(life.silences->records.at("number") == std::to_string(found));
        CHECK(life.alerts->records.size() == static_cast<std::size_t>(found > 0 ? found + 1 : 0));
    }
}

TEST_CASE("a full disk means memory only, loudly, and what is in memory is written when there is room again",
          "[daemon][state]") {
    fakes::FakeDisk disk{"/data"};
    Records expected;
    {
        Life life(disk);
        life.alerts->put("before", "1");
        life.settle();
        disk.set_capacity(1000);
        life.alerts->put("during", std::string(5000, 'x'));
        bool durable = true;
        life.database.when_durable([&](const Status& status) { durable = status.has_value(); });
        life.settle();
        CHECK_FALSE(durable);
        CHECK_FALSE(life.database.durable());
        CHECK(life.metrics.gauge("tocsin_state_durable", "").get() == 0);
        CHECK(life.log.count(LogLevel::Error) == 1);
        CHECK(life.log.contains("no space left on device"));
        life.alerts->put("later", "2");
        life.database.when_durable([&](const Status& status) { CHECK_FALSE(status); });
        life.scheduler.advance(5min);
        CHECK_FALSE(life.database.durable());
        CHECK(life.log.count(LogLevel::Error) == 1);

        disk.set_capacity(1'000'000);
        life.scheduler.advance(10s);
        CHECK(life.database.durable());
        CHECK(life.metrics.gauge("tocsin_state_durable", "").get() == 1);
        life.alerts->put("after", "3");
        life.settle();
        expected = life.alerts->records;
    }
    CHECK(expected.size() == 4);
    disk.power_cut();
    Life life(disk);
    CHECK(life.alerts->records == expected);
    CHECK_FALSE(disk.exists("/data/state.db.new"));
    CHECK(set_aside(disk).empty());
}

TEST_CASE("a file whose sync failed is not trusted again", "[daemon][state]") {
    fakes::FakeDisk disk{"/data"};
    Records expected;
    {
        Life life(disk);
        life.alerts->put("a", "1");
        life.settle();
        disk.fail_next(fakes::FakeDisk::Operation::Sync, "/data/state.db-wal", "input/output error");
        life.alerts->put("b", "2");
        life.settle();
        CHECK_FALSE(life.database.durable());
        life.scheduler.advance(10s);
        CHECK(life.database.durable());
        expected = life.alerts->records;
    }
    disk.power_cut();
    Life life(disk);
    CHECK(life.alerts->records == expected);
}

TEST_CASE("a crash while a new file is put in place leaves the old one or the new one", "[daemon][state]") {
    const auto live = [](fakes::FakeDisk& disk, std::uint64_t seed) {
        Life life(disk, seed);
        life.alerts->put("a", "old");
        life.settle();
        if (!life.database.durable()) return std::string();
        disk.fail_next(fakes::FakeDisk::Operation::Sync, "/data/state.db-wal", "input/output error");
        life.alerts->put("a", "new");
        life.settle();
        life.scheduler.advance(10s);
        return std::string(life.database.durable() ? "new" : "old");
    };
    fakes::FakeDisk rehearsal{"/data"};
    REQUIRE(live(rehearsal, 1) == "new");
    const std::uint64_t changes = rehearsal.changes();
    SeededRandom random(9);
    for (std::uint64_t at = 0; at < changes; ++at) {
        CAPTURE(at);
        fakes::FakeDisk disk{"/data"};
        disk.stop_at_change(at);
        const std::string durable = live(disk, random.next());
        disk.power_cut(random);
        Life life(disk, random.next());
        CHECK(set_aside(disk).empty());
        if (durable.empty()) continue;  // not even the old one was acknowledged
        REQUIRE(life.alerts->records.count("a") == 1);
        if (durable == "new") CHECK(life.alerts->records.at("a") == "new");
    }
}

TEST_CASE("damage is noticed, told and set aside, and what is sound is kept", "[daemon][state]") {
    fakes::FakeDisk pristine{"/data"};
    fill(pristine, 100);
    const std::string content = *pristine.content(kPath);
    SeededRandom random(3);
    std::size_t kept_in_part = 0;
    for (int round = 0; round < 100; ++round) {
        std::string damaged = content;
        const std::size_t at = 100 + random.next() % (damaged.size() - 100);
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random.next() % 8)));
        CAPTURE(round, at);
        fakes::FakeDisk disk{"/data"};
        disk.put(kPath, damaged);
        {
            Life life(disk);
            REQUIRE(life.opened);
            CHECK(life.database.durable());
            for (const auto& [key, value] : life.alerts->records) CHECK(value == std::string(100, 'v'));
            const bool is_whole = life.alerts->records.size() == 100;
            CHECK((is_whole || !set_aside(disk).empty()));
            CHECK(set_aside(disk).empty() == (life.log.count(LogLevel::Error) == 0));
            CHECK(set_aside(disk).empty() == (life.figure("tocsin_state_damage_total") == 0));
            if (!is_whole && !life.alerts->records.empty()) ++kept_in_part;
            life.alerts->put("new", "x");
            life.settle();
        }
        // The next start finds nothing to complain of.
        Life life(disk);
        CHECK(life.log.count(LogLevel::Error) == 0);
        CHECK(life.alerts->records.count("new") == 1);
    }
    CHECK(kept_in_part > 10);
}

TEST_CASE("what is no database at all is set aside", "[daemon][state]") {
    const auto content = GENERATE(as<std::string>{}, "this is not a database", "", std::string(8192, '\0'),
                                  "SQLite format 3\0 and then nothing that makes sense");
    fakes::FakeDisk disk{"/data"};
    disk.put(kPath, content);
    {
        Life life(disk);
        REQUIRE(life.opened);
        CHECK(life.database.durable());
        life.alerts->put("a", "1");
        life.settle();
    }
    Life life(disk);
    CHECK(life.alerts->records == Records{{"a", "1"}});
    for (const std::string& aside : set_aside(disk)) CHECK(disk.content(aside) == content);
}

TEST_CASE("a database of a later version is refused and left alone", "[daemon][state]") {
    fakes::FakeDisk disk{"/data"};
    fill(disk, 3);
    {
        auto database = Database::open(disk, kPath);
        REQUIRE(database);
        REQUIRE(database->set_user_version(StateFile::kVersion + 1));
    }
    const auto before = disk.content(kPath);
    Life life(disk);
    REQUIRE_FALSE(life.opened);
    CHECK_THAT(life.opened.error().message,
               Catch::Contains("written by a later tocsin: its schema is 2, expected at most 1"));
    CHECK(disk.content(kPath) == before);
}

TEST_CASE("a file that could not be read at start is not overwritten later", "[daemon][state]") {
    fakes::FakeDisk disk{"/data"};
    fill(disk, 3);
    disk.fail_next(fakes::FakeDisk::Operation::Read, kPath, "input/output error");
    {
        Life life(disk);
        REQUIRE(life.opened);
        CHECK_FALSE(life.database.durable());
        CHECK(life.alerts->records.empty());
        life.alerts->put("a", "1");
        life.scheduler.advance(10s);
        CHECK(life.database.durable());
    }
    CHECK(set_aside(disk).size() == 1);
    Life life(disk);
    CHECK(life.alerts->records == Records{{"a", "1"}});
}

TEST_CASE("a disk that hangs fills no memory: everything is written instead of what was missed", "[daemon][state]") {
    fakes::FakeDisk disk{"/data"};
    Records expected;
    {
        Life life(disk);
        for (int i = 0; i < 12'000; ++i) life.alerts->put(fmt::format("key {}", i % 50), std::to_string(i));
        bool durable = false;
        life.database.when_durable([&](const Status& status) { durable = status.has_value(); });
        life.settle();
        CHECK(durable);
        CHECK(life.figure("tocsin_state_commits_total") == 1);
        expected = life.alerts->records;
    }
    Life life(disk);
    CHECK(life.alerts->records == expected);
}

TEST_CASE("a disk that hangs is told once, until the transaction that hung has ended", "[daemon][state]") {
    constexpr auto kTold = "the disk is too slow for the state: what changes is in memory only until it is written";
    fakes::FakeDisk disk{"/data"};
    Life life(disk);
    const auto told = [&life](std::string_view text) {
        return std::ranges::count(life.log.messages(), text, &fakes::RecordingLog::Message::message);
    };
    const auto gauge = [&life] { return life.metrics.gauge("tocsin_state_durable", "").get(); };
    int changes = 0;
    life.database.on_change([&] { ++changes; });
    life.thread.hang();
    life.alerts->put("a", "1");
    life.scheduler.advance(9s);
    CHECK(life.database.durable());
    for (int i = 0; i < 15; ++i) {
        life.alerts->put("a", std::to_string(i));
        life.scheduler.advance(1s);
    }
    CHECK_FALSE(life.database.durable());
    CHECK(gauge() == 0);
    CHECK(changes == 1);
    CHECK(told(kTold) == 1);
    life.thread.go_on();
    life.settle();
    CHECK(life.database.durable());
    CHECK(gauge() == 1);
    CHECK(changes == 2);
    CHECK(told("state is written again") == 1);
    life.scheduler.advance(1h);
    CHECK(told(kTold) == 1);
    CHECK(life.figure("tocsin_state_commits_total") == 2);
}

TEST_CASE("what waits for a disk that hangs goes on after ten seconds, and what comes then does not wait",
          "[daemon][state]") {
    fakes::FakeDisk disk{"/data"};
    Records expected;
    {
        Life life(disk);
        std::string answers;
        const auto ask = [&] { life.database.when_durable([&](const Status& status) { answers += status ? '+' : '-'; }); };
        SECTION("while all was well") {
            life.thread.hang();
        }
        SECTION("while it tries again") {
            disk.fail_next(fakes::FakeDisk::Operation::Sync, "", "input/output error");
            life.alerts->put("z", "1");
            life.settle();
            life.thread.hang();
            life.scheduler.advance(10s);  // the next try has begun
        }
        life.alerts->put("a", "1");
        ask();
        life.alerts->put("b", "2");
        ask();
        life.scheduler.advance(9s);
        CHECK(answers.empty());
        life.scheduler.advance(1s);
        CHECK(answers == "--");
        ask();
        life.settle();
        CHECK(answers == "---");
        life.thread.go_on();
        life.settle();
        CHECK(answers == "---");
        ask();
        life.settle();
        CHECK(answers == "---+");
        expected = life.alerts->records;
    }
    disk.power_cut();
    CHECK(Life(disk).alerts->records == expected);
}

TEST_CASE("a transaction that hangs and then fails is one that failed", "[daemon][state]") {
    fakes::FakeDisk disk{"/data"};
    Life life(disk);
    life.thread.hang();
    life.alerts->put("a", "1");
    life.scheduler.advance(20s);
    disk.fail_next(fakes::FakeDisk::Operation::Sync, "", "input/output error");
    life.thread.go_on();
    life.settle();
    CHECK_FALSE(life.database.durable());
    life.scheduler.advance(11s);
    CHECK(life.database.durable());
    CHECK(life.metrics.gauge("tocsin_state_durable", "").get() == 1);
}

TEST_CASE("who waits for a disk that hangs is answered after ten seconds, and then at once", "[daemon][state]") {
    fakes::FakeDisk disk{"/data"};
    Life life(disk);
    std::vector<bool> answers;
    const auto wait = [&] {
        life.database.when_durable([&](const Status& status) { answers.push_back(bool(status)); });
    };
    life.thread.hang();
    life.alerts->put("a", "1");
    life.settle();
    wait();  // for the transaction that hangs
    life.alerts->put("a", "2");
    wait();  // for the next one
    life.scheduler.advance(9s);
    CHECK(answers.empty());
    life.scheduler.advance(2s);
    CHECK(answers == std::vector<bool>{false, false});
    wait();
    CHECK(answers.size() == 2);
    life.settle();
    CHECK(answers == std::vector<bool>{false, false, false});
    life.thread.go_on();
    life.settle();
    wait();
    life.settle();
    CHECK(answers.back());
    CHECK(answers.size() == 4);
}

TEST_CASE("who waits for two slow transactions is answered after ten seconds too", "[daemon][state]") {
    fakes::FakeDisk disk{"/data"};
    Life life(disk);
    std::string answers;
    const auto wait = [&](char name) {
        life.database.when_durable([&, name](const Status& status) {
            answers += name;
            answers += status ? '+' : '-';
        });
    };
    const auto next_transaction = [&life] {
        life.thread.go_on();
        life.thread.hang();
        life.settle();
    };
    life.thread.hang();
    life.alerts->put("a", "1");
    wait('a');
    life.settle();
    life.scheduler.advance(1s);
    life.alerts->put("a", "2");
    wait('b');  // for the second transaction
    life.scheduler.advance(5s);
    wait('c');
    life.scheduler.advance(3s);
    next_transaction();
    CHECK(answers == "a+");
    life.scheduler.advance(1s);
    CHECK(answers == "a+");
    life.scheduler.advance(1s);
    CHECK(answers == "a+b-");
    CHECK(life.database.durable());  // neither of them is late
    life.scheduler.advance(4s);
    CHECK(answers == "a+b-");
    life.scheduler.advance(1s);
    CHECK(answers == "a+b-c-");
    life.scheduler.advance(2s);
    next_transaction();
    life.alerts->put("a", "3");
    wait('d');
    life.settle();
    life.thread.go_on();
    life.settle();
    CHECK(answers == "a+b-c-d+");
    life.scheduler.advance(1h);
    CHECK(answers == "a+b-c-d+");
}
