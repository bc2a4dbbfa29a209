#pragma once

#include <cstddef>

namespace tocsin {

/// Bytes that the allocator holds and nobody uses. Any thread; takes some microseconds.
std::size_t unused_heap_bytes();

/// Gives the whole pages among them back to the system. Any thread, which it may keep for some milliseconds a gigabyte;
/// others that allocate meanwhile may wait as long.
void return_unused_heap();

/// While it lives, the heap of the main thread grows in large pages, of which the system gives one in the time that a
/// small one takes: for work that takes tens of megabytes at once, as reading thousands of rules. Whether there are
/// large pages is up to the system; nothing else depends on it. Main thread only, one at a time. From the first one on
/// glibc's limits (the longest block of the heap, how much of its end may be free) are 32 and 64 MB for good, which is
/// what they come to by themselves once a large block was freed.
class HeapGrowth {
public:
    HeapGrowth();
    /// Pages are small again from here on, so that what is freed later goes back page by page.
    ~HeapGrowth();
    HeapGrowth(const HeapGrowth&) = delete;
    HeapGrowth& operator=(const HeapGrowth&) = delete;

private:
    void use_large_pages(char* begin, std::size_t bytes);

    char* begin_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace tocsin
