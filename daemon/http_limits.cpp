#include "daemon/http_limits.h"

namespace tocsin {
namespace {

constexpr std::uint64_t kKibibyte = 1024;

std::uint64_t body_bytes_of(std::string_view, std::string_view path) {
    if (path == "/api/v2/alerts") return 16 * kKibibyte * kKibibyte;
    if (path.starts_with("/api/v1/")) return kKibibyte * kKibibyte;
    return 256 * kKibibyte;
}

}  // namespace

HttpLimits http_limits(std::size_t connections) {
    HttpLimits limits;
    limits.connections = connections;
    limits.body_bytes_of = body_bytes_of;
    return limits;
}

}  // namespace tocsin
