#include "base/digest.h"

#include <array>

#include <openssl/evp.h>

#include "base/assert.h"

namespace tocsin {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string hex_of(const unsigned char* bytes, std::size_t size) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * size);
    for (std::size_t i = 0; i < size; ++i) {
        hex += kDigits[bytes[i] >> 4];
        hex += kDigits[bytes[i] & 15];
    }
    return hex;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    TOCSIN_ASSERT(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
    return hex_of(digest.data(), size);
}

std::array<unsigned char, 16> md5(std::string_view bytes) {
    std::array<unsigned char, 16> digest{};
    TOCSIN_ASSERT(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_md5(), nullptr) == 1);
    return digest;
}

std::string hmac_md5_hex(std::string_view key, std::string_view bytes) {
    static constexpr std::size_t kBlock = 64;
    std::string padded(key);
    if (padded.size() > kBlock) {
        const auto digest = md5(key);
        padded.assign(digest.begin(), digest.end());
    }
    padded.resize(kBlock, '\0');
    const auto pass = [&](unsigned char pad, std::string_view message) {
        std::string text;
        for (const char c : padded) text += static_cast<char>(static_cast<unsigned char>(c) ^ pad);
        return md5(text.append(message));
    };
    const auto inner = pass(0x36, bytes);
    const auto outer = pass(0x5c, std::string(inner.begin(), inner.end()));
    return hex_of(outer.data(), outer.size());
}

std::string base64_encode(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::string_view group = bytes.substr(at, 3);
        unsigned bits = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            text += i <= group.size() ? kBase64[bits >> (18 - 6 * i) & 63] : '=';
        }
    }
    return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::size_t padding = 0;
    while (padding < 2 && text.ends_with('=')) {
        text.remove_suffix(1);
        ++padding;
    }
    std::string bytes;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const auto digit = kBase64.find(c);
        if (digit == kBase64.npos) return std::nullopt;
        bits = bits << 6 | static_cast<unsigned>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 0xffU);
    }
    return bytes;
}

}  // namespace tocsin
