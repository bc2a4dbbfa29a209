#include "base/heap.h"

#include <malloc.h>

namespace tocsin {

std::size_t unused_heap_bytes() {
    return mallinfo2().fordblks;
}

void return_unused_heap() {
    malloc_trim(0);
}

}  // namespace tocsin
