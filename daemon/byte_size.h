#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tocsin {

/// A number of bytes as Prometheus reads it (units.Base2Bytes): numbers with units one after another, all in the style
/// of `1GB512MB` or all in that of `1GiB512MiB`, which mean the same; fractions, and a sign in front. Without a unit
/// only `0`.
std::optional<std::int64_t> parse_byte_size(std::string_view text);

}  // namespace tocsin
