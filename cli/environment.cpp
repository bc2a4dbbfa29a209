#include "cli/environment.h"

#include <cstdlib>
#include <initializer_list>
#include <string>

namespace tocsin::cli {
namespace {

std::string first_set(std::initializer_list<const char*> names) {
    for (const char* name : names) {
        const char* value = std::getenv(name);
        if (value != nullptr && *value != '\0') return value;
    }
    return {};
}

}  // namespace

ProxyEnvironment proxy_environment() {
    const bool is_cgi = !first_set({"REQUEST_METHOD"}).empty();
    return {.http = is_cgi ? std::string() : first_set({"HTTP_PROXY", "http_proxy"}),
            .https = first_set({"HTTPS_PROXY", "https_proxy"}),
            .none = first_set({"NO_PROXY", "no_proxy"})};
}

std::optional<std::string> time_zone_environment() {
    const char* tz = std::getenv("TZ");
    return tz == nullptr ? std::nullopt : std::optional<std::string>(tz);
}

}  // namespace tocsin::cli
