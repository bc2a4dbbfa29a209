#pragma once

#include <cstdint>
#include <string_view>

namespace tocsin {

/// CRC-32C (Castagnoli) of the bytes; with `before` the one of what stands in front of them.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace tocsin
