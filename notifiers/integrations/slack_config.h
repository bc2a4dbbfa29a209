#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "notifiers/integrations/integration.h"

namespace tocsin::integrations {

struct SlackField {
    TemplateField title, value;
    std::optional<bool> is_short;
};

struct SlackConfirmation {
    TemplateField title, text, ok_text, dismiss_text;
};

struct SlackAction {
    TemplateField type, text, url, style, name, value;
    std::optional<SlackConfirmation> confirm;
};

/// One entry of `slack_configs`. Texts that are not given are Alertmanager's default templates.
struct SlackConfig final : IntegrationConfig {
    SlackConfig();

    SecretText api_url;
    SecretText app_token;  // beside app_url, in place of api_url
    std::string app_url;
    TemplateField channel, username, message_text, icon_emoji, icon_url;
    TemplateField title, title_link, pretext, text, footer, fallback, callback_id, color, image_url, thumb_url;
    std::vector<SlackField> fields;
    std::vector<SlackAction> actions;
    std::vector<std::string> mrkdwn_in;
    bool short_fields = false;
    bool link_names = false;
    bool update_message = false;
};

/// Where a bot posts; the only place whose messages can be updated.
inline constexpr const char* kSlackPostMessageUrl = "https://slack.com/api/chat.postMessage";

std::shared_ptr<const IntegrationConfig> read_slack_config(const YamlNode& node, ConfigReading& reading,
                                                           const GlobalConfig& global, const std::string& directory);

}  // namespace tocsin::integrations
