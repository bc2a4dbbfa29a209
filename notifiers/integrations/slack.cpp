#include <optional>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "notifiers/integrations/http_notifier.h"
#include "notifiers/integrations/slack_config.h"
#include "notifiers/integrations/templated_text.h"

namespace tocsin::integrations {
namespace {

// https://api.slack.com/reference/messaging/attachments#legacy_fields, taken as characters like upstream does.
constexpr std::size_t kSlackTitleRunesMax = 1024;
constexpr const char* kUpdateUrl = "https://slack.com/api/chat.update";
// What Slack gave the message that later ones of the group update.
constexpr const char* kTimestampNote = "ts";
constexpr const char* kChannelNote = "channel";

void add_slack_text(Json& object, const char* name, std::string text) {
    if (!text.empty()) object.add(name, std::move(text));
}

/// Makes the members of Alertmanager's request, in its order, from one notification.
class MessageWriter {
public:
    MessageWriter(const SlackConfig& config, const FieldTemplates& templates, const Notification& notification)
        : config_(config), templates_(templates), notification_(notification), expand_(notification) {}

    /// With `notes` in the notification the message is one that changes an earlier one.
    Json request() {
        const std::string channel = text(config_.channel);
        const std::string username = text(config_.username);
        const std::string icon_emoji = text(config_.icon_emoji);
        const std::string icon_url = text(config_.icon_url);
        const std::string message_text = text(config_.message_text);
        // The attachment is expanded last, so that it can tell the failure of any field.
        Json attachments = Json::array();
        attachments.push(attachment());
        Json request = Json::object();
        add_slack_text(request, "channel", note(kChannelNote).value_or(channel));
        add_slack_text(request, "ts", note(kTimestampNote).value_or(""));
        add_slack_text(request, "username", username);
        add_slack_text(request, "icon_emoji", icon_emoji);
        add_slack_text(request, "icon_url", icon_url);
        if (config_.link_names) request.add("link_names", true);
        add_slack_text(request, "text", message_text);
        request.add("attachments", std::move(attachments));
        return request;
    }

    const std::string& error() const { return expand_.error(); }

private:
    std::string text(const TemplateField& field) { return expand_(templates_.of(field.text)); }
    std::string text_or(const TemplateField& field, std::string_view replacement) {
        return expand_.expand_or(templates_.of(field.text), replacement);
    }

    std::optional<std::string> note(const char* name) const {
        const auto found = notification_.notes.find(name);
        return found == notification_.notes.end() ? std::nullopt : std::optional(found->second);
    }

    /// A template that fails leaves the plain facts in title and fallback, and them with the error in the text.
    Json attachment() {
        const std::string subject = plain_subject(notification_.data);
        Json json = Json::object();
        add_slack_text(json, "title", truncate_in_runes(text_or(config_.title, subject), kSlackTitleRunesMax));
        add_slack_text(json, "title_link", text(config_.title_link));
        add_slack_text(json, "pretext", text(config_.pretext));
        std::string body = text(config_.text);
        const std::string fallback = text_or(config_.fallback, subject);
        const std::string callback_id = text(config_.callback_id);
        const Json field_list = fields();
        const Json action_list = actions();
        const std::string image_url = text(config_.image_url);
        const std::string thumb_url = text(config_.thumb_url);
        const std::string footer = text(config_.footer);
        const std::string color = text_or(config_.color, notification_.data.status == "firing" ? "danger" : "good");
        if (!error().empty()) body = with_plain_facts(std::move(body), notification_.data, error());
        json.add("text", std::move(body));
        json.add("fallback", fallback);
        json.add("callback_id", callback_id);
        if (!field_list.items().empty()) json.add("fields", field_list);
        if (!action_list.items().empty()) json.add("actions", action_list);
        add_slack_text(json, "image_url", image_url);
        add_slack_text(json, "thumb_url", thumb_url);
        json.add("footer", footer);
        add_slack_text(json, "color", color);
        Json markdown = Json::array();
        for (const std::string& name : config_.mrkdwn_in) markdown.push(name);
        json.add("mrkdwn_in", std::move(markdown));
        return json;
    }

    Json fields() {
        Json list = Json::array();
        for (const SlackField& field : config_.fields) {
            Json json = Json::object();
            add_slack_text(json, "title", text(field.title));
            add_slack_text(json, "value", text(field.value));
            json.add("short", field.is_short.value_or(config_.short_fields));
            list.push(std::move(json));
        }
        return list;
    }

