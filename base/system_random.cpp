#include "base/system_random.h"

#include <cerrno>

#include <sys/random.h>

#include "base/assert.h"

namespace tocsin {

std::uint64_t SystemRandom::next() {
    if (left_ == 0) {
        ssize_t got = -1;
        do {
            got = getrandom(numbers_.data(), sizeof numbers_, 0);
        } while (got < 0 && errno == EINTR);
        // Requests of up to 256 bytes are answered whole once the kernel's pool is ready (getrandom(2)).
        TOCSIN_ASSERT(got == static_cast<ssize_t>(sizeof numbers_));
        left_ = numbers_.size();
    }
    return numbers_[--left_];
}

}  // namespace tocsin
