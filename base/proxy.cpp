#include "base/proxy.h"

#include <algorithm>

#include "base/asio_address.h"
#include "base/text.h"

namespace tocsin {
namespace {

bool is_local(const Url& url) {
    return iequals(url.host, "localhost") || is_loopback_literal(url.host);
}

bool is_below(std::string_view host, std::string_view domain) {
    return host.size() > domain.size() && host[host.size() - domain.size() - 1] == '.' &&
           iequals(host.substr(host.size() - domain.size()), domain);
}

struct Place {  // an empty port is any
    std::string host, port;
};

// `name`, `name:80`, `[::1]:80`; an address of IPv6 may stand without brackets.
Place split_entry(const std::string& entry) {
    const std::size_t colon = entry.rfind(':');
    if (colon == std::string::npos || is_ip_literal(entry)) return {entry, ""};
    const bool in_brackets = entry.front() == '[' && colon > 1 && entry[colon - 1] == ']';
    return {in_brackets ? entry.substr(1, colon - 2) : entry.substr(0, colon), entry.substr(colon + 1)};
}

bool covers(std::string_view piece, const Url& url) {
    const std::string entry(trim(piece));
    if (entry == "*" || is_in_network(url.host, entry)) return true;
    const auto [host, port] = split_entry(entry);
    if (host.empty() || (!port.empty() && port != std::to_string(url.port))) return false;
    if (is_ip_literal(host)) return is_same_address(url.host, host);
    std::string_view domain = host;
    if (domain.starts_with("*.")) domain.remove_prefix(1);
    if (!domain.starts_with('.')) return iequals(domain, url.host) || is_below(url.host, domain);
    return is_below(url.host, domain.substr(1));
}

Result<std::optional<Url>> parse_proxy(std::string_view text, std::string_view what) {
    if (text.empty()) return std::nullopt;
    auto url = parse_url(text);
    if (!url) return fail_with_context(std::string(what), url.error());
    if (url->scheme != "http") {
        return fail(Error::Kind::InvalidInput, std::string(what) + ": unsupported scheme; expected http");
    }
    return *std::move(url);
}

Result<std::optional<Url>> proxy_of_environment(const Url& url, const ProxyEnvironment& environment) {
    if (is_local(url) || bypasses_proxy(environment.none, url)) return std::nullopt;
    const bool is_https = url.scheme == "https";
    const std::string& proxy = is_https ? environment.https : environment.http;
    const bool has_scheme = proxy.empty() || proxy.find("://") != std::string::npos;
    return parse_proxy(has_scheme ? proxy : "http://" + proxy, is_https ? "HTTPS_PROXY" : "HTTP_PROXY");
}

}  // namespace

bool bypasses_proxy(std::string_view no_proxy, const Url& url) {
    if (trim(no_proxy).empty()) return false;
    return is_local(url) ||
           std::ranges::any_of(split(no_proxy, ','), [&](std::string_view piece) { return covers(piece, url); });
}

Result<std::optional<Url>> proxy_of(const HttpOptions& options, const Url& url, const ProxyEnvironment& environment) {
    if (options.proxy_from_environment) return proxy_of_environment(url, environment);
    if (bypasses_proxy(options.no_proxy, url)) return std::nullopt;
    return parse_proxy(options.proxy_url, "proxy_url");
}

}  // namespace tocsin
