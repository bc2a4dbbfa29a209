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

constexpr std::uint64_t kSecretFileBytesMax = 64 * 1024;

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

// Nothing of what stands there is told, whatever it is.
std::vector<std::string> read_secret_list(YamlFields& fields, std::string_view key) {
    std::vector<std::string> texts;
    if (const YamlNode* list = given(fields, key); list != nullptr && !list->is_sequence()) {
        fields.report(list->where, fmt::format("{} is not a list", go_quote(key)), "a list of strings");
    } else {
        fields.read(key, texts);
    }
    return texts;
}

// By name a list of values.
void read_connect_headers(YamlFields& fields, HttpAccess::Way& way, const Source& source) {
    const YamlNode* node = given(fields, "proxy_connect_header");
    if (node == nullptr) return;
    if (!node->is_map()) return fields.report(node->where, "proxy_connect_header is not a map", "a map");
    YamlFields headers = source.mapping(fields, *node, "proxy_connect_header");
    for (const YamlNode::Entry& entry : node->entries) {
        for (std::string& value : read_secret_list(headers, entry.key))
            way.proxy_connect_headers.emplace_back(entry.key, Secret(std::move(value)));
    }
    if (way.proxy_url.empty() && !way.proxy_from_environment) {
        fields.report(
            node->where,
            "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured");
    }
}

void read_proxy(YamlFields& fields, HttpAccess::Way& way, const Source& source) {
    if (const bool has_url = fields.read("proxy_url", way.proxy_url); has_url && !way.proxy_url.empty()) {
        if (const auto url = parse_url(way.proxy_url); !url || url->scheme != "http") {
            fields.report(fields.get("proxy_url")->where, "proxy_url cannot be used", "the URL of an http proxy");
        }
    }
    fields.read("no_proxy", way.no_proxy);
    fields.read("proxy_from_environment", way.proxy_from_environment);
    const auto refuse_with_environment = [&](const std::string& key) {
        fields.report(fields.get(key)->where,
                      fmt::format("if proxy_from_environment is configured, {} must not be configured", key));
    };
    if (way.proxy_from_environment) {
        if (!way.proxy_url.empty()) refuse_with_environment("proxy_url");
        if (!way.no_proxy.empty()) refuse_with_environment("no_proxy");
    } else if (!way.no_proxy.empty() && way.proxy_url.empty()) {
        fields.report(fields.get("no_proxy")->where, "if no_proxy is configured, proxy_url must also be configured");
    }
    read_connect_headers(fields, way, source);
}

// Nothing below 1.2 is spoken, so that is the least where less would be allowed.
void read_tls_range(YamlFields& tls, HttpAccess::Way& way) {
    read_tls_versions(tls, way.tls_min, way.tls_max);
    if (way.tls_min > way.tls_max) {
        tls.report(tls.get("max_version")->where,
                   "tls_config.max_version must be greater than or equal to "
                   "tls_config.min_version if both are specified");
    }
}

// Text in the configuration, or a file; not both.
template <class Text>
void read_pem(YamlFields& tls, const std::string& key, Text& text, std::string& file, const Source& source) {
    if (std::string pem; tls.read(key, pem)) text = Text(std::move(pem));
    read_path(tls, key + "_file", file, source);
    if (!text.empty() && !file.empty()) {
        tls.report(tls.get(key + "_file")->where,
                   fmt::format("at most one of {0} and {0}_file must be configured", key));
    }
}

void check_own_certificate(YamlFields& tls, const HttpAccess::Way& way) {
    const bool has_cert = !way.cert_file.empty() || !way.cert_pem.empty();
    const bool has_key = !way.key_file.empty() || !way.key_pem.empty();
    if (has_cert == has_key) return;
    tls.report(tls.node().where,
               has_cert ? "exactly one of key or key_file must be configured when a client certificate is configured"
                        : "exactly one of cert or cert_file must be configured when a client key is configured");
}

