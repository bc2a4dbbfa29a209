#pragma once

#include <cstdint>
#include <cstring>

#include "engine/eval/frame.h"

namespace tocsin {

/// The first row from `from` on that is in the result; result.size() when there is none. Of most rules nearly no row
/// is, so eight are skipped at a time.
///
///     for (auto row = next_present(result, 0); row < result.size(); row = next_present(result, row + 1)) { … }
inline std::size_t next_present(const InstantVector& result, std::size_t from) {
    const std::uint8_t* present = result.present.data();
    const std::size_t size = result.size();
    std::uint64_t eight = 0;
    while (from + sizeof eight <= size) {
        std::memcpy(&eight, present + from, sizeof eight);
        if (eight != 0) break;
        from += sizeof eight;
    }
    while (from < size && present[from] == 0) ++from;
    return from;
}

inline std::size_t count_present(const InstantVector& result) {
    std::size_t count = 0;
    for (const std::uint8_t present : result.present) count += present != 0 ? 1U : 0U;
    return count;
}

}  // namespace tocsin
