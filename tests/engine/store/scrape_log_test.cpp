#include "engine/store/scrape_log.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/crc32c.h"
#include "base/sample.h"
#include "base/text.h"
#include "base/virtual_scheduler.h"
#include "engine/store/scrape_log_format.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/hanging_executor.h"
#include "tests/fakes/recording_log.h"

using namespace tocsin;
using namespace std::chrono_literals;

namespace {

const ScrapeOwner kOwner{{{"instance", "a:1"}, {"job", "j"}}, 7};

LabelSet series(int number) {
    return {{"__name__", "x"}, {"instance", "a:1"}, {"job", "j"}, {"n", std::to_string(number)}};
}

/// Samples as a rule would see them: series, time, value.
using Samples = std::map<std::string, std::map<Timestamp, std::string>>;

std::string shown(double value) {
    return is_stale(value) ? "stale" : format_value(value);
}

Samples samples_of(const std::vector<RecoveredTarget>& targets) {
    Samples all;
    for (const RecoveredTarget& target : targets) {
        for (const RecoveredTimeline& timeline : target.timelines) {
            for (const RecoveredTimeline::Row& row : timeline.rows) {
                for (std::size_t i = 0; i < row.cells.size(); ++i) {
                    if (is_absent(row.cells[i])) continue;
                    all[to_string(timeline.series[i])][row.time] = shown(row.cells[i]);
                }
            }
        }
    }
    return all;
}

/// A store whose one timeline is written to a log, on virtual time.
struct Rig {
    explicit Rig(ScrapeLogOptions its_options = {}, StoreOptions kept = {.keep_all = true, .retention = 10min})
        : store(kept), options(its_options) {
        scheduler.advance_to(from_unix_ms(1'000'000));
        start();
    }

    void start() {
        log = std::make_unique<ScrapeLog>(ScrapeLog::Context{scheduler, executor, disk, messages, metrics},
                                          "/data/scrapes", options);
        log->open();
    }

    void add_series(int number) { columns[number] = *store.column_for(timeline, series(number)); }
    /// A row at this moment, then a second passes. Series not named are absent.
    void append(const std::map<int, double>& values, bool columns_changed = false) {
        std::vector<double> cells(store.timeline(timeline).columns(), kAbsentMarker);
        for (const auto& [number, value] : values) {
            cells[columns.at(number)] = value;
            written[to_string(series(number))][scheduler.now()] = shown(value);
        }
        REQUIRE(store.append(timeline, scheduler.now(), cells));
        log->appended(kOwner, timeline, false, 10min, store, columns_changed);
        scheduler.advance(1s);
    }

    Samples read() { return samples_of(recover_scrapes(disk, "/data/scrapes", scheduler.now()).targets); }
    /// What the run before has left.
    Samples left() { return samples_of({{kOwner, log->take_recovered(kOwner)}}); }
    /// The only segment so far.
    std::string bytes() const { return *disk.content("/data/scrapes/00000001.scrapes"); }
    double metric(const std::string& name) { return metrics.counter(name, "").get(); }
    long told(std::string_view text) const {
        return std::ranges::count(messages.messages(), text, &fakes::RecordingLog::Message::message);
    }

    VirtualScheduler scheduler;
    fakes::HangingExecutor executor{scheduler};
    fakes::FakeDisk disk{"/data"};
    fakes::RecordingLog messages;
    SelfMetrics metrics;
    Store store;
    TimelineId timeline = store.create_timeline();
    std::map<int, ColumnIndex> columns;
    Samples written;
    ScrapeLogOptions options;
    std::unique_ptr<ScrapeLog> log;
};

/// Twenty rows of series that come, end and have gaps.
void write_twenty_rows(Rig& rig) {
    rig.add_series(1);
    rig.add_series(2);
    for (int i = 0; i < 20; ++i) {
        if (i == 7) rig.add_series(3);
        std::map<int, double> values{{1, 1.0}, {2, i * 0.5}};
        if (i >= 7) values[3] = i % 2 == 0 ? kStaleMarker : -i;
        if (i == 12) values.erase(1);
        rig.append(values, i == 7);
    }
}

}  // namespace

TEST_CASE("CRC-32C is Castagnoli's", "[base][crc32c]") {
    CHECK(crc32c("") == 0);
    CHECK(crc32c("123456789") == 0xe3069283U);
    CHECK(crc32c("56789", crc32c("1234")) == 0xe3069283U);
    CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aaU);
}

TEST_CASE("what was appended is read again", "[engine][store][scrape-log]") {
    Rig rig;
    write_twenty_rows(rig);
    CHECK(rig.read() == rig.written);
    const ScrapeRecovery found = recover_scrapes(rig.disk, "/data/scrapes", rig.scheduler.now());
    CHECK(found.damage.empty());
    CHECK(found.rows == 20);
    REQUIRE(found.targets.size() == 1);
    CHECK(found.targets[0].owner == kOwner);
    CHECK(found.targets[0].timelines[0].reach == Duration(10min));
}

