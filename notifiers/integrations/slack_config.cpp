#include "notifiers/integrations/slack_config.h"

#include <fmt/format.h>

#include "notifiers/masking.h"

namespace tocsin::integrations {
namespace {

TemplateField default_template(const char* name) {
    return {fmt::format("{{{{ template \"slack.default.{}\" . }}}}", name), {}};
}

SlackField read_field(const YamlNode& node, ConfigReading& reading) {
    ConfigFields fields(node, "Slack field", reading);
    SlackField field;
    fields.read_template("title", field.title);
    fields.read_template("value", field.value);
    bool is_short = false;
    if (fields.read("short", is_short)) field.is_short = is_short;
    if (field.title.text.empty()) fields.report({}, "missing title in Slack field configuration");
    if (field.value.text.empty()) fields.report({}, "missing value in Slack field configuration");
    fields.finish();
    return field;
}

SlackConfirmation read_confirmation(const YamlNode& node, ConfigReading& reading) {
    ConfigFields fields(node, "Slack confirmation", reading);
    SlackConfirmation confirmation;
    fields.read_template("title", confirmation.title);
    fields.read_template("text", confirmation.text);
    fields.read_template("ok_text", confirmation.ok_text);
    fields.read_template("dismiss_text", confirmation.dismiss_text);
    if (confirmation.text.text.empty()) fields.report({}, "missing text in Slack confirmation configuration");
    fields.finish();
    return confirmation;
}

SlackAction read_action(const YamlNode& node, ConfigReading& reading) {
    ConfigFields fields(node, "Slack action", reading);
    SlackAction action;
    fields.read_template("type", action.type);
    fields.read_template("text", action.text);
    fields.read_template("url", action.url);
    fields.read_template("style", action.style);
    fields.read_template("name", action.name);
    fields.read_template("value", action.value);
    if (const YamlNode* confirm = fields.get("confirm"); confirm != nullptr && !confirm->is_null()) {
        action.confirm = read_confirmation(*confirm, reading);
    }
    if (action.type.text.empty()) fields.report({}, "missing type in Slack action configuration");
    if (action.text.text.empty()) fields.report({}, "missing text in Slack action configuration");
    if (!action.url.text.empty()) {
        // A button with a link has nothing that calls back.
        action.name = {};
        action.value = {};
        action.confirm.reset();
    } else if (action.name.text.empty()) {
        fields.report({}, "missing name or url in Slack action configuration");
    }
    fields.finish();
    return action;
}

void read_slack_texts(ConfigFields& fields, SlackConfig& config) {
    fields.read_template("channel", config.channel);
    fields.read_template("username", config.username);
    fields.read_template("color", config.color);
    fields.read_template("title", config.title);
    fields.read_template("title_link", config.title_link);
    fields.read_template("pretext", config.pretext);
    fields.read_template("text", config.text);
    fields.read_template("message_text", config.message_text);
    fields.read_template("footer", config.footer);
    fields.read_template("fallback", config.fallback);
    fields.read_template("callback_id", config.callback_id);
    fields.read_template("icon_emoji", config.icon_emoji);
    fields.read_template("icon_url", config.icon_url);
    fields.read_template("image_url", config.image_url);
    fields.read_template("thumb_url", config.thumb_url);
}

void read_endpoint(ConfigFields& fields, SlackConfig& config, const GlobalConfig& global) {
    fields.read_secret_url("api_url", config.api_url.text);
    fields.read("api_url_file", config.api_url.file);
    fields.read_secret("app_token", config.app_token.text);
    fields.read("app_token_file", config.app_token.file);
    config.app_url = global.slack_app_url;
    fields.read_url("app_url", config.app_url);
    fields.at_most_one({"api_url", "api_url_file"});
    fields.at_most_one({"app_token", "app_token_file"});
    if ((fields.has("api_url") || fields.has("api_url_file")) && !config.app_token.empty()) {
        fields.report("app_token", "at most one of api_url/api_url_file & app_token/app_token_file must be configured");
    }
    const std::string& own_url = config.api_url.text.reveal();
    if (config.update_message && own_url != kSlackPostMessageUrl && own_url != kMask) {
        fields.report("update_message",
                      "update_message can only be used with bot tokens. api_url must be set to "
                      "https://slack.com/api/chat.postMessage");
    }
}

void inherit_endpoint(ConfigFields& fields, SlackConfig& config, const GlobalConfig& global) {
    const bool own_endpoint = fields.has("api_url") || fields.has("api_url_file");
    if (config.app_token.empty() && !own_endpoint && !config.http.access.authorization)
        config.app_token = global.slack_app_token;
    if (!config.app_token.empty() && config.http.access.authorization) {
        fields.report("http_config", "http authorization can't be set when using Slack App tokens");
    }
    if (!own_endpoint) config.api_url = global.slack_api_url;
    if (!own_endpoint && config.app_token.empty() && config.api_url.empty()) {
        fields.report({}, "no Slack API URL nor App token set either inline or in a file");
    }
}

}  // namespace

SlackConfig::SlackConfig()
    : username(default_template("username")),
      icon_emoji(default_template("iconemoji")),
      icon_url(default_template("iconurl")),
      title(default_template("title")),
      title_link(default_template("titlelink")),
      pretext(default_template("pretext")),
      text(default_template("text")),
      footer(default_template("footer")),
      fallback(default_template("fallback")),
      callback_id(default_template("callbackid")),
      color(default_template("color")) {}

std::shared_ptr<const IntegrationConfig> read_slack_config(const YamlNode& node, ConfigReading& reading,
                                                           const GlobalConfig& global, const std::string& directory) {
    ConfigFields fields(node, "slack config", reading);
    auto config = std::make_shared<SlackConfig>();
    config->send_resolved = false;
    read_common_fields(fields, *config, global, directory);
    read_slack_texts(fields, *config);
    fields.read("short_fields", config->short_fields);
    fields.read("link_names", config->link_names);
    fields.read("update_message", config->update_message);
    if (!fields.read("mrkdwn_in", config->mrkdwn_in) || config->mrkdwn_in.empty()) {
        config->mrkdwn_in = {"fallback", "pretext", "text"};
    }
    fields.read_each("fields", [&](const YamlNode& item) { config->fields.push_back(read_field(item, reading)); });
    fields.read_each("actions", [&](const YamlNode& item) { config->actions.push_back(read_action(item, reading)); });
    fields.read_go_duration("timeout", config->timeout);
    read_endpoint(fields, *config, global);
    inherit_endpoint(fields, *config, global);
    for (std::string* file : {&config->api_url.file, &config->app_token.file}) {
        if (!file->empty()) *file = resolve_path(directory, *file);
    }
    fields.finish();
    return config;
}

}  // namespace tocsin::integrations
