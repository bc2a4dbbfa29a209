#pragma once

#include <string>
#include <vector>

#include "base/http_access.h"
#include "notifiers/config_fields.h"

namespace tocsin {

/// Reads `key` and `key_file`, of which one at most may be given. A relative file is one of `directory`.
SecretText read_secret_source(ConfigFields& fields, const std::string& key, const std::string& directory);
/// The same for a secret URL.
SecretText read_secret_url_source(ConfigFields& fields, const std::string& key, const std::string& directory);
/// And for one that must be given.
SecretText read_required_url(ConfigFields& fields, const std::string& key, const std::string& directory);

/// `http_config` of a receiver: prometheus/common's HTTPClientConfig, read with Alertmanager's verdicts.
struct HttpClientConfig {
    /// A key that is valid and that tocsin cannot honour, so that what needs it cannot be sent.
    struct Unsupported {
        std::string key;
        SourceRange where;
    };

    HttpAccess access;
    std::vector<Unsupported> unsupported;
};

/// Reads an `http_config` mapping. Relative file names are resolved against `directory`.
HttpClientConfig read_http_config(const YamlNode& node, ConfigReading& reading, const std::string& directory);

/// Reads a `tls_config` mapping into those parts of `way`; what cannot be honoured is added to `unsupported`.
void read_tls_config(const YamlNode& node, ConfigReading& reading, const std::string& directory, HttpAccess::Way& way,
                     std::vector<HttpClientConfig::Unsupported>& unsupported);

}  // namespace tocsin
