#pragma once

#include <array>
#include <string>
#include <string_view>

namespace tocsin {

/// SHA-256 as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// The 16 bytes of MD5: good for spreading (relabelling's hashmod), no protection against anybody.
std::array<unsigned char, 16> md5(std::string_view bytes);

std::string base64_encode(std::string_view bytes);

}  // namespace tocsin
