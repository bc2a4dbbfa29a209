#include "daemon/request_guard.h"

#include <algorithm>
#include <array>

#include "base/asio_address.h"
#include "base/text.h"
#include "base/url.h"
#include "daemon/api/alertmanager_error.h"

namespace tocsin {

namespace {

constexpr std::array<std::string_view, 8> kPathsForAnyContent = {
    "/-/reload",      "/-/quit",        "/api/v1/query",        "/api/v1/query_range",
    "/api/v1/series", "/api/v1/labels", "/api/v1/format_query", "/api/v1/parse_query"};

struct HostAndPort {
    std::string host;  // lower case, without brackets and without the root's dot
    std::string port;
};

/// What is not of the form `host:port` or `[address]:port` is a host as a whole, which is nobody's.
HostAndPort split_authority(std::string_view authority) {
    const std::size_t digits = authority.find_last_not_of("0123456789");
    const bool has_port = digits != authority.npos && authority[digits] == ':' &&
                          (authority.front() == '[' ? authority[digits - 1] == ']' : authority.find(':') == digits);
    HostAndPort out{to_lower(authority.substr(0, has_port ? digits : authority.size())),
                    std::string(has_port ? authority.substr(digits + 1) : std::string_view())};
    if (out.host.size() > 1 && out.host.front() == '[' && out.host.back() == ']') {
        out.host = out.host.substr(1, out.host.size() - 2);
    } else if (out.host.size() > 1 && out.host.back() == '.') {
        out.host.pop_back();
    }
    return out;
}

/// Lower case, without the scheme's own port.
std::string authority_without_default_port(std::string_view authority, std::string_view scheme) {
    const HostAndPort parts = split_authority(authority);
    const std::string_view default_port = scheme == "https" ? "443" : "80";
    return parts.port.empty() || parts.port == default_port ? parts.host : parts.host + ":" + parts.port;
}

ServerResponse refusal(int status, std::string text) {
    ServerResponse response;
    response.status = status;
    response.body = std::move(text) + "\n";
    return response;
}

std::string_view below_prefix(const RequestGuard& guard, std::string_view path) {
    if (path.starts_with(guard.route_prefix)) path.remove_prefix(guard.route_prefix.size());
    return path;
}

bool takes_any_content(std::string_view path) {
    return std::find(kPathsForAnyContent.begin(), kPathsForAnyContent.end(), path) != kPathsForAnyContent.end();
}

bool is_from_another_origin(const RequestGuard& guard, const ServerRequest& request) {
    const std::string_view site = find_header(request.headers, "Sec-Fetch-Site");
    if (!site.empty() && site != "same-origin" && site != "none") return true;
    const std::string_view origin = find_header(request.headers, "Origin");
    return !origin.empty() && !is_own_origin(guard, origin, find_header(request.headers, "Host"));
}

}  // namespace

RequestGuard make_request_guard(std::string_view listen_address, const std::string& external_url,
                                const std::vector<std::string>& allowed_hosts) {
    RequestGuard guard;
    guard.listen_host = split_authority(listen_address).host;
    guard.on_loopback = is_loopback_literal(guard.listen_host);
    for (const std::string& host : allowed_hosts) {
        if (!host.empty()) guard.allowed_hosts.push_back(split_authority(host).host);
    }
    if (const auto url = parse_url(external_url)) {
        guard.external_host = to_lower(url->host);
        guard.external_origin =
            url->scheme + "://" + authority_without_default_port(join_host_port(url->host, url->port), url->scheme);
        guard.route_prefix = url->path.substr(0, url->path.find_last_not_of('/') + 1);
    }
    return guard;
}

std::optional<ServerResponse> check_caller(const RequestGuard& guard, const ServerRequest& head) {
    const std::string_view host = find_header(head.headers, "Host");
    if (guard.on_loopback && !host.empty() && !is_allowed_host(guard, host)) {
        return refusal(421,
                       "this host name is not served here; name it with --web.allowed-hosts or --web.external-url");
    }
    if (changes_state(head.method) && is_from_another_origin(guard, head)) {
        return refusal(403, "requests from pages of another origin may not change anything");
    }
    return std::nullopt;
}

std::optional<ServerResponse> check_content(const RequestGuard& guard, const ServerRequest& request) {
    if (!changes_state(request.method)) return std::nullopt;
    const std::string_view path = below_prefix(guard, request.path);
    const std::string_view type = find_header(request.headers, "Content-Type");
    if (request.body.empty() || takes_any_content(path) || is_json_content_type(type)) return std::nullopt;
    if (path.starts_with("/api/v2/")) return api::wrong_content_error(type);
    return refusal(415, "expected Content-Type: application/json");
}

bool is_allowed_host(const RequestGuard& guard, std::string_view host_header) {
    const std::string host = split_authority(host_header).host;
    if (host == "localhost" || is_loopback_literal(host) || host == guard.listen_host) return true;
    if (!guard.external_host.empty() && host == guard.external_host) return true;
    return std::find(guard.allowed_hosts.begin(), guard.allowed_hosts.end(), host) != guard.allowed_hosts.end();
}

// The scheme of our own Host is not known: a proxy in front may speak TLS. So either is ours when host and port are.
bool is_own_origin(const RequestGuard& guard, std::string_view origin, std::string_view host_header) {
    const std::size_t separator = origin.find("://");
    if (separator == origin.npos) return false;  // `null`
    const std::string scheme = to_lower(origin.substr(0, separator));
    if (scheme != "http" && scheme != "https") return false;
    const std::string authority = authority_without_default_port(origin.substr(separator + 3), scheme);
    if (!guard.external_origin.empty() && scheme + "://" + authority == guard.external_origin) return true;
    return !host_header.empty() && authority == authority_without_default_port(host_header, scheme);
}

// What is not known not to change anything may.
bool changes_state(std::string_view method) {
    return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

bool is_json_content_type(std::string_view content_type) {
    return iequals(trim(content_type.substr(0, content_type.find(';'))), "application/json");
}

}  // namespace tocsin
