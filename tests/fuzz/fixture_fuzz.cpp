#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/sample.h"
#include "engine/store/fixture.h"
#include "engine/store/fixture_feed.h"
#include "tests/fakes/fake_disk.h"

using namespace tocsin;

namespace {

constexpr auto kPath = "/f.om";
constexpr Duration kForEver = std::chrono::hours(24 * 365 * 400);

using Samples = std::map<LabelSet, std::vector<std::pair<Timestamp, std::uint64_t>>>;

/// What the store holds, without the marks of ends: whether a series is scraped or has times of its own is known of a
/// whole fixture from the start, and of a stream when it comes to the first such time.
Samples samples_of(const Store& store) {
    Samples samples;
    store.for_each_series({}, [&](const LabelSet& labels, const Timeline& timeline, ColumnIndex column) {
        for (std::size_t row = 0; row < timeline.rows(); ++row) {
            const double cell = timeline.at(row, column);
            if (!is_missing(cell)) samples[labels].emplace_back(timeline.time(row), std::bit_cast<std::uint64_t>(cell));
        }
        return true;
    });
    return samples;
}

StoreOptions keep_all() {
    return {.keep_all = true, .retention = kForEver};
}

/// Read while it is played, in steps, as a replay does it.
bool stream(Disk& disk, const FixtureSurvey& survey, Store& store) {
    const auto feed = open_fixture_feed(disk, kPath, survey, store);
    if (!feed) return false;
    for (int step = 0; step < 3; ++step) {
        const auto next = (*feed)->next();
        if (!next) return false;
        if (!*next) break;
        if (!(*feed)->play(**next)) return false;
    }
    if (!(*feed)->play(Timestamp::max() - kForEver)) return false;
    TOCSIN_ASSERT((*feed)->facts().unused.empty());
    return true;
}

/// Read as a whole, then played.
bool read_and_play(Disk& disk, Store& store) {
    std::optional<std::string> cut_off;
    const auto fixture = Fixture::read_what_is_there(disk, kPath, cut_off);
    if (!fixture) return false;
    FixtureColumns columns(store);
    return FixturePlayer(*fixture, columns).play(Timestamp::max() - kForEver).has_value();
}

}  // namespace

// A fixture in the order of time says the same whether it is read piece by piece or as a whole; a cut-off one, too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fakes::FakeDisk disk;
    disk.put(kPath, std::string_view(reinterpret_cast<const char*>(data), size));
    const auto survey = survey_fixture(disk, kPath);
    if (!survey) return 0;
    Store streamed(keep_all()), whole(keep_all());
    const bool is_streamed = stream(disk, *survey, streamed);
    const bool is_read = read_and_play(disk, whole);
    if (survey->first_out_of_order || !is_streamed || !is_read) return 0;
    TOCSIN_ASSERT(samples_of(streamed) == samples_of(whole));
    return 0;
}
