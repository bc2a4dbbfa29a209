#pragma once

#include <string>

#include "daemon/http_server.h"

namespace tocsin {

/// What a client may take, and which paths say that the daemon is alive, by path below the prefix
/// (Options::route_prefix): bodies of queries 1 MiB, of posted alerts 16 MiB, of silences and everything else 256 KiB;
/// and how many connections there may be at a time.
HttpLimits http_limits(std::size_t connections, std::string route_prefix);

}  // namespace tocsin
