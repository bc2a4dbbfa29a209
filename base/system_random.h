#pragma once

#include <array>
#include <cstddef>

#include "base/random.h"

namespace tocsin {

/// The kernel's random numbers: nobody can guess them, so they are good for salts and tokens too.
class SystemRandom final : public Random {
public:
    std::uint64_t next() override;

private:
    std::array<std::uint64_t, 32> numbers_{};  // asked for many at a time: a system call each would be slow
    std::size_t left_ = 0;
};

}  // namespace tocsin
