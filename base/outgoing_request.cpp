#include "base/outgoing_request.h"

#include <algorithm>

#include "base/asio_address.h"
#include "base/digest.h"
#include "base/duration.h"
#include "base/text.h"

namespace tocsin {

namespace {

bool is_token_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool breaks_the_line(char c) {
    return c == '\r' || c == '\n' || c == '\0';
}

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string authority_of(const Url& url) {
    const bool is_v6 = url.host.find(':') != std::string::npos;
    std::string authority = is_v6 ? "[" + url.host + "]" : url.host;
    if (url.port_given) authority += ":" + std::to_string(url.port);
    return authority;
}

/// RFC 3986, 5.2.4: `/a/./b/../c` becomes `/a/c`.
std::string without_dots(std::string_view path) {
    std::vector<std::string_view> kept;
    const auto segments = split(path, '/');
    for (const auto segment : segments) {
        if (segment == "..") {
            if (kept.size() > 1) kept.pop_back();
        } else if (segment != ".") {
            kept.push_back(segment);
        }
    }
    std::string out;
    for (std::size_t i = 0; i < kept.size(); ++i) out.append(i == 0 ? "" : "/").append(kept[i]);
    if (segments.back() == "." || segments.back() == "..") out += '/';
    return out;
}

/// The URL that `location` means when it is read at `from`.
Result<Url> resolve_location(const Url& from, std::string_view location) {
    if (location.find("://") < location.find_first_of("/?#")) return parse_url(location);
    if (location.starts_with("//")) return parse_url(from.scheme + ":" + std::string(location));
    std::string_view path = location.substr(0, location.find_first_of("?#"));
    const std::string_view rest = location.substr(path.size());
    std::string absolute(path);
    if (path.empty()) {
        absolute = from.path;
    } else if (!path.starts_with('/')) {
        absolute = from.path.substr(0, from.path.rfind('/') + 1) + absolute;
    }
    return parse_url(from.scheme + "://" + authority_of(from) + without_dots(absolute) + std::string(rest));
}

bool stays_with_the_host(const Url& from, const Url& to) {
    return iequals(from.host, to.host) && (to.scheme == from.scheme || to.scheme == "https");
}

bool frames_the_message(std::string_view name) {
    return iequals(name, "Content-Length") || iequals(name, "Transfer-Encoding") || iequals(name, "Connection");
}

Status check_headers(const std::vector<HttpHeader>& headers) {
    for (const auto& [name, value] : headers) {
        if (!is_token(name)) return fail(Error::Kind::InvalidInput, "invalid header name " + go_quote(name));
        if (std::any_of(value.begin(), value.end(), breaks_the_line)) {
            return fail(Error::Kind::InvalidInput, "header " + name + " has a line feed in its value");
        }
    }
    return {};
}

void add_if_absent(std::vector<HttpHeader>& headers, std::string_view name, std::string value) {
    if (find_header(headers, name).empty()) headers.push_back({std::string(name), std::move(value)});
}

}  // namespace

Result<Url> check_outgoing(const HttpRequest& request) {
    if (!is_token(request.method)) return fail(Error::Kind::InvalidInput, "invalid HTTP method");
    for (const auto* headers : {&request.headers, &options_of(request).proxy_connect_headers}) {
        if (auto checked = check_headers(*headers); !checked) return tl::unexpected(checked.error());
    }
    return parse_url(request.url);
}

std::vector<HttpHeader> headers_to_send(const HttpRequest& request, const Url& url) {
    std::vector<HttpHeader> headers;
    headers.reserve(request.headers.size() + 3);
    if (find_header(request.headers, "Host").empty()) headers.push_back({"Host", authority_of(url)});
    for (const HttpHeader& header : request.headers) {
        if (!frames_the_message(header.name)) headers.push_back(header);
    }
    if (!url.user.empty() || !url.password.empty()) add_if_absent(headers, "Authorization", basic_credentials(url));
    add_if_absent(headers, "User-Agent", "tocsin");
    return headers;
}

std::string tunnel_request(const Url& url, const Url& proxy, const HttpOptions& options) {
    const std::string authority = join_host_port(url.host, url.port);
    std::vector<HttpHeader> headers{{"Host", authority}};
    if (!proxy.user.empty()) headers.push_back({"Proxy-Authorization", basic_credentials(proxy)});
    for (const HttpHeader& header : options.proxy_connect_headers) {
        const bool is_ours = iequals(header.name, "Host") || frames_the_message(header.name) ||
                             (!proxy.user.empty() && iequals(header.name, "Proxy-Authorization"));
        if (!is_ours) headers.push_back(header);
    }
    std::string head = "CONNECT " + authority + " HTTP/1.1\r\n";
    for (const auto& [name, value] : headers) head.append(name).append(": ").append(value).append("\r\n");
    return head + "\r\n";
}

Status check_tunnel(int status) {
    if (status / 100 == 2) return {};
    return fail(Error::Kind::Unavailable, "proxy refused: status " + std::to_string(status));
}

const HttpOptions& options_of(const HttpRequest& request) {
    static const HttpOptions kDefaults;
    return request.options == nullptr ? kDefaults : *request.options;
}

std::string basic_credentials(const Url& url) {
    return "Basic " + base64_encode(url.user + ":" + url.password);
}

std::optional<Url> redirect_target(const Url& from, int status, std::string_view location) {
    if (!is_redirect(status) || location.empty()) return std::nullopt;
    auto next = resolve_location(from, location);
    if (!next || !stays_with_the_host(from, *next)) return std::nullopt;
    next->user = from.user;
    next->password = from.password;
    return *std::move(next);
}

void rewrite_for_redirect(HttpRequest& request, int status) {
    if (status == 307 || status == 308) return;
    if (request.method != "HEAD") request.method = "GET";
    request.body.clear();
    std::erase_if(request.headers, [](const HttpHeader& header) {
        return iequals(header.name, "Content-Type") || iequals(header.name, "Content-Length") ||
               iequals(header.name, "Content-Encoding");
    });
}

Error timed_out(Duration limit) {
    return {Error::Kind::Timeout, "timed out after " + to_string(limit)};
}

Error answer_too_large(std::uint64_t bytes_max) {
    return {Error::Kind::LimitExceeded, "answer larger than " + std::to_string(bytes_max) + " bytes"};
}

Error too_many_redirects() {
    return {Error::Kind::Unavailable, "stopped after " + std::to_string(kRedirectsMax) + " redirects"};
}

}  // namespace tocsin
