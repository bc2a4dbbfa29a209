#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace tocsin {

void assertion_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, condition);
    std::abort();
}

}  // namespace tocsin
