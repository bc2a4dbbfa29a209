#pragma once

#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace tocsin {

/// For hash maps of this process and caches; not for identities that leave it.
inline std::uint64_t hash_bytes(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

/// The same where the bytes are somebody else's, who must not be able to make two of them collide: `seed` is drawn by chance.
inline std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

/// xxHash64 with seed 0: the hash of Alertmanager's notification log.
inline std::uint64_t xxhash64(std::string_view bytes) { return XXH64(bytes.data(), bytes.size(), 0); }

}  // namespace tocsin
