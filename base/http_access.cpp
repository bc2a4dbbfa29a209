#include "base/http_access.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include <fmt/format.h>

#include "base/disk.h"
#include "base/text.h"
#include "base/url.h"

namespace tocsin {
namespace {

// Go's client sets these itself (prometheus/common config.ReservedHeaders).
constexpr std::array<std::string_view, 20> kReservedHeaders{"accept-encoding",
                                                            "authorization",
                                                            "connection",
                                                            "content-encoding",
                                                            "content-length",
                                                            "content-type",
                                                            "host",
                                                            "keep-alive",
                                                            "proxy-authenticate",
                                                            "proxy-authorization",
                                                            "te",
                                                            "trailer",
                                                            "user-agent",
                                                            "www-authenticate",
                                                            "x-amz-content-sha256",
                                                            "x-amz-date",
                                                            "x-amz-security-token",
                                                            "x-prometheus-remote-read-version",
                                                            "x-prometheus-remote-write-version",
                                                            "x-prometheus-scrape-timeout-seconds"};

/// One reading: where file names start, and where problems go.
struct Source {
    const std::string& directory;
    Diagnostics& problems;

    YamlFields mapping(YamlFields& of, const YamlNode& node, std::string what) const {
        return {node, std::move(what), of.file(), problems};
    }
};

const YamlNode* given(YamlFields& fields, std::string_view key) {
    const YamlNode* node = fields.get(key);
    return node == nullptr || node->is_null() ? nullptr : node;
}

void refuse(YamlFields& fields, std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) {
        if (const YamlNode* node = given(fields, key)) {
            fields.report(node->where, fmt::format("{} is not supported", key));
        }
    }
}

void read_path(YamlFields& fields, std::string_view key, std::string& into, const Source& source) {
    if (fields.read(key, into) && !into.empty()) into = resolve_path(source.directory, into);
}

// `key` and `key_file`, of which one may be there.
SecretText read_secret(YamlFields& fields, const std::string& key, std::string_view prefix, const Source& source) {
    SecretText secret;
    if (std::string text; fields.read(key, text)) secret.text = Secret(std::move(text));
    read_path(fields, key + "_file", secret.file, source);
    if (const YamlNode* reference = given(fields, key + "_ref")) {
        fields.report(reference->where, fmt::format("{}_ref is not supported", key),
                      fmt::format("{0} or {0}_file", key));
    }
    if (!secret.text.empty() && !secret.file.empty()) {
        fields.report(fields.get(key + "_file")->where,
                      fmt::format("at most one of {}{} & {}_file must be configured", prefix, key, key));
    }
    return secret;
}

void read_proxy(YamlFields& fields, HttpAccess::Way& way) {
    if (const bool has_url = fields.read("proxy_url", way.proxy_url); has_url && !way.proxy_url.empty()) {
        if (const auto url = parse_url(way.proxy_url); !url || url->scheme != "http") {
            fields.report(fields.get("proxy_url")->where, "proxy_url cannot be used", "the URL of an http proxy");
        }
    }
    fields.read("no_proxy", way.no_proxy);
    if (!way.no_proxy.empty() && way.proxy_url.empty()) {
        fields.report(fields.get("no_proxy")->where, "if no_proxy is configured, proxy_url must also be configured");
    }
    bool from_environment = false;
    if (fields.read("proxy_from_environment", from_environment) && from_environment) {
        fields.report(fields.get("proxy_from_environment")->where, "proxy_from_environment is not supported",
                      "proxy_url");
    }
    refuse(fields, {"proxy_connect_header"});
}

// The least that is spoken anyway is 1.2.
void check_tls_version(YamlFields& tls, std::string_view key, std::string_view can_be) {
    std::string version;
    if (!tls.read(key, version) || version.empty() || version == can_be) return;
    const bool known = version == "TLS10" || version == "TLS11" || version == "TLS12" || version == "TLS13";
    const std::string message =
        known ? fmt::format("{} {} is not supported", key, version) : fmt::format("unknown TLS version: {}", version);
    tls.report(tls.get(key)->where, message, std::string(can_be));
}

void read_tls(YamlFields& fields, HttpAccess::Way& way, const Source& source) {
    const YamlNode* node = given(fields, "tls_config");
    if (node == nullptr) return;
    YamlFields tls = source.mapping(fields, *node, "tls_config");
    read_path(tls, "ca_file", way.ca_file, source);
    read_path(tls, "cert_file", way.cert_file, source);
    read_path(tls, "key_file", way.key_file, source);
    tls.read("server_name", way.server_name);
    tls.read("insecure_skip_verify", way.insecure_skip_verify);
    check_tls_version(tls, "min_version", "TLS12");
    check_tls_version(tls, "max_version", "TLS13");
    refuse(tls, {"ca", "cert", "key", "ca_ref", "cert_ref", "key_ref"});
    if (way.cert_file.empty() != way.key_file.empty()) {
        tls.report(node->where,
                   way.key_file.empty()
                       ? "exactly one of key or key_file must be configured when a client certificate is configured"
                       : "exactly one of cert or cert_file must be configured when a client key is configured");
    }
    tls.finish();
}

HttpAccess::OAuth2 read_oauth2(YamlFields& fields, const YamlNode& node, const Source& source) {
    HttpAccess::OAuth2 oauth2;
    YamlFields keys = source.mapping(fields, node, "oauth2");
    keys.read("client_id", oauth2.client_id);
    oauth2.client_secret = read_secret(keys, "client_secret", "oauth2 ", source);
    keys.read("token_url", oauth2.token_url);
    keys.read("scopes", oauth2.scopes);
    keys.read("endpoint_params", oauth2.endpoint_params);
    read_tls(keys, oauth2.way, source);
    read_proxy(keys, oauth2.way);
    if (std::string grant; keys.read("grant_type", grant) && !grant.empty() && grant != "client_credentials") {
        keys.report(keys.get("grant_type")->where, fmt::format("grant_type {} is not supported", go_quote(grant)),
                    "client_credentials");
    }
    refuse(keys, {"client_certificate_key", "client_certificate_key_file", "client_certificate_key_ref",
                  "client_certificate_key_id", "signature_algorithm", "iss", "audience", "claims"});
    if (oauth2.client_id.empty()) keys.report(node.where, "oauth2 client_id must be configured");
    if (oauth2.token_url.empty()) {
        keys.report(node.where, "oauth2 token_url must be configured");
    } else if (!parse_url(oauth2.token_url)) {
        keys.report(keys.get("token_url")->where, "token_url is not a URL", "an http or https URL");
    }
    keys.finish();
    return oauth2;
}

void read_basic_auth(YamlFields& fields, const YamlNode& node, HttpAccess& access, const Source& source) {
    YamlFields keys = source.mapping(fields, node, "basic_auth");
    access.basic_auth.emplace();
    access.basic_auth->username = read_secret(keys, "username", "basic_auth ", source);
    access.basic_auth->password = read_secret(keys, "password", "basic_auth ", source);
    keys.finish();
}

void read_authorization(YamlFields& fields, const YamlNode& node, HttpAccess& access, const Source& source) {
    YamlFields keys = source.mapping(fields, node, "authorization");
    access.authorization = HttpAccess::Authorization{};
    if (std::string type; keys.read("type", type) && !trim(type).empty()) access.authorization->type = trim(type);
    if (iequals(access.authorization->type, "basic")) {
        keys.report(keys.get("type")->where,
                    R"(authorization type cannot be set to "basic", use "basic_auth" instead)");
    }
    access.authorization->credentials = read_secret(keys, "credentials", "authorization ", source);
    keys.finish();
}

void read_credentials(YamlFields& fields, HttpAccess& access, const Source& source) {
    if (const YamlNode* node = given(fields, "basic_auth")) read_basic_auth(fields, *node, access, source);
    const YamlNode* authorization = given(fields, "authorization");
    if (authorization != nullptr) read_authorization(fields, *authorization, access, source);
    if (const YamlNode* node = given(fields, "oauth2")) access.oauth2 = read_oauth2(fields, *node, source);
    const int ways =
        int(access.basic_auth.has_value()) + int(authorization != nullptr) + int(access.oauth2.has_value());
    const SecretText bearer = read_secret(fields, "bearer_token", "", source);
    if (ways > 1) {
        fields.report(fields.node().where, "at most one of basic_auth, oauth2 & authorization must be configured");
    }
    if (bearer.empty()) return;
    if (authorization != nullptr) {
        fields.report(authorization->where, "authorization is not compatible with bearer_token & bearer_token_file");
    } else if (ways > 0) {
        fields.report(fields.node().where,
                      "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured");
    } else {
        access.authorization = HttpAccess::Authorization{"Bearer", bearer};
    }
}

void read_header(YamlFields& fields, const YamlNode::Entry& entry, HttpAccess& access, const Source& source) {
    YamlFields keys = source.mapping(fields, entry.value, "http_headers");
    std::vector<std::string> values, secrets, files;
    keys.read("values", values);
    keys.read("secrets", secrets);
    keys.read("files", files);
    keys.finish();
    if (std::ranges::count(kReservedHeaders, to_lower(entry.key)) > 0) {
        fields.report(entry.key_where, fmt::format("setting header {} is not allowed", go_quote(entry.key)));
    }
    for (auto* texts : {&values, &secrets}) {
        for (std::string& text : *texts)
            access.headers.emplace_back(entry.key, SecretText{Secret(std::move(text)), {}});
    }
    for (const std::string& file : files) {
        access.headers.emplace_back(entry.key, SecretText{{}, resolve_path(source.directory, file)});
    }
}

void read_headers(YamlFields& fields, HttpAccess& access, const Source& source) {
    const YamlNode* node = given(fields, "http_headers");
    if (node == nullptr) return;
    if (!node->is_map()) return fields.report(node->where, "http_headers is not a map", "a map");
    for (const YamlNode::Entry& entry : node->entries) read_header(fields, entry, access, source);
}

}  // namespace

