#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "engine/store/scrape_log_format.h"
#include "engine/store/scrape_recovery.h"
#include "tests/fakes/fake_disk.h"

using namespace tocsin;

namespace {

constexpr Timestamp kNow = from_unix_ms(1'000'000'000);
constexpr std::uint32_t kColumnsMax = 256;

/// Payloads, each behind a byte with its length, as frames whose checksums are right: otherwise nothing gets past them.
std::string with_frames(std::string_view input) {
    std::string file(scrape_log::kMagic);
    scrape_log::put(file, std::uint64_t{1});
    for (std::uint64_t sequence = 1; !input.empty(); ++sequence) {
        const std::size_t length = std::min<std::size_t>(static_cast<unsigned char>(input[0]), input.size() - 1);
        const std::string_view payload = input.substr(1, length);
        input.remove_prefix(1 + length);
        if (payload.empty()) continue;
        const auto kind = static_cast<scrape_log::Kind>(payload[0]);
        const std::size_t begin = scrape_log::begin_frame(file, kind);
        file += payload.substr(1);
        scrape_log::end_frame(file, begin, sequence);
    }
    return file;
}

void check(const RecoveredTarget& target) {
    std::set<LabelSet> seen;
    for (const RecoveredTimeline& timeline : target.timelines) {
        for (const LabelSet& series : timeline.series) TOCSIN_ASSERT(seen.insert(series).second);
        Timestamp before = Timestamp::min();
        for (const RecoveredTimeline::Row& row : timeline.rows) {
            TOCSIN_ASSERT(row.time > before && row.time <= kNow);
            TOCSIN_ASSERT(row.cells.size() <= timeline.series.size());
            before = row.time;
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    fakes::FakeDisk disk{"/scrapes"};
    const bool framed = data[0] % 8 != 0;
    disk.put("/scrapes/00000001.scrapes", framed ? with_frames(input.substr(1)) : std::string(input.substr(1)));
    const ScrapeRecovery found = recover_scrapes(disk, "/scrapes", kNow, kColumnsMax);
    Store store({.keep_all = true, .retention = std::chrono::hours(24 * 365)});
    for (const RecoveredTarget& target : found.targets) {
        check(target);
        append_recovered(target.timelines, store, store.create_timeline());
    }
    return 0;
}
