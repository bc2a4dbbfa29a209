#include <fmt/format.h>

#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "notifiers/integrations/http_notifier.h"
#include "notifiers/integrations/templated_text.h"

namespace tocsin::integrations {
namespace {

// https://api.slack.com/reference/messaging/attachments#legacy_fields, taken as characters like upstream does.
constexpr std::size_t kTitleRunesMax = 1024;
constexpr const char* kPostMessageUrl = "https://slack.com/api/chat.postMessage";
constexpr const char* kUpdateUrl = "https://slack.com/api/chat.update";
// What Slack gave the message that later ones of the group update.
constexpr const char* kTimestampNote = "ts";
constexpr const char* kChannelNote = "channel";

struct Field {
    TemplateField title, value;
    std::optional<bool> is_short;
};

struct Confirmation {
    TemplateField title, text, ok_text, dismiss_text;
};

struct Action {
    TemplateField type, text, url, style, name, value;
    std::optional<Confirmation> confirm;
};

TemplateField default_template(const char* name) {
    return {fmt::format("{{{{ template \"slack.default.{}\" . }}}}", name), {}};
}

struct SlackConfig final : IntegrationConfig {
    SecretSource api_url;
    SecretSource app_token;
    std::string app_url;
    TemplateField channel, message_text, image_url, thumb_url;
    TemplateField username = default_template("username");
    TemplateField color = default_template("color");
    TemplateField title = default_template("title");
    TemplateField title_link = default_template("titlelink");
    TemplateField pretext = default_template("pretext");
    TemplateField text = default_template("text");
    TemplateField footer = default_template("footer");
    TemplateField fallback = default_template("fallback");
    TemplateField callback_id = default_template("callbackid");
    TemplateField icon_emoji = default_template("iconemoji");
    TemplateField icon_url = default_template("iconurl");
    std::vector<Field> fields;
    std::vector<Action> actions;
    std::vector<std::string> mrkdwn_in;
    bool short_fields = false;
    bool link_names = false;
    bool update_message = false;
};

/// The templates of a configuration, parsed.
class SlackTemplates {
public:
    SlackTemplates(const SlackConfig& config, const templates::NotificationTemplates& templates)
        : config_(config), templates_(templates) {}

    /// The members of Alertmanager's request in its order. `error` gets the failure of a template; title, text and fallback
    /// then say the plain facts.
    Json request(const Notification& notification, std::string& channel, std::string& error) const {
        FieldExpander expand(notification);
        const auto text = [&](const TemplateField& field) { return expand(TemplatedText(templates_, field.text)); };
        const Json attachment = make_attachment(notification, expand, text);
        channel = text(config_.channel);
        Json request = Json::object();
        if (const auto noted = notification.notes.find(kChannelNote); noted != notification.notes.end()) {
            channel = noted->second;
        }
        add_text(request, "channel", channel);
        if (const auto noted = notification.notes.find(kTimestampNote); noted != notification.notes.end()) {
            request.add("ts", noted->second);
        }
        add_text(request, "username", text(config_.username));
        add_text(request, "icon_emoji", text(config_.icon_emoji));
        add_text(request, "icon_url", text(config_.icon_url));
        if (config_.link_names) request.add("link_names", true);
        add_text(request, "text", text(config_.message_text));
        request.add("attachments", Json::array()).push(attachment);
        error = expand.error();
        return request;
    }

private:
    static void add_text(Json& object, const char* name, std::string text) {
        if (!text.empty()) object.add(name, std::move(text));
    }

    template <class Text>
    Json make_attachment(const Notification& notification, FieldExpander& expand, const Text& text) const {
        const auto or_plain = [&](const TemplateField& field) {
            return expand.expand_or(TemplatedText(templates_, field.text), plain_subject(notification.data));
        };
        const std::string title = truncate_in_runes(or_plain(config_.title), kTitleRunesMax);
        const std::string title_link = text(config_.title_link);
        const std::string pretext = text(config_.pretext);
        std::string body = text(config_.text);
        const std::string fallback = or_plain(config_.fallback);
        const std::string callback_id = text(config_.callback_id);
        Json fields = make_fields(text);
        Json actions = make_actions(text);
        const std::string image_url = text(config_.image_url);
        const std::string thumb_url = text(config_.thumb_url);
        const std::string footer = text(config_.footer);
        const char* plain_color = notification.data.status == "firing" ? "danger" : "good";
        const std::string color = expand.expand_or(TemplatedText(templates_, config_.color.text), plain_color);
        if (!expand.error().empty()) {
            body += fmt::format("{}{}\ntemplate error: {}", body.empty() ? "" : "\n", plain_facts(notification.data),
                                expand.error());
        }

        Json attachment = Json::object();
        add_text(attachment, "title", title);
        add_text(attachment, "title_link", title_link);
        add_text(attachment, "pretext", pretext);
        attachment.add("text", body);
        attachment.add("fallback", fallback);
        attachment.add("callback_id", callback_id);
        if (!fields.items().empty()) attachment.add("fields", std::move(fields));
        if (!actions.items().empty()) attachment.add("actions", std::move(actions));
        add_text(attachment, "image_url", image_url);
        add_text(attachment, "thumb_url", thumb_url);
        attachment.add("footer", footer);
        add_text(attachment, "color", color);
        Json markdown = Json::array();
        for (const std::string& name : config_.mrkdwn_in) markdown.push(name);
        attachment.add("mrkdwn_in", std::move(markdown));
        return attachment;
    }

