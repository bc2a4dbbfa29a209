#pragma once

namespace tocsin::tests {

/// How often a test of chances is repeated: `wanted`, and a tenth of it under the thread sanitizer, which makes each
/// round a hundred times slower and looks for something else.
constexpr int rounds(int wanted) {
#ifdef __SANITIZE_THREAD__
    return wanted / 10;
#else
    return wanted;
#endif
}

}  // namespace tocsin::tests
