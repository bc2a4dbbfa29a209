#include "notifiers/http_config.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"

namespace tocsin {
namespace {

using Unsupported = HttpClientConfig::Unsupported;

constexpr std::uint64_t kSecretFileBytesMax = 64 * 1024;

// Go's client sets these itself (prometheus/common config.ReservedHeaders).
constexpr std::array<std::string_view, 20> kReservedHeaders = {"authorization",
                                                               "host",
                                                               "content-encoding",
                                                               "content-length",
                                                               "content-type",
                                                               "user-agent",
                                                               "connection",
                                                               "keep-alive",
                                                               "proxy-authenticate",
                                                               "proxy-authorization",
                                                               "www-authenticate",
                                                               "accept-encoding",
                                                               "x-prometheus-remote-write-version",
                                                               "x-prometheus-remote-read-version",
                                                               "x-prometheus-scrape-timeout-seconds",
                                                               "x-amz-date",
                                                               "x-amz-security-token",
                                                               "x-amz-content-sha256",
                                                               "te",
                                                               "trailer"};

void read_file_key(ConfigFields& fields, const std::string& key, const std::string& directory, SecretSource& source) {
    const std::string file = key + "_file";
    if (fields.read(file, source.file) && !source.file.empty()) source.file = resolve_path(directory, source.file);
    fields.at_most_one({key, file});
}

/// Reads `key`, `key_file` and `key_ref` of a mapping.
SecretSource read_secret_or_ref(ConfigFields& fields, const std::string& key, const std::string& directory,
                                std::vector<Unsupported>& unsupported, std::string_view prefix) {
    SecretSource source;
    fields.read_secret(key, source.text);
    if (fields.read(key + "_file", source.file) && !source.file.empty()) {
        source.file = resolve_path(directory, source.file);
    }
    if (fields.has(key + "_ref")) unsupported.push_back({key + "_ref", fields.get(key + "_ref")->where});
    fields.at_most_one({key, key + "_file", key + "_ref"}, prefix);
    return source;
}

void read_oauth2(const YamlNode& node, ConfigReading& reading, const std::string& directory,
                 std::vector<Unsupported>& unsupported) {
    unsupported.push_back({"oauth2", node.where});
    ConfigFields fields(node, "oauth2", reading);
    std::vector<Unsupported> ignored;
    read_secret_or_ref(fields, "client_secret", directory, ignored, "oauth2 ");
    read_secret_or_ref(fields, "client_certificate_key", directory, ignored, "oauth2 ");
    if (!fields.has("client_id")) fields.report("client_id", "oauth2 client_id must be configured");
    if (!fields.has("token_url")) fields.report("token_url", "oauth2 token_url must be configured");
    std::vector<std::string> scopes;
    std::vector<std::pair<std::string, std::string>> parameters;
    fields.read("scopes", scopes);
    fields.read("endpoint_params", parameters);
    if (const YamlNode* tls = fields.get("tls_config")) read_tls_config(*tls, reading, directory, ignored);
    for (const auto* key : {"proxy_url", "no_proxy", "proxy_from_environment", "proxy_connect_header", "grant_type",
                            "client_certificate_key_id", "signature_algorithm", "iss", "audience", "claims"}) {
        fields.ignore(key);
    }
    fields.finish();
}

HttpClientConfig::BasicAuth read_basic_auth(const YamlNode& node, ConfigReading& reading, const std::string& directory,
                                            std::vector<Unsupported>& unsupported) {
    ConfigFields fields(node, "basic_auth", reading);
    HttpClientConfig::BasicAuth auth;
    std::string username;
    fields.read("username", username);
    auth.username.text = Secret(username);
    if (fields.read("username_file", auth.username.file) && !auth.username.file.empty()) {
        auth.username.file = resolve_path(directory, auth.username.file);
    }
    if (fields.has("username_ref")) unsupported.push_back({"username_ref", fields.get("username_ref")->where});
    fields.at_most_one({"username", "username_file", "username_ref"}, "basic_auth ");
    auth.password = read_secret_or_ref(fields, "password", directory, unsupported, "basic_auth ");
    fields.finish();
    return auth;
}

HttpClientConfig::Authorization read_authorization(const YamlNode& node, ConfigReading& reading,
                                                   const std::string& directory,
                                                   std::vector<Unsupported>& unsupported) {
    ConfigFields fields(node, "authorization", reading);
    HttpClientConfig::Authorization authorization;
    std::string type;
    if (fields.read("type", type) && !trim(type).empty()) authorization.type = trim(type);
    if (iequals(authorization.type, "basic")) {
        fields.report("type", R"(authorization type cannot be set to "basic", use "basic_auth" instead)");
    }
    authorization.credentials = read_secret_or_ref(fields, "credentials", directory, unsupported, "authorization ");
    fields.finish();
    return authorization;
}

HttpClientConfig::Header read_header(const YamlNode::Entry& entry, ConfigReading& reading,
                                     const std::string& directory) {
    ConfigFields fields(entry.value, "http_headers", reading);
    HttpClientConfig::Header header{entry.key, {}};
    std::vector<std::string> values;
    fields.read("values", values);
    for (std::string& value : values) header.values.push_back({Secret(std::move(value)), {}});
    std::vector<std::string> secrets;
    if (fields.read("secrets", secrets)) {
        for (const YamlNode& item : fields.get("secrets")->items) reading.secrets.push_back(&item);
    }
    for (std::string& secret : secrets) header.values.push_back({Secret(std::move(secret)), {}});
    std::vector<std::string> files;
    fields.read("files", files);
    for (const std::string& file : files) header.values.push_back({{}, resolve_path(directory, file)});
    fields.finish();
    const std::string name = to_lower(entry.key);
    if (std::find(kReservedHeaders.begin(), kReservedHeaders.end(), name) != kReservedHeaders.end()) {
        fields.report({}, fmt::format("setting header {} is not allowed", go_quote(entry.key)));
    }
    return header;
}

void read_headers(ConfigFields& fields, HttpClientConfig& config, const std::string& directory) {
    const YamlNode* node = fields.get("http_headers");
    if (node == nullptr || node->is_null()) return;
    if (!node->is_map()) return fields.report("http_headers", "http_headers is not a map", "a map");
    for (const auto& entry : node->entries) {
        config.headers.push_back(read_header(entry, fields.reading(), directory));
    }
}

void read_proxy(ConfigFields& fields, HttpClientConfig& config) {
    // Only the URL package of Go looks at a proxy's URL when a file is loaded, so nearly every text passes there.
    fields.read("proxy_url", config.proxy_url);
    fields.read("no_proxy", config.no_proxy);
    bool from_environment = false;
    fields.read("proxy_from_environment", from_environment);
    const bool connect_header = fields.has("proxy_connect_header");
    if (connect_header)
        config.unsupported.push_back({"proxy_connect_header", fields.get("proxy_connect_header")->where});
    if (from_environment) {
        config.unsupported.push_back({"proxy_from_environment", fields.get("proxy_from_environment")->where});
        if (!config.proxy_url.empty()) {
            fields.report("proxy_url", "if proxy_from_environment is configured, proxy_url must not be configured");
        }
        if (!config.no_proxy.empty()) {
            fields.report("no_proxy", "if proxy_from_environment is configured, no_proxy must not be configured");
        }
    } else if (config.proxy_url.empty()) {
        if (!config.no_proxy.empty()) {
            fields.report("no_proxy", "if no_proxy is configured, proxy_url must also be configured");
        }
        if (connect_header) {
            fields.report(
                "proxy_connect_header",
                "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured");
        }
    }
}

void read_credentials(ConfigFields& fields, HttpClientConfig& config, const std::string& directory) {
    const auto given = [&](std::string_view key) {
        const YamlNode* node = fields.get(key);
        return node != nullptr && !node->is_null() ? node : nullptr;
    };
    if (const YamlNode* node = given("basic_auth")) {
        config.basic_auth = read_basic_auth(*node, fields.reading(), directory, config.unsupported);
    }
    if (const YamlNode* node = given("authorization")) {
        config.authorization = read_authorization(*node, fields.reading(), directory, config.unsupported);
    }
    if (const YamlNode* node = given("oauth2")) read_oauth2(*node, fields.reading(), directory, config.unsupported);

    SecretSource bearer;
    fields.read_secret("bearer_token", bearer.text);
    if (fields.read("bearer_token_file", bearer.file) && !bearer.file.empty()) {
        bearer.file = resolve_path(directory, bearer.file);
    }
    fields.at_most_one({"bearer_token", "bearer_token_file"});
    const bool has_bearer = !bearer.empty();
    const bool has_oauth2 = given("oauth2") != nullptr;
    if (has_bearer && (config.basic_auth || has_oauth2)) {
        fields.report("bearer_token",
                      "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured");
    } else if (has_bearer && config.authorization) {
        fields.report("authorization", "authorization is not compatible with bearer_token & bearer_token_file");
    } else if (int(config.basic_auth.has_value()) + int(config.authorization.has_value()) + int(has_oauth2) > 1) {
        fields.report("authorization", "at most one of basic_auth, oauth2 & authorization must be configured");
    }
    if (has_bearer && !config.authorization) config.authorization = HttpClientConfig::Authorization{"Bearer", bearer};
}

}  // namespace

SecretSource read_secret_source(ConfigFields& fields, const std::string& key, const std::string& directory) {
    SecretSource source;
    fields.read_secret(key, source.text);
    read_file_key(fields, key, directory, source);
    return source;
}

SecretSource read_secret_url_source(ConfigFields& fields, const std::string& key, const std::string& directory) {
    SecretSource source;
    fields.read_secret_url(key, source.text);
    read_file_key(fields, key, directory, source);
    return source;
}

SecretSource read_required_url(ConfigFields& fields, const std::string& key, const std::string& directory) {
    SecretSource source = read_secret_url_source(fields, key, directory);
    if (!fields.has(key) && source.file.empty()) {
        fields.report({}, fmt::format("one of {} or {}_file must be configured", key, key));
    }
    return source;
}

Result<std::string> SecretSource::resolve(Disk& disk) const {
    if (file.empty()) return text.reveal();
    auto content = read_file(disk, file, kSecretFileBytesMax);
    if (!content) return tl::unexpected(std::move(content).error());
    return std::string(trim(*content));
}

HttpOptions HttpClientConfig::options_for(std::string_view host) const {
    HttpOptions options;
    options.follow_redirects = follow_redirects;
    options.insecure_skip_verify = tls.insecure_skip_verify;
    options.ca_file = tls.ca_file;
    options.cert_file = tls.cert_file;
    options.key_file = tls.key_file;
    options.server_name = tls.server_name;
    if (!matches_no_proxy(no_proxy, host)) options.proxy_url = proxy_url;
    return options;
}

Result<std::vector<HttpHeader>> HttpClientConfig::request_headers(Disk& disk) const {
    std::vector<HttpHeader> out;
    if (basic_auth) {
        TOCSIN_TRY(const std::string username, basic_auth->username.resolve(disk));
        TOCSIN_TRY(const std::string password, basic_auth->password.resolve(disk));
        out.push_back({"Authorization", "Basic " + base64_encode(username + ":" + password)});
    } else if (authorization) {
        TOCSIN_TRY(const std::string credentials, authorization->credentials.resolve(disk));
        out.push_back({"Authorization", authorization->type + " " + credentials});
    }
    for (const Header& header : headers) {
        for (const SecretSource& value : header.values) {
            TOCSIN_TRY(std::string text, value.resolve(disk));
            out.push_back({header.name, std::move(text)});
        }
    }
    return out;
}

HttpClientConfig::Tls read_tls_config(const YamlNode& node, ConfigReading& reading, const std::string& directory,
                                      std::vector<Unsupported>& unsupported) {
    ConfigFields fields(node, "tls_config", reading);
    HttpClientConfig::Tls tls;
    const auto read_path = [&](std::string_view key, std::string& into) {
        if (fields.read(key, into) && !into.empty()) into = resolve_path(directory, into);
    };
    read_path("ca_file", tls.ca_file);
    read_path("cert_file", tls.cert_file);
    read_path("key_file", tls.key_file);
    fields.read("server_name", tls.server_name);
    fields.read("insecure_skip_verify", tls.insecure_skip_verify);
    Secret key;
    fields.read_secret("key", key);
    for (const auto* inline_key : {"ca", "cert", "key", "ca_ref", "cert_ref", "key_ref"}) {
        if (fields.has(inline_key))
            unsupported.push_back({std::string("tls_config.") + inline_key, fields.get(inline_key)->where});
    }
    for (const auto* version : {"min_version", "max_version"}) {
        std::string text;
        if (!fields.read(version, text) || text.empty()) continue;
        const bool known = text == "TLS10" || text == "TLS11" || text == "TLS12" || text == "TLS13";
        if (!known)
            fields.report(version, fmt::format("unknown TLS version: {}", text), "TLS10, TLS11, TLS12 or TLS13");
    }
    fields.at_most_one({"ca", "ca_file", "ca_ref"});
    fields.at_most_one({"cert", "cert_file", "cert_ref"});
    fields.at_most_one({"key", "key_file", "key_ref"});
    const bool has_cert = fields.has("cert") || fields.has("cert_file") || fields.has("cert_ref");
    const bool has_key = fields.has("key") || fields.has("key_file") || fields.has("key_ref");
    if (has_cert && !has_key) {
        fields.report("cert_file",
                      "exactly one of key or key_file must be configured when a client certificate is configured");
    } else if (has_key && !has_cert) {
        fields.report("key_file",
                      "exactly one of cert or cert_file must be configured when a client key is configured");
    }
    fields.finish();
    return tls;
}

HttpClientConfig read_http_config(const YamlNode& node, ConfigReading& reading, const std::string& directory) {
    ConfigFields fields(node, "http_config", reading);
    HttpClientConfig config;
    read_credentials(fields, config, directory);
    const YamlNode* tls = fields.get("tls_config");
    if (tls != nullptr && !tls->is_null()) config.tls = read_tls_config(*tls, reading, directory, config.unsupported);
    fields.read("follow_redirects", config.follow_redirects);
    bool http2 = true;
    fields.read("enable_http2", http2);
    read_proxy(fields, config);
    read_headers(fields, config, directory);
    fields.finish();
    return config;
}

bool matches_no_proxy(std::string_view no_proxy, std::string_view host) {
    for (const std::string_view piece : split(no_proxy, ',')) {
        std::string_view domain = trim(piece);
        if (domain.empty()) continue;
        if (domain == "*") return true;
        if (iequals(domain, host)) return true;
        if (domain.front() == '.') domain.remove_prefix(1);
        const bool longer = host.size() > domain.size() && host[host.size() - domain.size() - 1] == '.';
        if (longer && iequals(host.substr(host.size() - domain.size()), domain)) return true;
    }
    return false;
}

}  // namespace tocsin
