#pragma once

namespace tocsin {

/// Called by TOCSIN_ASSERT. Prints where and what, and aborts: an invariant of our own is broken and nothing that this
/// process would say from here on can be trusted.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace tocsin

/// For mistakes of the programmer only, never for input. Stays on in every build.
#define TOCSIN_ASSERT(condition) \
    ((condition) ? static_cast<void>(0) : ::tocsin::assertion_failed(#condition, __FILE__, __LINE__))