    template <class Text>
    Json make_fields(const Text& text) const {
        Json fields = Json::array();
        for (const Field& field : config_.fields) {
            Json json = Json::object();
            add_text(json, "title", text(field.title));
            add_text(json, "value", text(field.value));
            json.add("short", field.is_short.value_or(config_.short_fields));
            fields.push(std::move(json));
        }
        return fields;
    }

    template <class Text>
    Json make_actions(const Text& text) const {
        Json actions = Json::array();
        for (const Action& action : config_.actions) {
            Json json = Json::object();
            add_text(json, "type", text(action.type));
            add_text(json, "text", text(action.text));
            add_text(json, "url", text(action.url));
            add_text(json, "style", text(action.style));
            add_text(json, "name", text(action.name));
            add_text(json, "value", text(action.value));
            if (action.confirm) {
                Json confirm = Json::object();
                add_text(confirm, "text", text(action.confirm->text));
                add_text(confirm, "title", text(action.confirm->title));
                add_text(confirm, "ok_text", text(action.confirm->ok_text));
                add_text(confirm, "dismiss_text", text(action.confirm->dismiss_text));
                json.add("confirm", std::move(confirm));
            }
            actions.push(std::move(json));
        }
        return actions;
    }

    const SlackConfig& config_;
    templates::NotificationTemplates templates_;
};

/// The message that is to be updated is gone or may not be changed any more: only a new one can tell.
bool is_lost_message(std::string_view error) {
    return error == "message_not_found" || error == "cant_update_message" || error == "edit_window_closed" ||
           error == "channel_not_found";
}

class Slack final : public HttpNotifier {
public:
    Slack(std::shared_ptr<const SlackConfig> config, const NotifierContext& context)
        : HttpNotifier("slack", config, context), config_(std::move(config)), templates_(*config_, context.templates) {}

private:
    Result<Message> compose(const Notification& notification) override {
        Message message;
        TOCSIN_TRY(message.url, url_for(notification));
        if (!config_->app_token.empty()) {
            TOCSIN_TRY(const std::string token, config_->app_token.resolve(disk()));
            message.headers.push_back({"Authorization", "Bearer " + token});
        }
        const Notification content = config_->update_message ? notification : without_notes(notification);
        std::string channel;
        message.body = dump(templates_.request(content, channel, message.template_error)) + "\n";
        return message;
    }

    static Notification without_notes(Notification notification) {
        notification.notes.clear();
        return notification;
    }

    Result<std::string> url_for(const Notification& notification) {
        if (!config_->app_token.empty()) return config_->app_url;
        if (config_->update_message && notification.notes.count(kTimestampNote) > 0) return std::string(kUpdateUrl);
        return config_->api_url.resolve(disk());
    }

    Outcome judge(const Notification& notification, const HttpResponse& response) override {
        Outcome outcome = classify_status(response, clock().now(), answer_excerpt(response.body));
        if (outcome.kind == Outcome::Kind::Delivered) {
            const bool json = find_header(response.headers, "Content-Type").starts_with("application/json");
            outcome = json ? judge_json(notification, response) : judge_text(response);
        }
        if (outcome.kind != Outcome::Kind::Delivered) outcome.message = "slack: " + outcome.message;
        return outcome;
    }

    static Outcome judge_text(const HttpResponse& response) {
        Outcome outcome;
        outcome.http_status = response.status;
        if (response.body == "ok") return outcome;
        outcome.kind = Outcome::Kind::Failed;
        outcome.reason = FailureReason::ClientError;
        outcome.message = fmt::format("received an error response from Slack: {}", answer_excerpt(response.body));
        return outcome;
    }

