#include "daemon/heap_keeper.h"

#include "base/heap.h"

namespace tocsin {
namespace {

constexpr std::chrono::minutes kLookEvery{1};

// What a reload, a query or the first scrapes leave behind.
constexpr std::size_t kMuchBytes = 64 * 1024 * 1024;
// Up to this, scrapes use it again and again. What they leave between them is returned at every tenth look only: each
// page that comes back is a fault in the middle of a scrape.
constexpr std::size_t kWorthwhileBytes = 8 * 1024 * 1024;
constexpr unsigned kLooksBetween = 10;

}  // namespace

void HeapKeeper::start() {
    timer_ = scheduler_.after(kLookEvery, [this] {
        const std::size_t least = looks_ % kLooksBetween == 0 ? kWorthwhileBytes : kMuchBytes;
        ++looks_;
        executor_.run(
            [least] {
                if (unused_heap_bytes() >= least) return_unused_heap();
            },
            [] {});
        start();
    });
}

}  // namespace tocsin
