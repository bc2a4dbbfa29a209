#include "base/url.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {

namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_escape(std::string_view text, std::size_t at) {
    return at + 2 < text.size() && hex_value(text[at + 1]) >= 0 && hex_value(text[at + 2]) >= 0;
}

bool has_bad_escape(std::string_view text) {
    for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 1)) {
        if (!is_escape(text, at)) return true;
    }
    return false;
}

void append_percent_escape(std::string& out, char c) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
}

/// What must not stand in a request line as it is.
bool must_be_percent_escaped(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte >= 0x7F || std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos;
}

void append_request_text(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (must_be_percent_escaped(c)) {
            append_percent_escape(out, c);
        } else {
            out += c;
        }
    }
}

tl::unexpected<Error> bad_url(std::string message) {
    return fail(Error::Kind::InvalidInput, std::move(message));
}

/// Takes what stands before the first of `delimiters`, or all of `text` when there is none.
std::string_view take_until(std::string_view& text, std::string_view delimiters) {
    const std::size_t at = text.find_first_of(delimiters);
    const std::string_view taken = text.substr(0, at);
    text.remove_prefix(taken.size());
    return taken;
}

bool is_host_character(char c) {
    return is_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view("-._~!$&'()*+,;=%").find(c) != std::string_view::npos;
}

Status read_port(std::string_view text, Url& url) {
    url.port = url.scheme == "https" ? 443 : 80;
    if (text.empty()) return {};
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0 || port > 65535) {
        return bad_url("invalid port in URL; expected a number from 1 to 65535");
    }
    url.port = static_cast<std::uint16_t>(port);
    url.port_given = true;
    return {};
}

/// `host` or `[address]`, with the port and its colon behind it in `port`.
struct HostAndPort {
    std::string_view host;
    std::string_view port;
    bool bracketed;
};

Result<HostAndPort> split_host(std::string_view text) {
    if (!text.starts_with('[')) {
        const std::size_t colon = std::min(text.find(':'), text.size());
        return HostAndPort{text.substr(0, colon), text.substr(colon), false};
    }
    const std::size_t end = text.find(']');
    if (end == text.npos) return bad_url("missing ']' in host of URL");
    return HostAndPort{text.substr(1, end - 1), text.substr(end + 1), true};
}

Status read_host(std::string_view text, Url& url) {
    TOCSIN_TRY(const HostAndPort parts, split_host(text));
    const auto fits = [&parts](char c) { return is_host_character(c) || (parts.bracketed && c == ':'); };
    if (!std::all_of(parts.host.begin(), parts.host.end(), fits)) return bad_url("invalid character in host of URL");
    if (parts.host.empty()) return bad_url("missing host for URL");
    if (!parts.port.empty() && parts.port.front() != ':') return bad_url("expected ':' behind ']' in host of URL");
    url.host = percent_decode(parts.host);
    return read_port(parts.port.empty() ? parts.port : parts.port.substr(1), url);
}

Status read_authority(std::string_view text, Url& url) {
    if (has_bad_escape(text)) return bad_url("invalid percent-encoding in URL");
    const std::size_t at = text.rfind('@');
    if (at != text.npos) {
        const std::string_view user_info = text.substr(0, at);
        const std::size_t colon = user_info.find(':');
        url.user = percent_decode(user_info.substr(0, colon));
        if (colon != user_info.npos) url.password = percent_decode(user_info.substr(colon + 1));
        text.remove_prefix(at + 1);
    }
    return read_host(text, url);
}

std::optional<std::string> take_scheme(std::string_view& text) {
    const std::size_t colon = text.find(':');
    if (colon == text.npos) return std::nullopt;
    std::string scheme = to_lower(text.substr(0, colon));
    if (scheme != "http" && scheme != "https") return std::nullopt;
    text.remove_prefix(colon + 1);
    return scheme;
}

}  // namespace

std::string Url::target() const {
    std::string out;
    append_request_text(out, path);
    if (!query.empty()) {
        out += '?';
        append_request_text(out, query);
    }
    return out;
}

Result<Url> parse_url(std::string_view text) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; };
    if (std::any_of(text.begin(), text.end(), is_control)) return bad_url("invalid control character in URL");
    Url url;
    const auto scheme = take_scheme(text);
    if (!scheme) return bad_url("unsupported scheme for URL; expected http or https");
    url.scheme = *scheme;
    if (!text.starts_with("//")) return bad_url("missing host for URL");
    text.remove_prefix(2);
    text = text.substr(0, text.find('#'));
    if (const Status read = read_authority(take_until(text, "/?"), url); !read) return tl::unexpected(read.error());
    url.path = take_until(text, "?");
    if (url.path.empty()) url.path = "/";
    if (has_bad_escape(url.path)) return bad_url("invalid percent-encoding in URL");
    if (!text.empty()) url.query = text.substr(1);
    return url;
}

std::string without_password(std::string_view text) {
    const std::size_t scheme_end = text.find("://");
    if (scheme_end == text.npos) return std::string(text);
    const std::size_t begin = scheme_end + 3;
    const std::string_view authority = text.substr(begin, text.find_first_of("/?#", begin) - begin);
    const std::size_t at = authority.rfind('@');
    const std::size_t colon = authority.find(':');
    if (at == authority.npos || colon > at) return std::string(text);
    return fmt::format("{}xxxxx{}", text.substr(0, begin + colon + 1), text.substr(begin + at));
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && is_escape(text, i)) {
            out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

std::string query_escape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (is_alphanumeric(c) || c == '-' || c == '_' || c == '.' || c == '~') {
            out += c;
        } else if (c == ' ') {
            out += '+';
        } else {
            append_percent_escape(out, c);
        }
    }
    return out;
}

std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text, std::size_t fields_max) {
    std::vector<std::pair<std::string, std::string>> fields;
    while (!text.empty() && fields.size() < fields_max) {
        const std::string_view field = take_until(text, "&");
        if (!text.empty()) text.remove_prefix(1);
        if (field.empty()) continue;
        const std::size_t equals = field.find('=');
        const std::string_view value = equals == field.npos ? std::string_view{} : field.substr(equals + 1);
        fields.emplace_back(percent_decode(field.substr(0, equals), true), percent_decode(value, true));
    }
    return fields;
}

}  // namespace tocsin
