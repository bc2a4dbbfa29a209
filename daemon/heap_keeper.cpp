#include "daemon/heap_keeper.h"

#include "base/heap.h"

namespace tocsin {
namespace {

constexpr std::chrono::minutes kLookEvery{1};

// Less is used again by the next scrapes.
constexpr std::size_t kWorthwhileBytes = 32 * 1024 * 1024;

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
