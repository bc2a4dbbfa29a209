#include "daemon/heap_keeper.h"

#include "base/heap.h"

namespace tocsin {
namespace {

constexpr std::chrono::minutes kLookEvery{1};

// Less is used again by the next scrapes, which hold as much at a time.
constexpr std::size_t kWorthwhileBytes = 8 * 1024 * 1024;

void return_what_is_much() {
    if (unused_heap_bytes() >= kWorthwhileBytes) return_unused_heap();
}

}  // namespace

void HeapKeeper::start() {
    timer_ = scheduler_.after(kLookEvery, [this] {
        executor_.run(return_what_is_much, [] {});
        start();
    });
}

}  // namespace tocsin