    Outcome judge_json(const Notification& notification, const HttpResponse& response) const {
        Outcome outcome;
        outcome.http_status = response.status;
        const auto answer = parse_json(response.body);
        if (!answer) {
            outcome.kind = Outcome::Kind::RetryLater;
            outcome.reason = FailureReason::ClientError;
            outcome.message = fmt::format("could not unmarshal JSON response: {}", answer.error().message);
            return outcome;
        }
        if (!answer->at("ok").as_bool()) return judge_refusal(notification, response, answer->at("error").as_string());
        if (config_->update_message) {
            outcome.notes[kTimestampNote] = answer->at("ts").as_string();
            outcome.notes[kChannelNote] = answer->at("channel").as_string();
        }
        return outcome;
    }

    Outcome judge_refusal(const Notification& notification, const HttpResponse& response, const std::string& error) const {
        Outcome outcome;
        outcome.http_status = response.status;
        outcome.kind = Outcome::Kind::Failed;
        outcome.reason = FailureReason::ClientError;
        outcome.message = fmt::format("error response from Slack: {}", answer_excerpt(error));
        const bool updating = config_->update_message && notification.notes.count(kTimestampNote) > 0;
        if (updating && is_lost_message(error)) {
            outcome.kind = Outcome::Kind::RetryLater;
            outcome.forget_notes = true;
        } else if (error == "ratelimited" || error == "rate_limited") {
            outcome.kind = Outcome::Kind::RetryLater;
            outcome.reason = FailureReason::RateLimited;
            outcome.retry_after = parse_retry_after(find_header(response.headers, "Retry-After"), clock().now());
        }
        return outcome;
    }

    std::shared_ptr<const SlackConfig> config_;
    SlackTemplates templates_;
};

Field read_field(const YamlNode& node, ConfigReading& reading) {
    ConfigFields fields(node, "Slack field", reading);
    Field field;
    fields.read_template("title", field.title);
    fields.read_template("value", field.value);
    bool is_short = false;
    if (fields.read("short", is_short)) field.is_short = is_short;
    if (field.title.text.empty()) fields.report({}, "missing title in Slack field configuration");
    if (field.value.text.empty()) fields.report({}, "missing value in Slack field configuration");
    fields.finish();
    return field;
}

Confirmation read_confirmation(const YamlNode& node, ConfigReading& reading) {
    ConfigFields fields(node, "Slack confirmation", reading);
    Confirmation confirmation;
    fields.read_template("title", confirmation.title);
    fields.read_template("text", confirmation.text);
    fields.read_template("ok_text", confirmation.ok_text);
    fields.read_template("dismiss_text", confirmation.dismiss_text);
    if (confirmation.text.text.empty()) fields.report({}, "missing text in Slack confirmation configuration");
    fields.finish();
    return confirmation;
}

Action read_action(const YamlNode& node, ConfigReading& reading) {
    ConfigFields fields(node, "Slack action", reading);
    Action action;
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

void read_texts(ConfigFields& fields, SlackConfig& config) {
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
    if (config.update_message && own_url != kPostMessageUrl && own_url != "<secret>") {
        fields.report("update_message",
                      "update_message can only be used with bot tokens. api_url must be set to "
                      "https://slack.com/api/chat.postMessage");
    }
}

void inherit_endpoint(ConfigFields& fields, SlackConfig& config, const GlobalConfig& global) {
    const bool own_endpoint = fields.has("api_url") || fields.has("api_url_file");
    if (config.app_token.empty() && !own_endpoint && !config.http.authorization) config.app_token = global.slack_app_token;
    if (!config.app_token.empty() && config.http.authorization) {
        fields.report("http_config", "http authorization can't be set when using Slack App tokens");
    }
    if (!own_endpoint) config.api_url = global.slack_api_url;
    if (!own_endpoint && config.app_token.empty() && config.api_url.empty()) {
        fields.report({}, "no Slack API URL nor App token set either inline or in a file");
    }
}

std::shared_ptr<const IntegrationConfig> read(const YamlNode& node, ConfigReading& reading, const GlobalConfig& global,
                                              const std::string& directory) {
    ConfigFields fields(node, "slack config", reading);
    auto config = std::make_shared<SlackConfig>();
    config->send_resolved = false;
    read_common_fields(fields, *config, global, directory);
    read_texts(fields, *config);
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

std::unique_ptr<Notifier> create(std::shared_ptr<const IntegrationConfig> config, const NotifierContext& context) {
    return std::make_unique<Slack>(std::static_pointer_cast<const SlackConfig>(std::move(config)), context);
}

}  // namespace

extern const IntegrationType slack;
const IntegrationType slack{.name = "slack", .config_key = "slack_configs", .read = read, .create = create};

}  // namespace tocsin::integrations
