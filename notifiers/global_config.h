#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "notifiers/http_config.h"

namespace tocsin {

/// The mail server and how to speak to it: `smtp_*` of `global`, and the same keys of a receiver.
struct SmtpConfig {
    std::string from;  // a template
    std::string hello = "localhost";
    std::string smarthost;  // host:port
    std::string auth_username;
    SecretText auth_password;
    SecretText auth_secret;
    std::string auth_identity;
    bool require_tls = true;
    HttpAccess::Way tls;  // of it the parts that are about TLS
    std::vector<HttpClientConfig::Unsupported> unsupported_tls;
    std::optional<bool> force_implicit_tls;  // by the port when absent
};

/// `global:`, what receivers fall back to.
struct GlobalConfig {
    Duration resolve_timeout{300'000};
    HttpClientConfig http;
    SecretText slack_api_url;
    SecretText slack_app_token;
    std::string slack_app_url = "https://slack.com/api/chat.postMessage";
    std::string pagerduty_url = "https://events.pagerduty.com/v2/enqueue";
    std::string opsgenie_api_url = "https://api.opsgenie.com/";
    SecretText opsgenie_api_key;
    std::string telegram_api_url = "https://api.telegram.org";
    SecretText telegram_bot_token;
    SmtpConfig smtp;
    /// Keys that were given a value, for integrations which are only checked.
    std::set<std::string, std::less<>> given;
};

/// `node` may be null: everything has a default.
GlobalConfig read_global_config(const YamlNode* node, ConfigReading& reading, const std::string& directory);

/// Reads what `global` (with the prefix `smtp_`) and an `email_configs` entry (without) have in common, over what
/// `into` has already. A smarthost that is not `host:port` is reported.
void read_smtp_config(ConfigFields& fields, const std::string& prefix, const std::string& directory, SmtpConfig& into);

}  // namespace tocsin
