#include "rules/group_timeline.h"

#include <map>
#include <memory>
#include <string>

#include "base/sample.h"
#include "base/text.h"
#include "base/virtual_scheduler.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/recording_log.h"

namespace tocsin {
namespace {

using namespace std::chrono_literals;

const ScrapeOwner kGroup{LabelSet{{"__rule_group__", "rules.yml;heat"}}, 0};

LabelSet room(const std::string& name) {
    return {{"__name__", "heat:max"}, {"room", name}};
}

/// The timeline of one group on a disk that outlasts it.
struct Rig {
    explicit Rig(Timestamp now = from_unix_ms(1'000'000)) {
        scheduler.advance_to(now);
        start();
    }

    void start() {
        timeline.reset();
        log = std::make_unique<ScrapeLog>(ScrapeLog::Context{scheduler, executor, disk, messages, metrics}, "/scrapes");
        log->open();
        store = std::make_unique<Store>(StoreOptions{.keep_all = true, .retention = retention});
        timeline = std::make_unique<GroupTimeline>(*store, log.get(), kGroup);
    }

    /// A cycle in which the rules find this, by room; then a minute passes.
    void cycle(const std::map<std::string, double>& found) {
        timeline->begin(scheduler.now());
        for (const auto& [name, value] : found) timeline->write(timeline->column_for(room(name)).value(), value);
        timeline->end();
        scheduler.advance(1min);
    }

    /// Minute by minute: `1 2 - stale`.
    std::string samples(const std::string& name) const {
        const auto column = store->find_column(timeline->id(), room(name));
        if (!column) return "no series";
        const Timeline& rows = store->timeline(timeline->id());
        std::string all;
        for (std::size_t row = 0; row < rows.rows(); ++row) {
            const double cell = rows.at(row, *column);
            all += (row == 0 ? "" : " ") + (is_absent(cell) ? "-" : is_stale(cell) ? "stale" : format_value(cell));
        }
        return all;
    }

    Duration retention = 30min;
    VirtualScheduler scheduler;
    VirtualExecutor executor{scheduler, 0};
    fakes::FakeDisk disk{"/scrapes"};
    fakes::RecordingLog messages;
    SelfMetrics metrics;
    std::unique_ptr<ScrapeLog> log;
    std::unique_ptr<Store> store;
    std::unique_ptr<GroupTimeline> timeline;
};

}  // namespace

TEST_CASE("after a restart a group goes on with the rows that it had", "[rules][group-timeline]") {
    Rig rig;
    rig.cycle({{"hall", 1}});
    rig.cycle({{"hall", 2}, {"attic", 20}});
    rig.start();
    CHECK(rig.samples("hall") == "1 2");
    rig.cycle({{"hall", 3}, {"attic", 30}, {"cellar", 5}});
    CHECK(rig.samples("hall") == "1 2 3");
    CHECK(rig.samples("attic") == "- 20 30");
    CHECK(rig.samples("cellar") == "- - 5");
}

TEST_CASE("what the rules do not write again after a restart ends", "[rules][group-timeline]") {
    Rig rig;
    rig.cycle({{"hall", 1}, {"attic", 10}});
    rig.start();
    rig.cycle({{"hall", 2}});
    CHECK(rig.samples("attic") == "10 stale");
    rig.start();
    rig.cycle({{"hall", 3}});
    CHECK(rig.samples("attic") == "10 stale -");
}

TEST_CASE("rows survive a change of how far back rules look", "[rules][group-timeline]") {
    Rig rig;
    rig.cycle({{"hall", 1}, {"attic", 10}});
    rig.retention = 60min;
    rig.start();
    rig.cycle({{"hall", 2}});
    rig.start();
    CHECK(rig.samples("hall") == "1 2");
    CHECK(rig.samples("attic") == "10 stale");
}

}  // namespace tocsin
