#pragma once

#include <atomic>
#include <cstdlib>
#include <new>

// Counts what the whole program allocates; only differences are worth a look. To be included in one file of a program,
// since it replaces the allocation functions: all that stand beside each other, so that a sanitizer sees pairs.

namespace tocsin::fakes {

inline std::atomic<std::size_t> allocations{0};

inline void* allocate(std::size_t size) noexcept {
    ++allocations;
    return std::malloc(size == 0 ? 1 : size);
}

inline void* allocate_or_throw(std::size_t size) {
    if (void* memory = allocate(size)) return memory;
    throw std::bad_alloc();
}

}  // namespace tocsin::fakes

void* operator new(std::size_t size) {
    return tocsin::fakes::allocate_or_throw(size);
}
void* operator new[](std::size_t size) {
    return tocsin::fakes::allocate_or_throw(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return tocsin::fakes::allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return tocsin::fakes::allocate(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
    std::free(memory);
}
