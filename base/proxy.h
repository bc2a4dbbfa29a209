#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/http.h"
#include "base/url.h"

namespace tocsin {

/// The proxies that the environment of the process names (HTTP_PROXY, HTTPS_PROXY, NO_PROXY), for requests whose
/// options say `proxy_from_environment`. Each is a URL, or a host and port.
struct ProxyEnvironment {
    std::string http, https, none;
};

/// Whether requests to `url` leave the proxy out: `no_proxy` lists hosts, domains (`a.b` with what is below it, `.a.b`
/// and
/// `*.a.b` only that), addresses and blocks of them, each with a port or without one, or `*`. Where there is such a
/// list localhost and loopback addresses are never asked for through a proxy (golang.org/x/net/http/httpproxy).
bool bypasses_proxy(std::string_view no_proxy, const Url& url);

/// Where to connect instead, for a request to `url`. Only http proxies are spoken to.
Result<std::optional<Url>> proxy_of(const HttpOptions& options, const Url& url, const ProxyEnvironment& environment);

}  // namespace tocsin