TEST_CASE("values that stay the same take a bit", "[engine][store][scrape-log]") {
    Rig rig;
    for (int i = 0; i < 800; ++i) rig.add_series(i);
    std::map<int, double> values;
    for (int i = 0; i < 800; ++i) values[i] = i;
    rig.append(values);
    const std::size_t before = rig.bytes().size();
    rig.append(values);
    CHECK(rig.bytes().size() - before < 800 / 8 + 64);
    CHECK(rig.read() == rig.written);
}

TEST_CASE("a column that another series takes over keeps the samples apart", "[engine][store][scrape-log]") {
    Rig rig({}, {.keep_all = true});
    rig.add_series(1);
    rig.append({{1, 1}});
    rig.append({{1, kStaleMarker}});
    rig.scheduler.advance(7min);
    rig.store.collect_garbage(rig.scheduler.now());
    rig.add_series(2);
    CHECK(rig.columns[2] == 0);
    rig.append({{2, 2}}, true);
    CHECK(rig.read() == rig.written);
}

TEST_CASE("damage anywhere costs what lies behind it and no more", "[engine][store][scrape-log]") {
    Rig rig;
    write_twenty_rows(rig);
    const std::string whole = rig.bytes();
    // Where each row ends in the file is found by cutting it off there.
    SeededRandom random(20260301);
    int damaged = 0;
    for (int round = 0; round < 500; ++round) {
        std::string bytes = whole;
        const std::size_t at = random.next() % bytes.size();
        const bool truncates = random.next() % 2 == 0;
        if (truncates) {
            bytes.resize(at);
        } else {
            bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1 + random.next() % 255));
        }
        CAPTURE(round, at, truncates);
        rig.disk.put("/data/scrapes/00000001.scrapes", bytes);
        const ScrapeRecovery found = recover_scrapes(rig.disk, "/data/scrapes", rig.scheduler.now());
        rig.disk.put("/data/scrapes/00000001.scrapes", whole.substr(0, at));
        const ScrapeRecovery before = recover_scrapes(rig.disk, "/data/scrapes", rig.scheduler.now());
        REQUIRE(samples_of(found.targets) == samples_of(before.targets));
        REQUIRE(found.rows == before.rows);
        if (!truncates) REQUIRE(found.damage.size() == 1);
        damaged += found.damage.empty() ? 0 : 1;
        for (const auto& [name, values] : samples_of(found.targets)) {
            for (const auto& [time, value] : values) REQUIRE(rig.written.at(name).at(time) == value);
        }
    }
    CHECK(damaged > 450);
}

