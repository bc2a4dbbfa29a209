#pragma once

#include <cstddef>

namespace tocsin {

/// Bytes that the allocator holds and nobody uses. Any thread; takes some microseconds.
std::size_t unused_heap_bytes();

/// Gives the whole pages among them back to the system. Any thread, which it may keep for some milliseconds a gigabyte;
/// others that allocate meanwhile may wait as long.
void return_unused_heap();

}  // namespace tocsin
