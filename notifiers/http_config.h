#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "base/http.h"
#include "notifiers/config_fields.h"

namespace tocsin {

/// A secret given in the file itself or in a file of its own, which is read again at every use so that it can be
/// replaced without a reload.
struct SecretSource {
    Secret text;
    std::string file;

    bool empty() const { return text.empty() && file.empty(); }
    /// The text, or the file's content without surrounding blanks.
    Result<std::string> resolve(Disk& disk) const;
};

/// Reads `key` and `key_file`, of which one at most may be given. A relative file is one of `directory`.
SecretSource read_secret_source(ConfigFields& fields, const std::string& key, const std::string& directory);
/// The same for a secret URL.
SecretSource read_secret_url_source(ConfigFields& fields, const std::string& key, const std::string& directory);
/// And for one that must be given.
SecretSource read_required_url(ConfigFields& fields, const std::string& key, const std::string& directory);

/// `http_config` of a receiver: prometheus/common's HTTPClientConfig.
struct HttpClientConfig {
    struct BasicAuth {
        SecretSource username;
        SecretSource password;
    };
    struct Authorization {
        std::string type = "Bearer";
        SecretSource credentials;
    };
    struct Header {
        std::string name;
        std::vector<SecretSource> values;
    };
    struct Tls {
        std::string ca_file, cert_file, key_file, server_name;
        bool insecure_skip_verify = false;
    };
    /// A key that is valid and that tocsin cannot honour, so that what needs it cannot be sent.
    struct Unsupported {
        std::string key;
        SourceRange where;
    };

    std::optional<BasicAuth> basic_auth;
    std::optional<Authorization> authorization;
    Tls tls;
    bool follow_redirects = true;
    std::string proxy_url;
    std::string no_proxy;
    std::vector<Header> headers;
    std::vector<Unsupported> unsupported;

    /// What the client needs. `host` decides whether no_proxy applies.
    HttpOptions options_for(std::string_view host) const;
    /// `Authorization` and the configured headers; reads secret files.
    Result<std::vector<HttpHeader>> request_headers(Disk& disk) const;
};

/// Reads an `http_config` mapping. Relative file names are resolved against `directory`.
HttpClientConfig read_http_config(const YamlNode& node, ConfigReading& reading, const std::string& directory);

/// Reads a `tls_config` mapping; what cannot be honoured is added to `unsupported`.
HttpClientConfig::Tls read_tls_config(const YamlNode& node, ConfigReading& reading, const std::string& directory,
                                      std::vector<HttpClientConfig::Unsupported>& unsupported);

/// Whether `host` is named by a `no_proxy` list: hosts, domains with and without a leading dot, `*`. Address blocks
/// match only an address that is equal.
bool matches_no_proxy(std::string_view no_proxy, std::string_view host);

}  // namespace tocsin