HttpOptions HttpAccess::Way::options_for(std::string_view host) const {
    HttpOptions options;
    options.follow_redirects = follow_redirects;
    options.insecure_skip_verify = insecure_skip_verify;
    options.ca_file = ca_file;
    options.cert_file = cert_file;
    options.key_file = key_file;
    options.server_name = server_name;
    if (!bypasses_proxy(no_proxy, host)) options.proxy_url = proxy_url;
    return options;
}

HttpAccess read_http_access(YamlFields& fields, const std::string& directory, Diagnostics& problems) {
    HttpAccess access;
    const Source source{directory, problems};
    read_credentials(fields, access, source);
    read_tls(fields, access.way, source);
    read_proxy(fields, access.way);
    fields.read("follow_redirects", access.way.follow_redirects);
    read_headers(fields, access, source);
    return access;
}

bool bypasses_proxy(std::string_view no_proxy, std::string_view host) {
    return std::ranges::any_of(split(no_proxy, ','), [&](std::string_view piece) {
        std::string_view domain = trim(piece);
        if (domain.empty()) return false;
        if (domain == "*" || iequals(domain, host)) return true;
        if (domain.front() == '.') domain.remove_prefix(1);
        const bool is_below = host.size() > domain.size() && host[host.size() - domain.size() - 1] == '.';
        return is_below && iequals(host.substr(host.size() - domain.size()), domain);
    });
}

}  // namespace tocsin
