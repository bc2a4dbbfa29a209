#include "cli/environment.h"

#include <array>
#include <climits>
#include <cstdlib>
#include <initializer_list>
#include <string>

#include <unistd.h>

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

std::string host_name() {
    std::array<char, HOST_NAME_MAX + 1> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : std::string();
}

std::optional<std::string> time_zone_environment() {
    const char* tz = std::getenv("TZ");
    return tz == nullptr ? std::nullopt : std::optional<std::string>(tz);
}

}  // namespace tocsin::cli
