#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "base/url.h"

// What every HttpClient does with a request before and after the network.

namespace tocsin {

inline constexpr int kRedirectsMax = 5;

/// The URL in its parts, once the method is a token and no header, be it for the proxy, could break out of its line.
/// Messages name a header, never its value.
Result<Url> check_outgoing(const HttpRequest& request);

/// The headers of the request with those that HTTP needs: Host, Authorization when the URL names a user, and a
/// User-Agent, unless the caller wrote them. Without Content-Length, Transfer-Encoding and Connection, which belong to
/// who frames the message.
std::vector<HttpHeader> headers_to_send(const HttpRequest& request, const Url& url);

/// The head of the request for a tunnel to `url` through `proxy`. A user of the proxy's URL goes before a
/// Proxy-Authorization of the options, as in Go.
std::string tunnel_request(const Url& url, const Url& proxy, const HttpOptions& options);
/// Nothing when the status of the answer to it says that the tunnel is there, or else `proxy refused: status 403`.
Status check_tunnel(int status);

/// The options of a request that has some, or the defaults.
const HttpOptions& options_of(const HttpRequest& request);

/// `user:password` as the value of Authorization or Proxy-Authorization.
std::string basic_credentials(const Url& url);

/// Where an answer sends the request. Nothing when it is no redirect, or one that must not be followed: to another
/// host, or from https to http.
std::optional<Url> redirect_target(const Url& from, int status, std::string_view location);

/// As in Go, 301, 302 and 303 make it a GET without a body.
void rewrite_for_redirect(HttpRequest& request, int status);

/// `timed out after 10s`.
Error timed_out(Duration limit);
/// `answer larger than 1024 bytes`.
Error answer_too_large(std::uint64_t bytes_max);
/// `stopped after 5 redirects`.
Error too_many_redirects();

}  // namespace tocsin