TEST_CASE("numbers that no log ever wrote are damage", "[engine][store][scrape-log]") {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    struct Case {
        std::int64_t reach, time, step;
        std::size_t damage, targets;
    };
    const auto [reach, time, step, damage, targets] = GENERATE(values<Case>({
        {600'000, 1'000'000, 1000, 0, 1},
        {kMost, 1'000'000, 1000, 1, 0},
        {-1, 1'000'000, 1000, 1, 0},
        {600'000, kMost, 1000, 1, 0},
        {600'000, -kMost, 1000, 1, 0},
        {600'000, 1'000'000, kMost, 1, 1},
    }));
    CAPTURE(reach, time, step);
    std::string file(scrape_log::kMagic);
    scrape_log::put(file, std::uint64_t{1});
    std::size_t begin = scrape_log::begin_frame(file, scrape_log::Kind::Timeline);
    scrape_log::put(file, std::uint32_t{0});
    scrape_log::put(file, std::uint8_t{0});
    scrape_log::put(file, reach);
    scrape_log::put(file, kOwner.place);
    scrape_log::put_labels(file, kOwner.labels);
    scrape_log::end_frame(file, begin, 1);
    begin = scrape_log::begin_frame(file, scrape_log::Kind::Columns);
    scrape_log::put(file, std::uint32_t{0});
    scrape_log::put(file, std::uint32_t{1});
    scrape_log::put(file, std::uint32_t{0});
    scrape_log::put(file, std::uint8_t{1});
    scrape_log::put_labels(file, series(1), kOwner.labels);
    scrape_log::end_frame(file, begin, 2);
    begin = scrape_log::begin_frame(file, scrape_log::Kind::Row);
    scrape_log::put(file, std::uint32_t{0});
    scrape_log::put(file, time);
    scrape_log::put(file, std::uint8_t{0});
    scrape_log::put(file, std::uint32_t{1});
    scrape_log::put(file, std::uint8_t{0});
    scrape_log::put(file, 42.0);
    scrape_log::end_frame(file, begin, 3);
    begin = scrape_log::begin_frame(file, scrape_log::Kind::WallStep);
    scrape_log::put(file, step);
    scrape_log::end_frame(file, begin, 4);
    fakes::FakeDisk disk{"/data"};
    disk.put("/data/scrapes/00000001.scrapes", file);
    const ScrapeRecovery found = recover_scrapes(disk, "/data/scrapes", from_unix_ms(1'100'000));
    CHECK(found.damage.size() == damage);
    CHECK(found.targets.size() == targets);
}

TEST_CASE("a restart begins a segment of its own, and both are read", "[engine][store][scrape-log]") {
    Rig rig;
    write_twenty_rows(rig);
    rig.start();
    CHECK(rig.left() == rig.written);
    CHECK(rig.left().empty());
    rig.append({{1, 5}, {2, 6}, {3, 7}});
    CHECK(rig.disk.exists("/data/scrapes/00000002.scrapes"));
    CHECK(rig.read() == rig.written);
}

TEST_CASE("what nobody has asked for within ten minutes is forgotten", "[engine][store][scrape-log]") {
    Rig rig;
    write_twenty_rows(rig);
    rig.start();
    rig.scheduler.advance(10min);
    CHECK(rig.left().empty());
}

TEST_CASE("behind a damaged segment the next one is believed, and the damage is told", "[engine][store][scrape-log]") {
    Rig rig;
    rig.add_series(1);
    rig.append({{1, 1}});
    rig.append({{1, 2}});
    rig.disk.put("/data/scrapes/00000001.scrapes", rig.bytes().substr(0, rig.bytes().size() - 1));
    rig.start();
    rig.append({{1, 3}});
    rig.start();
    CHECK(rig.left().begin()->second.size() == 2);
    CHECK(rig.told("part of the log of scrapes is lost") == 2);
}

TEST_CASE("segments that nobody needs any more go", "[engine][store][scrape-log]") {
    Rig rig({.segment_bytes = 300});
    rig.add_series(1);
    for (int i = 0; i < 100; ++i) rig.append({{1, i}});
    CHECK(rig.disk.files().size() > 4);
    rig.scheduler.advance(12min);
    rig.append({{1, 100}});
    rig.scheduler.advance(1s);
    CHECK(rig.disk.files().size() == 1);
}

TEST_CASE("segments that nobody needs any more make room on a full disk", "[engine][store][scrape-log]") {
    Rig rig({.segment_bytes = 300});
    rig.add_series(1);
    for (int i = 0; i < 100; ++i) rig.append({{1, i}});
    std::size_t bytes = 0;
    for (const std::string& file : rig.disk.files()) bytes += rig.disk.content(file)->size();
    rig.scheduler.advance(12min);
    rig.disk.set_capacity(bytes);
    rig.append({{1, 100}});
    CHECK(rig.log->healthy());
    CHECK(rig.metric("tocsin_scrape_log_failures_total") == 0);
    CHECK(rig.read().begin()->second.rbegin()->second == "100");
}

TEST_CASE("beyond its size the log loses its oldest segments", "[engine][store][scrape-log]") {
    Rig rig({.segment_bytes = 300, .bytes_max = 1500});
    rig.add_series(1);
    for (int i = 0; i < 300; ++i) rig.append({{1, i}});
    std::size_t bytes = 0;
    for (const std::string& file : rig.disk.files()) bytes += rig.disk.content(file)->size();
    CHECK(bytes < 2500);
    CHECK(rig.read().begin()->second.rbegin()->second == "299");
}

TEST_CASE("a disk that refuses is told once, and written again when it takes more", "[engine][store][scrape-log]") {
    Rig rig;
    rig.add_series(1);
    rig.append({{1, 1}});
    SECTION("full") {
        rig.disk.set_capacity(10);
    }
    SECTION("a sync that fails") {
        rig.disk.fail_next(fakes::FakeDisk::Operation::Sync, "", "input/output error");
        rig.scheduler.advance(10s);
    }
    SECTION("read-only") {
        rig.disk.fail_next(fakes::FakeDisk::Operation::Write, "", "read-only file system");
    }
    for (int i = 0; i < 8; ++i) rig.append({{1, 2}});
    CHECK_FALSE(rig.log->healthy());
    CHECK(rig.metric("tocsin_scrape_log_rows_left_out_total") > 0);
    rig.disk.set_capacity(std::numeric_limits<std::uint64_t>::max());
    rig.scheduler.advance(31s);
    CHECK(rig.log->healthy());
    rig.append({{1, 3}});
    CHECK(rig.read().begin()->second.rbegin()->second == "3");
    CHECK(rig.told("the log of scrapes cannot be written, a restart now would lose what was scraped") == 1);
    CHECK(rig.told("the log of scrapes is written again") == 1);
}

TEST_CASE("a disk that hangs is told once, until the write that hung has ended", "[engine][store][scrape-log]") {
    constexpr auto kTold = "the disk is too slow for the log of scrapes, a restart now would lose what was scraped";
    Rig rig({.waiting_bytes_max = 100'000});
    const auto gauge = [&rig] { return rig.metrics.gauge("tocsin_scrape_log_healthy", "").get(); };
    rig.add_series(1);
    rig.append({{1, 1}});
    rig.executor.hang();
    for (int i = 0; i < 9; ++i) rig.append({{1, 2}});
    CHECK(rig.log->healthy());
    for (int i = 0; i < 12; ++i) rig.append({{1, 2}});
    CHECK_FALSE(rig.log->healthy());
    CHECK(gauge() == 0);
    CHECK(rig.told(kTold) == 1);
    rig.executor.go_on();
    rig.append({{1, 3}});
    CHECK(rig.log->healthy());
    CHECK(gauge() == 1);
    CHECK(rig.told("the log of scrapes is written again") == 1);
    CHECK(rig.read() == rig.written);
    rig.scheduler.advance(1h);
    CHECK(rig.told(kTold) == 1);
}

TEST_CASE("who waits for a disk that hangs is told after the patience of a write", "[engine][store][scrape-log]") {
    Rig rig;
    rig.add_series(1);
    rig.append({{1, 1}});
    rig.executor.hang();
    rig.append({{1, 2}});
    int told = 0;
    const auto wait = [&] { rig.log->when_written([&told] { ++told; }); };
    wait();
    rig.scheduler.advance(8s);
    CHECK(told == 0);
    rig.scheduler.advance(2s);
    CHECK(told == 1);
    wait();
    CHECK(told == 2);
    rig.executor.go_on();
    rig.scheduler.settle();
    rig.executor.hang();
    rig.append({{1, 3}});
    wait();
    CHECK(told == 2);
    rig.executor.go_on();
    rig.scheduler.settle();
    CHECK(told == 3);
    CHECK(rig.read() == rig.written);
}

TEST_CASE("a disk that refuses is tried again on the thread of the log, and its file closed there",
          "[engine][store][scrape-log]") {
    Rig rig;
    rig.add_series(1);
    rig.append({{1, 1}});
    rig.executor.hang();
    rig.append({{1, 2}});
    rig.disk.fail_next(fakes::FakeDisk::Operation::Write, "", "input/output error");
    rig.executor.go_on();
    rig.executor.hang();
    rig.disk.take_touched();
    rig.scheduler.settle();
    REQUIRE(rig.told("the log of scrapes cannot be written, a restart now would lose what was scraped") == 1);
    rig.scheduler.advance(1min);
    CHECK(rig.disk.take_touched() == std::set<std::string>{});
    rig.executor.go_on();
    rig.append({{1, 3}});
    CHECK(rig.log->healthy());
    CHECK(rig.disk.take_touched().contains("/data/scrapes"));
}

TEST_CASE("rows that are left out since the disk is slow are told at once", "[engine][store][scrape-log]") {
    Rig rig({.waiting_bytes_max = 100});
    rig.add_series(1);
    rig.append({{1, 1}});
    rig.executor.hang();
    for (int i = 0; i < 5; ++i) rig.append({{1, i * 0.1}});
    CHECK(rig.metric("tocsin_scrape_log_rows_left_out_total") > 0);
    CHECK_FALSE(rig.log->healthy());
    rig.executor.go_on();
    rig.scheduler.settle();
    CHECK(rig.log->healthy());
    rig.append({{1, 3}});
    CHECK(rig.read().begin()->second.rbegin()->second == "3");
}

TEST_CASE("the past moves along when the wall clock is set", "[engine][store][scrape-log]") {
    Rig rig;
    rig.add_series(1);
    rig.append({{1, 1}});
    rig.log->move_time(2s);
    rig.store.timeline(rig.timeline).move_time(2s);
    rig.scheduler.advance(2s);
    rig.append({{1, 2}});
    const auto values = rig.read().begin()->second;
    REQUIRE(values.size() == 2);
    CHECK(values.rbegin()->first - values.begin()->first == Duration(1s));
}

TEST_CASE("rows out of reach and rows of the future are left alone", "[engine][store][scrape-log]") {
    Rig rig;
    rig.add_series(1);
    rig.append({{1, 1}});
    rig.scheduler.advance(5min);
    rig.append({{1, 2}});
    CHECK(samples_of(recover_scrapes(rig.disk, "/data/scrapes", rig.scheduler.now() + 6min).targets)
              .begin()
              ->second.size() == 1);
    CHECK(samples_of(recover_scrapes(rig.disk, "/data/scrapes", rig.scheduler.now() - 4min).targets)
              .begin()
              ->second.size() == 1);
    CHECK(recover_scrapes(rig.disk, "/data/scrapes", rig.scheduler.now() + 1h).targets.empty());
}
