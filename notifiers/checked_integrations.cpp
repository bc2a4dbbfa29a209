#include "notifiers/checked_integrations.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include <fmt/format.h>

#include "base/text.h"

// Keys, types and rules of Alertmanager 0.33 (notify/*/config.go and config/config.go). A check sees all keys of its
// entry as read; it says what the original says.

namespace tocsin {
namespace {

enum class KeyType { Text, Secret, Url, SecretUrl, Flag, Integer, Duration, GoDuration, Texts, TextMap, Any };

struct Key {
    std::string_view name;
    KeyType type = KeyType::Text;
};

void read_key(ConfigFields& fields, const Key& key) {
    std::string text;
    Secret secret;
    bool flag = false;
    std::int64_t integer = 0;
    Duration duration{};
    std::vector<std::string> texts;
    std::vector<std::pair<std::string, std::string>> map;
    switch (key.type) {
        case KeyType::Text:
            fields.read(key.name, text);
            break;
        case KeyType::Secret:
            fields.read_secret(key.name, secret);
            break;
        case KeyType::Url:
            fields.read_url(key.name, text);
            break;
        case KeyType::SecretUrl:
            fields.read_secret_url(key.name, secret);
            break;
        case KeyType::Flag:
            fields.read(key.name, flag);
            break;
        case KeyType::Integer:
            fields.read(key.name, integer);
            break;
        case KeyType::Duration:
            fields.read(key.name, duration);
            break;
        case KeyType::GoDuration:
            fields.read_go_duration(key.name, duration);
            break;
        case KeyType::Texts:
            fields.read(key.name, texts);
            break;
        case KeyType::TextMap:
            fields.read(key.name, map);
            break;
        case KeyType::Any:
            fields.ignore(key.name);
            break;
    }
}

void read_texts(ConfigFields& fields, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) read_key(fields, {name});
}

void read_keys(ConfigFields& fields, std::initializer_list<Key> keys) {
    for (const Key& key : keys) read_key(fields, key);
}

/// Whether the entry has its own `http_config` with an `authorization`.
bool read_http(ConfigFields& fields, const std::string& directory) {
    bool flag = false;
    fields.read("send_resolved", flag);
    const YamlNode* http = fields.get("http_config");
    if (http == nullptr || http->is_null()) return false;
    return read_http_config(*http, fields.reading(), directory).access.authorization.has_value();
}

void require(ConfigFields& fields, std::string_view key, std::string_view message) {
    if (!fields.has(key)) fields.report({}, std::string(message));
}

/// `one of url or url_file must be configured`, and not both.
void require_one_of_pair(ConfigFields& fields, const std::string& key) {
    const std::string file = key + "_file";
    fields.at_most_one({key, file});
    if (!fields.has(key) && !fields.has(file)) {
        fields.report({}, fmt::format("one of {} or {} must be configured", key, file));
    }
}

/// A pair that may be given in `global` instead.
void require_or_global(ConfigFields& fields, const GlobalConfig& global, const std::string& key,
                       const std::string& global_key, std::string_view message) {
    const std::string file = key + "_file";
    if (fields.has(key) && fields.has(file)) {
        fields.report(file, fmt::format("at most one of {} & {}_file must be configured", key, key));
    }
    const bool given = fields.has(key) || fields.has(file) || global.given.count(global_key) > 0 ||
                       global.given.count(global_key + "_file") > 0;
    if (!given) fields.report({}, std::string(message));
}

void read_chat_field(const YamlNode& node, ConfigReading& reading, std::string_view product) {
    ConfigFields fields(node, fmt::format("{} field", product), reading);
    read_texts(fields, {"title", "value"});
    read_key(fields, {"short", KeyType::Flag});
    require(fields, "title", fmt::format("missing title in {} field configuration", product));
    require(fields, "value", fmt::format("missing value in {} field configuration", product));
    fields.finish();
}

void check_incidentio(const YamlNode& node, ConfigReading& reading, const GlobalConfig&, const std::string& directory) {
    ConfigFields fields(node, "incidentio config", reading);
    const bool authorized = read_http(fields, directory);
    read_keys(fields, {{"url", KeyType::Url},
                       {"alert_source_token", KeyType::Secret},
                       {"max_alerts", KeyType::Integer},
                       {"timeout", KeyType::GoDuration}});
    read_texts(fields, {"url_file", "alert_source_token_file"});
    require_one_of_pair(fields, "url");
    fields.at_most_one({"alert_source_token", "alert_source_token_file"});
    const bool has_token = fields.has("alert_source_token") || fields.has("alert_source_token_file");
    if (has_token && authorized) {
        fields.report(
            {}, "cannot specify alert_source_token or alert_source_token_file when using http_config.authorization");
    } else if (!has_token && !authorized) {
        fields.report({},
                      "at least one of alert_source_token, alert_source_token_file or http_config.authorization must "
                      "be configured");
    }
    fields.finish();
}

void check_jira(const YamlNode& node, ConfigReading& reading, const GlobalConfig& global,
                const std::string& directory) {
    ConfigFields fields(node, "jira config", reading);
    read_http(fields, directory);
    read_texts(fields, {"api_type", "project", "issue_type", "priority", "reopen_transition", "resolve_transition",
                        "wont_fix_resolution"});
    read_keys(fields, {{"api_url", KeyType::Url},
                       {"summary", KeyType::Any},
                       {"description", KeyType::Any},
                       {"labels", KeyType::Texts},
                       {"reopen_duration", KeyType::Duration},
                       {"fields", KeyType::Any},
                       {"custom_fields", KeyType::Any}});
    require(fields, "project", "missing project in jira_config");
    require(fields, "issue_type", "missing issue_type in jira_config");
    if (!fields.has("api_url") && global.given.count("jira_api_url") == 0) {
        fields.report({}, "no global Jira Cloud URL set");
    }
    std::string api_type = "auto";
    fields.read("api_type", api_type);
    if (api_type != "auto" && api_type != "cloud" && api_type != "datacenter") {
        fields.report("api_type", fmt::format("unknown api_type on jira_config, must be cloud, datacenter, or auto"));
    }
    fields.finish();
}

void check_mattermost(const YamlNode& node, ConfigReading& reading, const GlobalConfig& global,
                      const std::string& directory) {
    ConfigFields fields(node, "mattermost config", reading);
    read_http(fields, directory);
    read_key(fields, {"webhook_url", KeyType::SecretUrl});
    read_texts(fields, {"webhook_url_file", "channel", "username", "text", "fallback", "color", "pretext",
                        "author_name", "author_link", "author_icon", "title", "title_link", "thumb_url", "footer",
                        "footer_icon", "image_url", "icon_url", "icon_emoji", "type"});
    read_keys(fields, {{"attachments", KeyType::Any}, {"props", KeyType::Any}, {"priority", KeyType::Any}});
    fields.read_each("fields", [&](const YamlNode& item) { read_chat_field(item, reading, "Mattermost"); });
    require_or_global(fields, global, "webhook_url", "mattermost_webhook_url",
                      "missing webhook_url or webhook_url_file on mattermost_config");
    fields.finish();
}

void check_msteams(const YamlNode& node, ConfigReading& reading, const GlobalConfig&, const std::string& directory) {
    ConfigFields fields(node, "msteams config", reading);
    read_http(fields, directory);
    read_key(fields, {"webhook_url", KeyType::SecretUrl});
    read_texts(fields, {"webhook_url_file", "title", "summary", "text"});
    require_one_of_pair(fields, "webhook_url");
    fields.finish();
}

void check_rocketchat(const YamlNode& node, ConfigReading& reading, const GlobalConfig& global,
                      const std::string& directory) {
    ConfigFields fields(node, "rocketchat config", reading);
    read_http(fields, directory);
    read_texts(fields, {"token_file", "token_id_file", "channel", "color", "title", "title_link", "text", "emoji",
                        "icon_url", "image_url", "thumb_url"});
    read_keys(fields, {{"api_url", KeyType::Url},
                       {"token", KeyType::Secret},
                       {"token_id", KeyType::Secret},
                       {"short_fields", KeyType::Flag},
                       {"link_names", KeyType::Flag},
                       {"fields", KeyType::Any},
                       {"actions", KeyType::Any}});
    require_or_global(fields, global, "token_id", "rocketchat_token_id",
                      "no global Rocketchat TokenID set either inline or in a file");
    require_or_global(fields, global, "token", "rocketchat_token",
                      "no global Rocketchat Token set either inline or in a file");
    fields.finish();
}

void check_sigv4(ConfigFields& fields) {
    const YamlNode* node = fields.get("sigv4");
    if (node == nullptr || node->is_null()) return;
    ConfigFields sigv4(*node, "sigv4", fields.reading());
    read_texts(sigv4, {"region", "profile", "role_arn", "external_id"});
    read_keys(
        sigv4,
        {{"access_key", KeyType::Text}, {"secret_key", KeyType::Secret}, {"use_fips_sts_endpoint", KeyType::Flag}});
    if (sigv4.has("access_key") != sigv4.has("secret_key")) {
        sigv4.report(
            {}, "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SNS config");
    }
    sigv4.finish();
}

void check_sns(const YamlNode& node, ConfigReading& reading, const GlobalConfig&, const std::string& directory) {
    ConfigFields fields(node, "sns config", reading);
    read_http(fields, directory);
    read_texts(fields, {"api_url", "topic_arn", "phone_number", "target_arn", "subject", "message"});
    read_keys(fields, {{"attributes", KeyType::TextMap}, {"use_aws_http_client", KeyType::Flag}});
    check_sigv4(fields);
    const int targets = int(fields.has("topic_arn")) + int(fields.has("phone_number")) + int(fields.has("target_arn"));
    // The original compares three times whether one is there, so that it takes all three together.
    if (targets % 2 == 0) {
        fields.report({}, "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config");
    }
    fields.finish();
}

void check_victorops(const YamlNode& node, ConfigReading& reading, const GlobalConfig& global,
                     const std::string& directory) {
    ConfigFields fields(node, "victorops config", reading);
    read_http(fields, directory);
    read_texts(fields, {"api_key_file", "routing_key", "message_type", "state_message", "entity_display_name",
                        "monitoring_tool"});
    read_keys(fields, {{"api_key", KeyType::Secret}, {"api_url", KeyType::Url}, {"custom_fields", KeyType::TextMap}});
    require(fields, "routing_key", "missing Routing key in VictorOps config");
    require_or_global(fields, global, "api_key", "victorops_api_key", "no global VictorOps API Key set");
    static constexpr std::array<std::string_view, 7> kReserved = {
        "routing_key",     "message_type", "state_message", "entity_display_name",
        "monitoring_tool", "entity_id",    "entity_state"};
    if (const YamlNode* custom = fields.get("custom_fields"); custom != nullptr && custom->is_map()) {
        for (const auto& entry : custom->entries) {
            if (std::find(kReserved.begin(), kReserved.end(), entry.key) == kReserved.end()) continue;
            reading.problem(
                entry.key_where,
                fmt::format("victorOps config contains custom field {} which cannot be used as it conflicts "
                            "with the fixed/static fields",
                            entry.key));
        }
    }
    fields.finish();
}

void check_webex(const YamlNode& node, ConfigReading& reading, const GlobalConfig&, const std::string& directory) {
    ConfigFields fields(node, "webex config", reading);
    const bool authorized = read_http(fields, directory);
    read_key(fields, {"api_url", KeyType::Url});
    read_texts(fields, {"room_id", "message"});
    require(fields, "room_id", "missing room_id on webex_config");
    if (!authorized) fields.report({}, "missing webex_configs.http_config.authorization");
    fields.finish();
}

void check_wechat(const YamlNode& node, ConfigReading& reading, const GlobalConfig& global,
                  const std::string& directory) {
    ConfigFields fields(node, "wechat config", reading);
    read_http(fields, directory);
    read_texts(fields, {"api_secret_file", "corp_id", "message", "to_user", "to_party", "to_tag", "agent_id"});
    read_keys(fields, {{"api_secret", KeyType::Secret}, {"api_url", KeyType::Url}});
    require_or_global(fields, global, "api_secret", "wechat_api_secret",
                      "no global Wechat Api Secret set either inline or in a file");
    if (!fields.has("corp_id") && global.given.count("wechat_api_corp_id") == 0) {
        fields.report({}, "no global Wechat CorpID set");
    }
    std::string type = "text";
    fields.read("message_type", type);
    if (!type.empty() && type != "text" && type != "markdown") {
        fields.report("message_type",
                      fmt::format("weChat message type {} does not match valid options", go_quote(type)),
                      "text or markdown");
    }
    fields.finish();
}

constexpr std::array<CheckedIntegration, 9> kIntegrations = {{
    {"incidentio", "incidentio_configs", check_incidentio},
    {"jira", "jira_configs", check_jira},
    {"mattermost", "mattermost_configs", check_mattermost},
    {"msteams", "msteams_configs", check_msteams},
    {"rocketchat", "rocketchat_configs", check_rocketchat},
    {"sns", "sns_configs", check_sns},
    {"victorops", "victorops_configs", check_victorops},
    {"webex", "webex_configs", check_webex},
    {"wechat", "wechat_configs", check_wechat},
}};

}  // namespace

const CheckedIntegration* find_checked_integration(std::string_view config_key) {
    const auto found = std::find_if(kIntegrations.begin(), kIntegrations.end(),
                                    [&](const CheckedIntegration& kind) { return kind.config_key == config_key; });
    return found == kIntegrations.end() ? nullptr : &*found;
}

std::span<const CheckedIntegration> checked_integrations() {
    return kIntegrations;
}

}  // namespace tocsin
