#pragma once

#include <set>
#include <string>

#include "notifiers/http_config.h"

namespace tocsin {

/// `global:`, what receivers fall back to.
struct GlobalConfig {
    Duration resolve_timeout{300'000};
    HttpClientConfig http;
    SecretSource slack_api_url;
    SecretSource slack_app_token;
    std::string slack_app_url = "https://slack.com/api/chat.postMessage";
    std::string pagerduty_url = "https://events.pagerduty.com/v2/enqueue";
    /// Keys that were given a value, for integrations which are only checked.
    std::set<std::string, std::less<>> given;
};

/// `node` may be null: everything has a default.
GlobalConfig read_global_config(const YamlNode* node, ConfigReading& reading, const std::string& directory);

/// Reports a `smarthost` that is not `host:port`.
void check_host_port(ConfigFields& fields, std::string_view key);

}  // namespace tocsin
