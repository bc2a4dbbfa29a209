#include "notifiers/http_config.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/go_url.h"
#include "base/text.h"
#include "base/url.h"
#include "notifiers/integrations/templated_text.h"

namespace tocsin {
namespace {

void read_file_key(ConfigFields& fields, const std::string& key, const std::string& directory, SecretText& source) {
    const std::string file = key + "_file";
    if (fields.read(file, source.file) && !source.file.empty()) source.file = resolve_path(directory, source.file);
    fields.at_most_one({key, file});
}

const YamlNode* given(ConfigFields& fields, std::string_view key) {
    const YamlNode* node = fields.get(key);
    return node != nullptr && !node->is_null() ? node : nullptr;
}

// As prometheus/common orders them; nothing for a text that is none.
std::optional<int> tls_rank(std::string_view version) {
    constexpr std::array<std::string_view, 4> kVersions{"TLS10", "TLS11", "TLS12", "TLS13"};
    const auto found = std::ranges::find(kVersions, version);
    if (found == kVersions.end()) return std::nullopt;
    return static_cast<int>(found - kVersions.begin());
}
constexpr int kTls12 = 2;

/// One http_config: where file names start, and where what cannot be honoured goes.
class HttpReader {
public:
    HttpReader(ConfigReading& reading, const std::string& directory,
               std::vector<HttpClientConfig::Unsupported>& unsupported)
        : reading_(reading), directory_(directory), unsupported_(unsupported) {}

    void read_all(const YamlNode& node, HttpAccess& access) {
        ConfigFields fields(node, "http_config", reading_);
        read_credentials(fields, access);
        if (const YamlNode* tls = given(fields, "tls_config")) read_tls(*tls, access.way);
        fields.read("follow_redirects", access.way.follow_redirects);
        bool is_http2_allowed = true;  // it is never spoken
        fields.read("enable_http2", is_http2_allowed);
        read_proxy(fields, access.way);
        read_headers(fields, access);
        fields.finish();
    }

    void read_tls(const YamlNode& node, HttpAccess::Way& way) {
        ConfigFields fields(node, "tls_config", reading_);
        fields.read("ca", way.ca_pem);
        fields.read("cert", way.cert_pem);
        fields.read_secret("key", way.key_pem);
        read_path(fields, "ca_file", way.ca_file);
        read_path(fields, "cert_file", way.cert_file);
        read_path(fields, "key_file", way.key_file);
        for (const auto* reference : {"ca_ref", "cert_ref", "key_ref"}) cannot_honour(fields, reference, "tls_config.");
        fields.read("server_name", way.server_name);
        fields.read("insecure_skip_verify", way.insecure_skip_verify);
        read_tls_versions(fields, way);
        for (const std::string key : {"ca", "cert", "key"}) fields.at_most_one({key, key + "_file", key + "_ref"});
        check_own_certificate(fields);
        fields.finish();
    }

private:
    void cannot_honour(ConfigFields& fields, std::string_view key, std::string_view prefix = {}) {
        if (fields.has(key)) unsupported_.push_back({fmt::format("{}{}", prefix, key), fields.get(key)->where});
    }

    void read_path(ConfigFields& fields, std::string_view key, std::string& into) {
        if (fields.read(key, into) && !into.empty()) into = resolve_path(directory_, into);
    }

    // `key`, `key_file` and `key_ref`, of which one may be there.
    SecretText read_secret(ConfigFields& fields, const std::string& key, std::string_view prefix) {
        SecretText secret;
        fields.read_secret(key, secret.text);
        read_path(fields, key + "_file", secret.file);
        cannot_honour(fields, key + "_ref");
        fields.at_most_one({key, key + "_file", key + "_ref"}, prefix);
        return secret;
    }

