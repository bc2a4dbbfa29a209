#include "base/timed_table.h"

#include <string>
#include <vector>

#include "base/virtual_scheduler.h"
#include "tests/catch.h"
#include "tests/fakes/fake_state_store.h"
#include "tests/fakes/recording_log.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

using Table = TimedTable<std::string>;
using Texts = std::vector<std::string>;

std::string write_text(const std::string& text) {
    return "<" + text + ">";
}
Result<std::string> read_text(const StateRecord& record) {
    const std::string& value = record.value;
    if (!value.starts_with('<')) return fail(Error::Kind::InvalidInput, "expected <");
    return value.substr(1, value.size() - 2);
}

struct World {
    explicit World(fakes::FakeStateStore::Tables tables = {}, Table::Bounds bounds = {1h, 3})
        : store(clock, std::move(tables)), table(clock, log, {"words", "test", write_text, read_text}, bounds) {
        table.keep_in(store);
    }

    Texts shown() const {
        Texts all;
        table.for_each([&](const std::string& text) {
            all.push_back(text);
            return true;
        });
        return all;
    }
    Texts stored() const {
        Texts all;
        for (const auto& [key, value] : store.tables().at("words")) all.push_back(value);
        return all;
    }

    VirtualScheduler clock{from_unix_ms(1'767'323'045'000)};
    fakes::RecordingLog log;
    fakes::FakeStateStore store;
    Table table;
};

}  // namespace

TEST_CASE("keys as texts are in the order of time, then of numbers", "[base][timed_table]") {
    CHECK(to_string(TimedKey{999, 2}) < to_string(TimedKey{1000, 1}));
    CHECK(to_string(TimedKey{1000, 9}) < to_string(TimedKey{1000, 10}));
    CHECK(parse_timed_key(to_string(TimedKey{1'767'323'045'000, 17})) == TimedKey{1'767'323'045'000, 17});
    for (const auto* bad : {"", "1", "1 ", " 1", "1 x", "x 1", "1 1 1", "1  1"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_timed_key(bad));
    }
}

TEST_CASE("what is saved is there after a restart, the latest first", "[base][timed_table]") {
    World before;
    before.table.add(before.clock.now() + 1s, "later");
    before.table.add(before.clock.now(), "first");
    before.table.add(before.clock.now(), "second");
    CHECK(before.shown() == Texts{"later", "second", "first"});
    CHECK(before.stored().empty());
    before.table.save();
    World after(before.store.tables());
    CHECK(after.shown() == before.shown());
    // Numbers go on behind those that are there.
    after.table.add(after.clock.now(), "third");
    CHECK(after.shown() == Texts{"later", "third", "second", "first"});
}

TEST_CASE("a record that has changed is written again", "[base][timed_table]") {
    World world;
    const TimedKey key = world.table.add(world.clock.now(), "one");
    world.table.save();
    *world.table.find(key) = "two";
    world.table.save();
    CHECK(world.stored() == Texts{"<one>"});
    world.table.changed(key);
    world.table.save();
    CHECK(world.stored() == Texts{"<two>"});
}

TEST_CASE("beyond the bounds the oldest are forgotten, on the disk too", "[base][timed_table]") {
    World world;
    for (const auto* text : {"a", "b", "c", "d"}) world.table.add(world.clock.now(), text);
    world.table.save();
    CHECK(world.shown() == Texts{"d", "c", "b"});
    CHECK(world.stored() == Texts{"<b>", "<c>", "<d>"});
    world.clock.advance(61min);
    const TimedKey fresh = world.table.add(world.clock.now(), "e");
    world.table.save();
    CHECK(world.stored() == Texts{"<e>"});
    CHECK(world.table.find(fresh) != nullptr);
    world.clock.advance(61min);
    world.table.save();
    CHECK(world.table.size() == 0);
    CHECK(world.stored().empty());
    CHECK(world.table.find(fresh) == nullptr);
}

TEST_CASE("what is too old is not shown, though nothing was saved since", "[base][timed_table]") {
    World world;
    world.table.add(world.clock.now(), "old");
    world.table.add(world.clock.now() + 2min, "young");
    world.table.save();
    world.clock.advance(61min);
    CHECK(world.shown() == Texts{"young"});
}

TEST_CASE("a record that is removed is gone, on the disk too", "[base][timed_table]") {
    World world;
    Texts forgotten;
    world.table.on_forget([&](const TimedKey&, const std::string& text) { forgotten.push_back(text); });
    const TimedKey wrong = world.table.add(world.clock.now(), "wrong");
    world.table.add(world.clock.now(), "right");
    world.table.save();
    world.table.remove(wrong);
    CHECK(world.shown() == Texts{"right"});
    CHECK(forgotten == Texts{"wrong"});
    world.table.save();
    CHECK(world.stored() == Texts{"<right>"});
    world.table.remove(wrong);
    CHECK(forgotten.size() == 1);
}

TEST_CASE("with no record allowed nothing is kept", "[base][timed_table]") {
    World world({}, {1h, 0});
    world.table.add(world.clock.now(), "a");
    world.table.save();
    CHECK(world.table.size() == 0);
    CHECK(world.stored().empty());
}

TEST_CASE("what makes no sense is told and left out", "[base][timed_table]") {
    World world({{"words", {{"x", "<a>"}, {"000001767323045 0000000001", "a"}}}});
    CHECK(world.table.size() == 0);
    CHECK(world.log.count(LogLevel::Error) == 2);
}

TEST_CASE("a disk that is well again gets everything", "[base][timed_table]") {
    World world;
    world.store.fail_with(tl::unexpected(Error{Error::Kind::Unavailable, "full"}));
    world.table.add(world.clock.now(), "a");
    world.table.save();
    CHECK(world.stored().empty());
    world.store.fail_with({});
    CHECK(world.stored() == Texts{"<a>"});
}
