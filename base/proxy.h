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

/// Whether requests to `url` leave the proxy out, as golang.org/x/net/http/httpproxy decides it. `no_proxy` lists
/// hosts, addresses, blocks of addresses and domains, each with a port or without one, or is `*`; `a.b` is the domain
/// with what is below it, `.a.b` and `*.a.b` only what is below. Where there is a list, localhost and loopback
/// addresses are left out too.
bool bypasses_proxy(std::string_view no_proxy, const Url& url);

/// Where to connect instead, for a request to `url`. Only http proxies are spoken to.
Result<std::optional<Url>> proxy_of(const HttpOptions& options, const Url& url, const ProxyEnvironment& environment);

}  // namespace tocsin