    HttpAccess::BasicAuth read_basic_auth(const YamlNode& node) {
        ConfigFields fields(node, "basic_auth", reading_);
        HttpAccess::BasicAuth auth;
        std::string username;  // shown, unlike a secret
        fields.read("username", username);
        auth.username.text = Secret(username);
        read_path(fields, "username_file", auth.username.file);
        cannot_honour(fields, "username_ref");
        fields.at_most_one({"username", "username_file", "username_ref"}, "basic_auth ");
        auth.password = read_secret(fields, "password", "basic_auth ");
        fields.finish();
        return auth;
    }

    HttpAccess::Authorization read_authorization(const YamlNode& node) {
        ConfigFields fields(node, "authorization", reading_);
        HttpAccess::Authorization authorization;
        std::string type;
        if (fields.read("type", type) && !trim(type).empty()) authorization.type = trim(type);
        if (iequals(authorization.type, "basic")) {
            fields.report("type", R"(authorization type cannot be set to "basic", use "basic_auth" instead)");
        }
        authorization.credentials = read_secret(fields, "credentials", "authorization ");
        fields.finish();
        return authorization;
    }

    HttpAccess::OAuth2 read_oauth2(const YamlNode& node) {
        ConfigFields fields(node, "oauth2", reading_);
        HttpAccess::OAuth2 oauth2;
        fields.read("client_id", oauth2.client_id);
        oauth2.client_secret = read_secret(fields, "client_secret", "oauth2 ");
        fields.read("token_url", oauth2.token_url);
        fields.read("scopes", oauth2.scopes);
        fields.read("endpoint_params", oauth2.endpoint_params);
        if (const YamlNode* tls = given(fields, "tls_config")) read_tls(*tls, oauth2.way);
        read_proxy(fields, oauth2.way);
        read_signed_grant(fields, oauth2);
        if (oauth2.client_id.empty()) fields.report("client_id", "oauth2 client_id must be configured");
        if (oauth2.token_url.empty()) fields.report("token_url", "oauth2 token_url must be configured");
        fields.finish();
        return oauth2;
    }

    // Its keys mean nothing for another grant.
    void read_signed_grant(ConfigFields& fields, HttpAccess::OAuth2& oauth2) {
        HttpAccess::SignedGrant grant;
        grant.key = read_secret(fields, "client_certificate_key", "oauth2 ");
        fields.read("client_certificate_key_id", grant.key_id);
        std::string algorithm;
        if (fields.read("signature_algorithm", algorithm) && !algorithm.empty()) grant.algorithm = algorithm;
        fields.read("iss", grant.issuer);
        fields.read("audience", grant.audience);
        if (const YamlNode* claims = given(fields, "claims")) grant.claims = yaml_to_json(*claims);
        std::string type;
        fields.read("grant_type", type);
        if (type == kSignedGrantType) {
            check_signed_grant(fields, grant);
            oauth2.signed_grant = std::move(grant);
        } else if (!type.empty() && type != "client_credentials") {
            cannot_honour(fields, "grant_type", "oauth2.");
        }
    }

    static void check_signed_grant(ConfigFields& fields, const HttpAccess::SignedGrant& grant) {
        constexpr std::array<std::string_view, 3> kAlgorithms{"RS256", "RS384", "RS512"};
        if (std::ranges::find(kAlgorithms, grant.algorithm) == kAlgorithms.end()) {
            fields.report("signature_algorithm", "valid signature algorithms are RS256, RS384 and RS512");
        }
        if (const YamlNode* claims = given(fields, "claims"); claims != nullptr && !claims->is_map()) {
            fields.report("claims", "claims is not a map", "a map");
        }
    }

    void read_credentials(ConfigFields& fields, HttpAccess& access) {
        if (const YamlNode* node = given(fields, "basic_auth")) access.basic_auth = read_basic_auth(*node);
        if (const YamlNode* node = given(fields, "authorization")) access.authorization = read_authorization(*node);
        if (const YamlNode* node = given(fields, "oauth2")) access.oauth2 = read_oauth2(*node);
        SecretText bearer;
        fields.read_secret("bearer_token", bearer.text);
        read_path(fields, "bearer_token_file", bearer.file);
        fields.at_most_one({"bearer_token", "bearer_token_file"});
        check_one_way(fields, access, !bearer.empty());
        if (!bearer.empty() && !access.authorization)
            access.authorization = HttpAccess::Authorization{"Bearer", bearer};
    }

