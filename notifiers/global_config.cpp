#include "notifiers/global_config.h"

#include <array>

#include <fmt/format.h>

namespace tocsin {
namespace {

constexpr std::array kFiles = {"wechat_api_secret_file", "victorops_api_key_file", "rocketchat_token_file",
                               "rocketchat_token_id_file", "mattermost_webhook_url_file"};
constexpr std::array kSecrets = {"wechat_api_secret", "victorops_api_key", "rocketchat_token", "rocketchat_token_id"};
constexpr std::array kUrls = {"wechat_api_url", "victorops_api_url", "webex_api_url", "jira_api_url",
                              "rocketchat_api_url"};
constexpr std::array kPairs = {"wechat_api_secret",      "victorops_api_key", "rocketchat_token", "rocketchat_token_id",
                               "mattermost_webhook_url", "slack_api_url",     "slack_app_token"};

/// Keys of integrations that cannot send yet: read for their mistakes only.
void read_for_other_integrations(ConfigFields& fields) {
    std::string text;
    Secret secret;
    fields.read("wechat_api_corp_id", text);
    for (const auto* key : kFiles) fields.read(key, text);
    for (const auto* key : kSecrets) fields.read_secret(key, secret);
    for (const auto* key : kUrls) fields.read_url(key, text);
    fields.read_secret_url("mattermost_webhook_url", secret);
}

void check_host_port(ConfigFields& fields, const std::string& key, const std::string& text) {
    if (text.empty()) return;
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || text.back() == ']') {
        fields.report(key, fmt::format("address {}: missing port in address", text), "host:port");
    } else if (colon + 1 == text.size()) {
        fields.report(key, fmt::format("address \"{}\": port cannot be empty", text), "host:port");
    } else if (text.front() != '[' && text.find(':') != colon) {
        fields.report(key, fmt::format("address {}: too many colons in address", text), "host:port");
    }
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

void read_smtp_config(ConfigFields& fields, const std::string& prefix, const std::string& directory, SmtpConfig& into) {
    fields.read(prefix + "from", into.from);
    fields.read(prefix + "hello", into.hello);
    if (fields.read(prefix + "smarthost", into.smarthost)) {
        check_host_port(fields, prefix + "smarthost", into.smarthost);
    }
    fields.read(prefix + "auth_username", into.auth_username);
    fields.read(prefix + "auth_identity", into.auth_identity);
    if (auto password = read_secret_source(fields, prefix + "auth_password", directory); !password.empty()) {
        into.auth_password = std::move(password);
    }
    if (auto secret = read_secret_source(fields, prefix + "auth_secret", directory); !secret.empty()) {
        into.auth_secret = std::move(secret);
    }
    fields.read(prefix + "require_tls", into.require_tls);
    bool implicit = false;
    if (fields.read(prefix + "force_implicit_tls", implicit)) into.force_implicit_tls = implicit;
    const YamlNode* tls = fields.get(prefix + "tls_config");
    if (tls == nullptr || tls->is_null()) return;
    into.unsupported_tls.clear();
    into.tls = {};
    read_tls_config(*tls, fields.reading(), directory, into.tls, into.unsupported_tls);
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
    fields.read_url("opsgenie_api_url", config.opsgenie_api_url);
    config.opsgenie_api_key = read_secret_source(fields, "opsgenie_api_key", directory);
    fields.read_url("telegram_api_url", config.telegram_api_url);
    config.telegram_bot_token = read_secret_source(fields, "telegram_bot_token", directory);
    read_smtp_config(fields, "smtp_", directory, config.smtp);
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
