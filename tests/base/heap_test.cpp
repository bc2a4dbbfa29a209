#include "base/heap.h"

#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include <unistd.h>

#include "tests/catch.h"

namespace tocsin {
namespace {

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t all = 0;
    std::size_t resident = 0;
    statm >> all >> resident;
    return resident * static_cast<std::size_t>(getpagesize());
}

// A sanitizer's allocator has no such figures, and takes memory of its own for each block.
bool is_heap_of_glibc() {
    return unused_heap_bytes() > 0;
}

}  // namespace

TEST_CASE("what was freed between what is in use is unused, and goes back to the system", "[base][heap]") {
    constexpr std::size_t kPieces = 4096;
    constexpr std::size_t kBytes = 16 * 1024;
    std::vector<std::unique_ptr<char[]>> pieces;
    for (std::size_t i = 0; i < kPieces; ++i) {
        pieces.push_back(std::make_unique<char[]>(kBytes));
        std::memset(pieces.back().get(), 1, kBytes);
    }
    const std::size_t unused = unused_heap_bytes();
    for (std::size_t i = 0; i < kPieces; i += 2) pieces[i].reset();
    if (!is_heap_of_glibc()) {
        SUCCEED("not told");
        return;
    }
    CHECK(unused_heap_bytes() >= unused + kPieces / 2 * kBytes);
    const std::size_t resident = resident_bytes();
    return_unused_heap();
    // Whole pages only: three of four here.
    CHECK(resident_bytes() < resident - kPieces / 2 * kBytes / 2);
}

TEST_CASE("a heap that is about to grow is as it was, but for its pages", "[base][heap]") {
    const std::size_t resident = resident_bytes();
    std::vector<std::unique_ptr<char[]>> pieces;
    {
        const HeapGrowth growth;
        CHECK((resident_bytes() < resident + 8 * 1024 * 1024 || !is_heap_of_glibc()));
        for (std::size_t i = 0; i < 1000; ++i) {
            pieces.push_back(std::make_unique<char[]>(32 * 1024));
            std::memset(pieces.back().get(), static_cast<int>(i % 100), 32 * 1024);
        }
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        CHECK(pieces[i][32 * 1024 - 1] == static_cast<char>(i % 100));
    }
}

}  // namespace tocsin