    static void check_one_way(ConfigFields& fields, const HttpAccess& access, bool has_bearer) {
        const int ways =
            int(access.basic_auth.has_value()) + int(access.authorization.has_value()) + int(access.oauth2.has_value());
        if (has_bearer && (access.basic_auth || access.oauth2)) {
            fields.report("bearer_token",
                          "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured");
        } else if (has_bearer && access.authorization) {
            fields.report("authorization", "authorization is not compatible with bearer_token & bearer_token_file");
        } else if (ways > 1) {
            fields.report("authorization", "at most one of basic_auth, oauth2 & authorization must be configured");
        }
    }

    // Nothing below 1.2 is spoken, so that is the least where less would be allowed.
    void read_tls_versions(ConfigFields& fields, HttpAccess::Way& way) {
        const auto least = read_tls_version(fields, "min_version");
        const auto most = read_tls_version(fields, "max_version");
        if (least && most && *most < *least) {
            fields.report("max_version",
                          "tls_config.max_version must be greater than or equal to "
                          "tls_config.min_version if both are specified");
        }
        if (least && *least > kTls12) way.tls_min = TlsVersion::Tls13;
        if (most && *most == kTls12) way.tls_max = TlsVersion::Tls12;
        if (most && *most < kTls12) cannot_honour(fields, "max_version", "tls_config.");
    }

    static std::optional<int> read_tls_version(ConfigFields& fields, std::string_view key) {
        std::string text;
        if (!fields.read(key, text) || text.empty()) return std::nullopt;
        const auto rank = tls_rank(text);
        if (!rank) fields.report(key, fmt::format("unknown TLS version: {}", text), "TLS10, TLS11, TLS12 or TLS13");
        return rank;
    }

    static void check_own_certificate(ConfigFields& fields) {
        const auto has = [&](const std::string& key) {
            return fields.has(key) || fields.has(key + "_file") || fields.has(key + "_ref");
        };
        if (has("cert") && !has("key")) {
            fields.report("cert_file",
                          "exactly one of key or key_file must be configured when a client certificate is configured");
        } else if (has("key") && !has("cert")) {
            fields.report("key_file",
                          "exactly one of cert or cert_file must be configured when a client key is configured");
        }
    }

    // Nothing of what stands there is told, whatever it is.
    std::vector<std::string> read_secret_list(ConfigFields& fields, std::string_view key) {
        const YamlNode* list = given(fields, key);
        std::vector<std::string> texts;
        if (list != nullptr && !list->is_sequence()) {
            fields.report(key, fmt::format("{} is not a list", go_quote(key)), "a list of strings");
        } else if (fields.read(key, texts)) {
            for (const YamlNode& item : list->items) reading_.secrets.push_back(&item);
        }
        return texts;
    }

    void read_proxy_headers(ConfigFields& fields, HttpAccess::Way& way) {
        const YamlNode* node = given(fields, "proxy_connect_header");
        if (node == nullptr) return;
        if (!node->is_map()) {
            return fields.report("proxy_connect_header", "proxy_connect_header is not a map", "a map");
        }
        ConfigFields headers(*node, "proxy_connect_header", reading_);
        for (const auto& entry : node->entries) {
            for (std::string& text : read_secret_list(headers, entry.key)) {
                way.proxy_connect_headers.emplace_back(entry.key, Secret(std::move(text)));
            }
        }
    }

    // Only the URL package of Go looks at a proxy's URL when a file is loaded, so nearly every text passes there.
    void read_proxy(ConfigFields& fields, HttpAccess::Way& way) {
        fields.read("proxy_url", way.proxy_url);
        fields.read("no_proxy", way.no_proxy);
        fields.read("proxy_from_environment", way.proxy_from_environment);
        read_proxy_headers(fields, way);
        // The text may have a password in it.
        if (!is_go_url(way.proxy_url)) fields.report("proxy_url", "proxy_url is not a valid URL");
        if (const auto url = parse_url(way.proxy_url); !way.proxy_url.empty() && (!url || url->scheme != "http")) {
            cannot_honour(fields, "proxy_url");
        }
        check_proxy(fields, way);
    }