void read_tls(YamlFields& fields, HttpAccess::Way& way, const Source& source) {
    const YamlNode* node = given(fields, "tls_config");
    if (node == nullptr) return;
    YamlFields tls = source.mapping(fields, *node, "tls_config");
    read_pem(tls, "ca", way.ca_pem, way.ca_file, source);
    read_pem(tls, "cert", way.cert_pem, way.cert_file, source);
    read_pem(tls, "key", way.key_pem, way.key_file, source);
    tls.read("server_name", way.server_name);
    tls.read("insecure_skip_verify", way.insecure_skip_verify);
    read_tls_range(tls, way);
    refuse(tls, {"ca_ref", "cert_ref", "key_ref"});
    check_own_certificate(tls, way);
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
    read_proxy(keys, oauth2.way, source);
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
    // What stands there instead may be the secret itself.
    if (!entry.value.is_map() && !entry.value.is_null()) {
        return fields.report(entry.value.where, fmt::format("{} is not a map", go_quote(entry.key)),
                             "a map with values, secrets or files");
    }
    YamlFields keys = source.mapping(fields, entry.value, "http_headers");
    std::vector<std::string> values, files;
    keys.read("values", values);
    std::vector<std::string> secrets = read_secret_list(keys, "secrets");
    keys.read("files", files);
    keys.finish();
    if (is_reserved_header(entry.key)) {
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

void read_tls_versions(YamlFields& fields, TlsVersion& least, TlsVersion& most) {
    const auto read = [&](std::string_view key, TlsVersion& into, bool may_be_old) {
        std::string version;
        if (!fields.read(key, version)) return;
        const SourceRange& where = fields.get(key)->where;
        const bool is_old = version == "TLS10" || version == "TLS11";
        if (version == "TLS12" || version == "TLS13") {
            into = version == "TLS12" ? TlsVersion::Tls12 : TlsVersion::Tls13;
        } else if (!is_old) {
            fields.report(where, fmt::format("unknown TLS version: {}", version), "TLS12 or TLS13");
        } else if (!may_be_old) {
            fields.report(where, fmt::format("{} {} is not supported", key, version), "TLS12 or TLS13");
        }
    };
    read("min_version", least, true);
    read("max_version", most, false);
}

bool is_reserved_header(std::string_view name) {
    return std::ranges::count(kReservedHeaders, to_lower(name)) > 0;
}

Result<std::string> SecretText::resolve(Disk& disk) const {
    if (file.empty()) return text.reveal();
    auto content = read_file(disk, file, kSecretFileBytesMax);
    if (!content) return tl::unexpected(std::move(content).error());
    return std::string(trim(*content));
}

HttpOptions HttpAccess::Way::options() const {
    HttpOptions options;
    options.follow_redirects = follow_redirects;
    options.insecure_skip_verify = insecure_skip_verify;
    options.ca_file = ca_file;
    options.cert_file = cert_file;
    options.key_file = key_file;
    options.server_name = server_name;
    options.ca_pem = ca_pem;
    options.cert_pem = cert_pem;
    options.key_pem = key_pem;
    options.tls_min = tls_min;
    options.tls_max = tls_max;
    for (const auto& [name, value] : proxy_connect_headers) {
        options.proxy_connect_headers.push_back({name, value.reveal()});
    }
    options.proxy_url = proxy_url;
    options.no_proxy = no_proxy;
    options.proxy_from_environment = proxy_from_environment;
    return options;
}

HttpAccess read_http_access(YamlFields& fields, const std::string& directory, Diagnostics& problems) {
    HttpAccess access;
    const Source source{directory, problems};
    read_credentials(fields, access, source);
    read_tls(fields, access.way, source);
    read_proxy(fields, access.way, source);
    fields.read("follow_redirects", access.way.follow_redirects);
    read_headers(fields, access, source);
    return access;
}

Parsed<HttpAccess> parse_http_access(std::string_view text, const std::string& path) {
    const auto root = parse_yaml(text, path);
    if (!root) return tl::unexpected(root.error());
    Diagnostics problems;
    YamlFields fields(*root, "http configuration", path, problems);
    HttpAccess access = read_http_access(fields, directory_of(path), problems);
    fields.ignore("enable_http2");
    fields.finish();
    if (has_errors(problems)) return tl::unexpected(std::move(problems));
    return access;
}

}  // namespace tocsin
