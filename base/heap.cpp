#include "base/heap.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

#include <malloc.h>
#include <sys/mman.h>

namespace tocsin {
namespace {

constexpr std::size_t kMegabyte = 1024 * 1024;
constexpr std::size_t kLargePage = 2 * kMegabyte;
// What glibc comes to by itself once a large block was freed: the longest that is taken from the heap, and how much at
// the end of the heap may be free before it goes back.
constexpr int kHeapBlockMax = 32 * kMegabyte;
constexpr int kFreeEndMax = 2 * kHeapBlockMax;
constexpr int kFreeEndWhileGrowing = 1024 * kMegabyte;
constexpr std::size_t kBlock = 28 * kMegabyte;

}  // namespace

std::size_t unused_heap_bytes() {
    return mallinfo2().fordblks;
}

void return_unused_heap() {
    malloc_trim(0);
}

// Neighbouring blocks at the end of the heap are free memory again before anything is written to them.
HeapGrowth::HeapGrowth() {
    mallopt(M_MMAP_THRESHOLD, kHeapBlockMax);
    mallopt(M_TRIM_THRESHOLD, kFreeEndWhileGrowing);
    std::array<char*, 8> blocks{};
    for (char*& block : blocks) block = static_cast<char*>(std::malloc(kBlock));
    const auto [first, last] = std::ranges::minmax(blocks);
    const auto bytes = static_cast<std::size_t>(last - first) + kBlock;
    if (first != nullptr && bytes < (blocks.size() + 1) * kBlock) use_large_pages(first, bytes);
    for (char* const block : blocks) std::free(block);
}

void HeapGrowth::use_large_pages(char* begin, std::size_t bytes) {
    const std::size_t to_boundary = (kLargePage - reinterpret_cast<std::uintptr_t>(begin) % kLargePage) % kLargePage;
    begin_ = begin + to_boundary;
    bytes_ = (bytes - to_boundary) / kLargePage * kLargePage;
    madvise(begin_, bytes_, MADV_HUGEPAGE);
}

HeapGrowth::~HeapGrowth() {
    if (begin_ != nullptr) madvise(begin_, bytes_, MADV_NOHUGEPAGE);
    mallopt(M_TRIM_THRESHOLD, kFreeEndMax);
}

}  // namespace tocsin
