#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "base/http.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/yaml.h"

namespace tocsin {

/// A secret from the configuration, or from a file that it names.
struct SecretText {
    Secret text;
    std::string file;

    bool empty() const { return text.empty() && file.empty(); }
    /// The text, or what is in the file now, without surrounding blanks.
    Result<std::string> resolve(Disk& disk) const;
    bool operator==(const SecretText&) const = default;
};

/// How servers of one kind are reached, and how a request to them proves who it comes from: prometheus/common's
/// HTTPClientConfig. Plain data.
struct HttpAccess {
    struct BasicAuth {
        SecretText username, password;
        bool operator==(const BasicAuth&) const = default;
    };
    struct Authorization {
        std::string type = "Bearer";
        SecretText credentials;
        bool operator==(const Authorization&) const = default;
    };
    /// The way to a server.
    struct Way {
        bool follow_redirects = true;
        bool insecure_skip_verify = false;
        std::string ca_file, cert_file, key_file, server_name;
        std::string ca_pem, cert_pem;  // text instead of the file
        Secret key_pem;
        TlsVersion tls_min = TlsVersion::Tls12, tls_max = TlsVersion::Tls13;
        std::string proxy_url, no_proxy;
        bool proxy_from_environment = false;
        std::vector<std::pair<std::string, Secret>> proxy_connect_headers;

        HttpOptions options() const;
        bool operator==(const Way&) const = default;
    };
    /// A token is asked for with a signature instead of a secret, RFC 7523 2.1.
    struct SignedGrant {
        SecretText key;                   // of RSA, as PEM
        std::string algorithm = "RS256";  // or RS384, RS512
        std::string key_id;               // empty: none is said
        std::string issuer;               // empty: the client_id
        std::string audience;             // empty: the token_url
        Json claims;                      // an object, or null; they go before those above
        bool operator==(const SignedGrant&) const = default;
    };
    /// Client credentials, RFC 6749 4.4, unless there is a signed grant.
    struct OAuth2 {
        std::string client_id, token_url;
        SecretText client_secret;
        std::vector<std::string> scopes;
        std::vector<std::pair<std::string, std::string>> endpoint_params;
        std::optional<SignedGrant> signed_grant;
        Way way;
        bool operator==(const OAuth2&) const = default;
    };

    // At most one of the three.
    std::optional<BasicAuth> basic_auth;
    std::optional<Authorization> authorization;
    std::optional<OAuth2> oauth2;
    std::vector<std::pair<std::string, SecretText>> headers;
    Way way;

    bool operator==(const HttpAccess&) const = default;
};

/// Reads the keys of it that stand in `fields` (of a job, of a discovery). Relative file names start in `directory`.
/// What Prometheus knows and tocsin cannot do is reported, since the server could not be reached without it.
HttpAccess read_http_access(YamlFields& fields, const std::string& directory, Diagnostics& problems);

/// Reads `min_version` and `max_version`. Versions before 1.2 are never spoken: they may stand as the least, where they
/// mean 1.2, and are reported as the highest.
void read_tls_versions(YamlFields& fields, TlsVersion& least, TlsVersion& most);

/// The `grant_type` of OAuth2::signed_grant.
inline constexpr std::string_view kSignedGrantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Whether the client sets this header itself, so that no configuration may (prometheus/common config.ReservedHeaders).
bool is_reserved_header(std::string_view name);

/// A file that says nothing else: what promtool and amtool call `--http.config.file`. Relative file names in it start
/// where it lies.
Parsed<HttpAccess> parse_http_access(std::string_view text, const std::string& path);

}  // namespace tocsin
