#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

/// SHA-256 as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// The 16 bytes of MD5: good for spreading (relabelling's hashmod), no protection against anybody.
std::array<unsigned char, 16> md5(std::string_view bytes);

/// HMAC-MD5 (RFC 2104) as hexadecimal digits; CRAM-MD5 of mail servers asks for it.
std::string hmac_md5_hex(std::string_view key, std::string_view bytes);

/// The signature of RSASSA-PKCS1-v1_5 with the private key `pem`, which must not have a passphrase. `algorithm` is
/// RS256, RS384 or RS512 (RFC 7518). Nothing when the key is none of RSA.
std::optional<std::string> rsa_signature(std::string_view pem, std::string_view bytes, std::string_view algorithm);

std::string base64_encode(std::string_view bytes);
/// Nothing when it is not base64 with its padding.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace tocsin
