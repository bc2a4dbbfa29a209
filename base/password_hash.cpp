#include "base/password_hash.h"

#include <algorithm>
#include <memory>

#include <crypt.h>

namespace tocsin {
namespace {

constexpr std::size_t kHashBytes = 60;  // $2y$10$, 22 characters of salt, 31 of the hash
constexpr std::size_t kPrefixBytes = 7;
constexpr int kLeastCost = 4;
constexpr int kMostCost = 31;

bool is_decimal(char c) {
    return c >= '0' && c <= '9';
}

bool is_of_hash(char c) {
    return is_decimal(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '/';
}

}  // namespace

std::optional<int> bcrypt_cost(std::string_view hash) {
    if (hash.size() != kHashBytes || hash[0] != '$' || hash[1] != '2' || hash[3] != '$' || hash[6] != '$') return {};
    if (std::string_view("aby").find(hash[2]) == std::string_view::npos) return {};
    if (!is_decimal(hash[4]) || !is_decimal(hash[5])) return {};
    if (!std::all_of(hash.begin() + kPrefixBytes, hash.end(), is_of_hash)) return {};
    const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
    return cost < kLeastCost || cost > kMostCost ? std::nullopt : std::optional(cost);
}

bool matches_bcrypt(const Secret& password, const std::string& hash) {
    // What is behind it would not count.
    const bool has_nul = password.reveal().find('\0') != std::string::npos;
    if (has_nul || !bcrypt_cost(hash)) return false;
    const auto work = std::make_unique<crypt_data>();  // 32 KiB
    const char* const found = crypt_r(password.reveal().c_str(), hash.c_str(), work.get());
    return found != nullptr && hash == found;
}

}  // namespace tocsin
