#include "daemon/http_limits.h"

#include <utility>

namespace tocsin {
namespace {

constexpr std::uint64_t kKibibyte = 1024;

std::uint64_t body_bytes_of(std::string_view path) {
    if (path == "/api/v2/alerts" || path == "/api/v2/alerts/") return 16 * kKibibyte * kKibibyte;
    if (path.starts_with("/api/v1/")) return kKibibyte * kKibibyte;
    return 256 * kKibibyte;
}

}  // namespace

HttpLimits http_limits(std::size_t connections, std::string route_prefix) {
    HttpLimits limits;
    limits.connections = connections;
    for (std::string& path : limits.health_paths) path.insert(0, route_prefix);
    limits.body_bytes_of = [prefix = std::move(route_prefix)](std::string_view, std::string_view path) {
        if (path.starts_with(prefix)) path.remove_prefix(prefix.size());
        return body_bytes_of(path);
    };
    return limits;
}

}  // namespace tocsin