    Json actions() {
        Json list = Json::array();
        for (const SlackAction& action : config_.actions) {
            Json json = Json::object();
            add_slack_text(json, "type", text(action.type));
            add_slack_text(json, "text", text(action.text));
            add_slack_text(json, "url", text(action.url));
            add_slack_text(json, "style", text(action.style));
            add_slack_text(json, "name", text(action.name));
            add_slack_text(json, "value", text(action.value));
            if (action.confirm) json.add("confirm", confirmation(*action.confirm));
            list.push(std::move(json));
        }
        return list;
    }

    Json confirmation(const SlackConfirmation& confirm) {
        Json json = Json::object();
        add_slack_text(json, "text", text(confirm.text));
        add_slack_text(json, "title", text(confirm.title));
        add_slack_text(json, "ok_text", text(confirm.ok_text));
        add_slack_text(json, "dismiss_text", text(confirm.dismiss_text));
        return json;
    }

    const SlackConfig& config_;
    const FieldTemplates& templates_;
    const Notification& notification_;
    FieldExpander expand_;
};

/// The message that is to be updated is gone or may not be changed any more: only a new one can tell.
bool is_lost_message(std::string_view error) {
    return error == "message_not_found" || error == "cant_update_message" || error == "edit_window_closed" ||
           error == "channel_not_found";
}

class Slack final : public HttpNotifier {
public:
    Slack(std::shared_ptr<const SlackConfig> config, const NotifierContext& context)
        : HttpNotifier("slack", config, context), config_(std::move(config)), templates_(context.templates) {}

private:
    Result<Message> compose(const Notification& notification) override {
        Message message;
        TOCSIN_TRY(message.url, url_for(notification));
        if (!config_->app_token.empty()) {
            TOCSIN_TRY(const std::string token, config_->app_token.resolve(disk()));
            message.headers.push_back({"Authorization", "Bearer " + token});
        }
        const Notification content = config_->update_message ? notification : without_notes(notification);
        MessageWriter writer(*config_, templates_, content);
        message.body = dump(writer.request()) + "\n";
        message.template_error = writer.error();
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

    Outcome judge(const Notification& notification, const HttpResponse& response, const Quote& quote) override {
        Outcome outcome = classify_status(response, clock().now(), [&] { return quote(response.body); });
        if (outcome.kind == Outcome::Kind::Delivered) {
            const bool json = find_header(response.headers, "Content-Type").starts_with("application/json");
            outcome = json ? judge_json(notification, response, quote) : judge_text(response, quote);
        }
        if (outcome.kind != Outcome::Kind::Delivered) outcome.message = "slack: " + outcome.message;
        return outcome;
    }

    static Outcome judge_text(const HttpResponse& response, const Quote& quote) {
        Outcome outcome;
        outcome.http_status = response.status;
        if (response.body == "ok") return outcome;
        outcome.kind = Outcome::Kind::Failed;
        outcome.reason = FailureReason::ClientError;
        outcome.message = fmt::format("received an error response from Slack: {}", quote(response.body));
        return outcome;
    }

    Outcome judge_json(const Notification& notification, const HttpResponse& response, const Quote& quote) const {
        Outcome outcome;
        outcome.http_status = response.status;
        const auto answer = parse_json(response.body);
        if (!answer) {
            outcome.kind = Outcome::Kind::RetryLater;
            outcome.reason = FailureReason::ClientError;
            outcome.message = fmt::format("could not unmarshal JSON response: {}", answer.error().message);
            return outcome;
        }
        if (!answer->at("ok").as_bool()) {
            return judge_refusal(notification, response, answer->at("error").as_string(), quote);
        }
        if (config_->update_message) {
            outcome.notes[kTimestampNote] = answer->at("ts").as_string();
            outcome.notes[kChannelNote] = answer->at("channel").as_string();
        }
        return outcome;
    }

    Outcome judge_refusal(const Notification& notification, const HttpResponse& response,
                          const std::string& error, const Quote& quote) const {
        Outcome outcome;
        outcome.http_status = response.status;
        outcome.kind = Outcome::Kind::Failed;
        outcome.reason = FailureReason::ClientError;
        outcome.message = fmt::format("error response from Slack: {}", quote(error));
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
    FieldTemplates templates_;
};

std::unique_ptr<Notifier> create_slack(std::shared_ptr<const IntegrationConfig> config,
                                       const NotifierContext& context) {
    return std::make_unique<Slack>(std::static_pointer_cast<const SlackConfig>(std::move(config)), context);
}

}  // namespace

extern const IntegrationType slack;
const IntegrationType slack{
    .name = "slack", .config_key = "slack_configs", .read = read_slack_config, .create = create_slack};

}  // namespace tocsin::integrations
