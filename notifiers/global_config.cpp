#include "notifiers/global_config.h"

#include <array>

#include <fmt/format.h>

namespace tocsin {
namespace {

constexpr std::array kTexts = {"smtp_from", "smtp_hello", "smtp_auth_username", "smtp_auth_identity",
                               "wechat_api_corp_id"};
constexpr std::array kFiles = {"smtp_auth_password_file", "smtp_auth_secret_file",    "opsgenie_api_key_file",
                               "wechat_api_secret_file",  "victorops_api_key_file",   "telegram_bot_token_file",
                               "rocketchat_token_file",   "rocketchat_token_id_file", "mattermost_webhook_url_file"};
constexpr std::array kSecrets = {"smtp_auth_password", "smtp_auth_secret",   "opsgenie_api_key", "wechat_api_secret",
                                 "victorops_api_key",  "telegram_bot_token", "rocketchat_token", "rocketchat_token_id"};
constexpr std::array kUrls = {"opsgenie_api_url", "wechat_api_url", "victorops_api_url", "telegram_api_url",
                              "webex_api_url",    "jira_api_url",   "rocketchat_api_url"};
constexpr std::array kPairs = {"smtp_auth_password", "smtp_auth_secret",    "opsgenie_api_key",
                               "wechat_api_secret",  "victorops_api_key",   "telegram_bot_token",
                               "rocketchat_token",   "rocketchat_token_id", "mattermost_webhook_url",
                               "slack_api_url",      "slack_app_token"};

/// Keys of integrations that cannot send yet: read for their mistakes only.
void read_for_other_integrations(ConfigFields& fields) {
    std::string text;
    Secret secret;
    for (const auto* key : kTexts) fields.read(key, text);
    for (const auto* key : kFiles) fields.read(key, text);
    for (const auto* key : kSecrets) fields.read_secret(key, secret);
    for (const auto* key : kUrls) fields.read_url(key, text);
    fields.read_secret_url("mattermost_webhook_url", secret);
    check_host_port(fields, "smtp_smarthost");
    bool flag = false;
    fields.read("smtp_require_tls", flag);
    fields.read("smtp_force_implicit_tls", flag);
    std::vector<HttpClientConfig::Unsupported> ignored;
    const YamlNode* tls = fields.get("smtp_tls_config");
    if (tls != nullptr && !tls->is_null()) read_tls_config(*tls, fields.reading(), {}, ignored);
}

void read_slack(ConfigFields& fields, GlobalConfig& config) {
    fields.read_secret_url("slack_api_url", config.slack_api_url.text);
    fields.read("slack_api_url_file", config.slack_api_url.file);
    fields.read_secret("slack_app_token", config.slack_app_token.text);
    fields.read("slack_app_token_file", config.slack_app_token.file);
    fields.read_url("slack_app_url", config.slack_app_url);
    const bool same_url =
        config.slack_api_url.file.empty() && config.slack_api_url.text.reveal() == config.slack_app_url;
    if (!config.slack_api_url.empty() && !config.slack_app_token.empty() && !same_url) {
        fields.report("slack_app_token",
                      "at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file must be "
                      "configured");
    }
}

}  // namespace

void check_host_port(ConfigFields& fields, std::string_view key) {
    std::string text;
    if (!fields.read(key, text) || text.empty()) return;
    const auto colon = text.rfind(':');
    const bool in_brackets = !text.empty() && text.back() == ']';
    if (colon == std::string::npos || in_brackets) {
        fields.report(key, fmt::format("address {}: missing port in address", text), "host:port");
    } else if (colon + 1 == text.size()) {
        fields.report(key, fmt::format("address \"{}\": port cannot be empty", text), "host:port");
    } else if (text.front() != '[' && text.find(':') != colon) {
        fields.report(key, fmt::format("address {}: too many colons in address", text), "host:port");
    }
}

GlobalConfig read_global_config(const YamlNode* node, ConfigReading& reading, const std::string& directory) {
    GlobalConfig config;
    if (node == nullptr || node->is_null()) return config;
    ConfigFields fields(*node, "global", reading);
    fields.read("resolve_timeout", config.resolve_timeout);
    const YamlNode* http = fields.get("http_config");
    if (http != nullptr && !http->is_null()) config.http = read_http_config(*http, reading, directory);
    read_slack(fields, config);
    fields.read_url("pagerduty_url", config.pagerduty_url);
    read_for_other_integrations(fields);
    for (const std::string key : kPairs) fields.at_most_one({key, key + "_file"});
    fields.finish();
    for (const auto& entry : node->entries) {
        const bool empty = entry.value.is_null() || (entry.value.is_scalar() && entry.value.text.empty());
        if (!empty) config.given.insert(entry.key);
    }
    return config;
}

}  // namespace tocsin