    static void check_proxy(ConfigFields& fields, const HttpAccess::Way& way) {
        if (way.proxy_from_environment && !way.proxy_url.empty()) {
            fields.report("proxy_url", "if proxy_from_environment is configured, proxy_url must not be configured");
        }
        if (way.proxy_from_environment && !way.no_proxy.empty()) {
            fields.report("no_proxy", "if proxy_from_environment is configured, no_proxy must not be configured");
        }
        if (way.proxy_from_environment || !way.proxy_url.empty()) return;
        if (!way.no_proxy.empty()) {
            fields.report("no_proxy", "if no_proxy is configured, proxy_url must also be configured");
        }
        if (fields.has("proxy_connect_header")) {
            fields.report(
                "proxy_connect_header",
                "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured");
        }
    }

    void read_header(const YamlNode::Entry& entry, HttpAccess& access) {
        // What stands there instead may be the secret itself.
        if (!entry.value.is_map() && !entry.value.is_null()) {
            return reading_.problem(entry.value.where, fmt::format("{} is not a map", go_quote(entry.key)),
                                    "a map with values, secrets or files");
        }
        ConfigFields fields(entry.value, "http_headers", reading_);
        std::vector<std::string> values, files;
        fields.read("values", values);
        std::vector<std::string> secrets = read_secret_list(fields, "secrets");
        fields.read("files", files);
        fields.finish();
        for (auto* texts : {&values, &secrets}) {
            for (std::string& text : *texts)
                access.headers.emplace_back(entry.key, SecretText{Secret(std::move(text)), {}});
        }
        for (const std::string& file : files) {
            access.headers.emplace_back(entry.key, SecretText{{}, resolve_path(directory_, file)});
        }
        if (is_reserved_header(entry.key)) {
            fields.report({}, fmt::format("setting header {} is not allowed", go_quote(entry.key)));
        }
    }

    void read_headers(ConfigFields& fields, HttpAccess& access) {
        const YamlNode* node = given(fields, "http_headers");
        if (node == nullptr) return;
        if (!node->is_map()) return fields.report("http_headers", "http_headers is not a map", "a map");
        for (const auto& entry : node->entries) read_header(entry, access);
    }

    ConfigReading& reading_;
    const std::string& directory_;
    std::vector<HttpClientConfig::Unsupported>& unsupported_;
};

}  // namespace

SecretText read_secret_source(ConfigFields& fields, const std::string& key, const std::string& directory) {
    SecretText source;
    fields.read_secret(key, source.text);
    read_file_key(fields, key, directory, source);
    return source;
}

SecretText read_secret_url_source(ConfigFields& fields, const std::string& key, const std::string& directory) {
    SecretText source;
    fields.read_secret_url(key, source.text);
    read_file_key(fields, key, directory, source);
    return source;
}

SecretText read_required_url(ConfigFields& fields, const std::string& key, const std::string& directory) {
    SecretText source = read_secret_url_source(fields, key, directory);
    if (!fields.has(key) && source.file.empty()) {
        fields.report({}, fmt::format("one of {} or {}_file must be configured", key, key));
    }
    return source;
}

HttpClientConfig read_http_config(const YamlNode& node, ConfigReading& reading, const std::string& directory) {
    HttpClientConfig config;
    HttpReader(reading, directory, config.unsupported).read_all(node, config.access);
    return config;
}

void read_tls_config(const YamlNode& node, ConfigReading& reading, const std::string& directory, HttpAccess::Way& way,
                     std::vector<HttpClientConfig::Unsupported>& unsupported) {
    HttpReader(reading, directory, unsupported).read_tls(node, way);
}

}  // namespace tocsin
