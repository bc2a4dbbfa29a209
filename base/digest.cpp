#include "base/digest.h"

#include <array>
#include <memory>

#include <openssl/evp.h>
#include <openssl/pem.h>

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

std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> read_private_key(std::string_view pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                         &BIO_free);
    // Nobody is asked for a passphrase.
    const auto no_password = [](char*, int, int, void*) { return -1; };
    return {PEM_read_bio_PrivateKey(text.get(), nullptr, no_password, nullptr), &EVP_PKEY_free};
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

std::optional<std::string> rsa_signature(std::string_view pem, std::string_view bytes, std::string_view algorithm) {
    const auto key = read_private_key(pem);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    if (key == nullptr || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA || context == nullptr) return std::nullopt;
    const EVP_MD* digest = algorithm == "RS512" ? EVP_sha512() : algorithm == "RS384" ? EVP_sha384() : EVP_sha256();
    std::string signature(static_cast<std::size_t>(EVP_PKEY_size(key.get())), '\0');
    std::size_t size = signature.size();
    if (EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) != 1) {
        return std::nullopt;
    }
    signature.resize(size);
    return signature;
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
