#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"

// What stands between a browser and the API: no web page may read or change anything through somebody's browser. There
// are no CORS headers anywhere, so a page of another origin cannot read an answer; what it could still do blindly is
// refused here.

namespace tocsin {

/// Who this server is to its users.
struct RequestGuard {
    bool on_loopback = true;      // then the Host header must be one of ours
    std::string listen_host;      // the address that is listened on
    std::string external_origin;  // `https://alerts.example.com`; empty when there is none
    std::string external_host;
    std::vector<std::string> allowed_hosts;  // lower case, without port
    std::string route_prefix;                // empty or `/prefix`
};

/// `listen_address` is what HttpServer::listen() returned; the external URL's path is the route prefix.
RequestGuard make_request_guard(std::string_view listen_address, const std::string& external_url,
                                const std::vector<std::string>& allowed_hosts);

/// The refusal, or nothing when the caller may come in; the head of the request is enough.
///
/// 421 on a loopback listener when Host is neither a loopback address, nor what is listened on, nor `localhost`, nor
/// the host of the external URL, nor in the list: a foreign name that leads here is DNS rebinding. A request without
/// Host, which HTTP/1.0 allows and no browser sends, passes.
///
/// 403 when a method that changes state comes from a page of another origin, by Origin or Sec-Fetch-Site.
std::optional<ServerResponse> check_caller(const RequestGuard& guard, const ServerRequest& head);

/// 415 when a request that may change something has a body that is not JSON: a form is what a page of another origin
/// can send without asking. The read-only queries that Prometheus takes as forms, and reload and quit, take anything.
std::optional<ServerResponse> check_content(const RequestGuard& guard, const ServerRequest& request);

bool is_allowed_host(const RequestGuard& guard, std::string_view host_header);
bool is_own_origin(const RequestGuard& guard, std::string_view origin, std::string_view host_header);
bool changes_state(std::string_view method);
bool is_json_content_type(std::string_view content_type);

}  // namespace tocsin
