#pragma once

#include <optional>
#include <string>

#include "base/proxy.h"

namespace tocsin::cli {

/// HTTP_PROXY, HTTPS_PROXY and NO_PROXY of this process, or else their names in small letters. Within a CGI program
/// HTTP_PROXY may be what a client sent, and does not count.
ProxyEnvironment proxy_environment();

/// Of this machine; empty where the system does not say.
std::string host_name();

/// TZ of this process, be it empty; nothing where it is not set.
std::optional<std::string> time_zone_environment();

}  // namespace tocsin::cli
