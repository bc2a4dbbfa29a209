#include "notifiers/integrations/webhook.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "notifiers/integrations/http_notifier.h"
#include "notifiers/integrations/templated_text.h"
#include "notifiers/masking.h"

namespace tocsin::integrations {
namespace {

constexpr std::string_view kRfc3339Nano = "2006-01-02T15:04:05.999999999Z07:00";

// A guess that costs little when it is wrong.
constexpr std::size_t kBytesExpected = 1'024;
constexpr std::size_t kAlertBytesExpected = 512;

struct WebhookConfig final : IntegrationConfig {
    SecretTemplateField url;
    std::string url_file;
    std::uint64_t max_alerts = 0;
    std::optional<YamlNode> payload;
};

void write_labels(JsonWriter& json, std::string_view name, const LabelSet& labels) {
    json.name(name).open_object();
    for (const Label label : labels) json.name(label.name).text(label.value);
    json.close_object();
}

/// A moment, in UTC, as Go's JSON has it. Alerts of a group mostly share theirs.
class MomentText {
public:
    const std::string& of(const templates::GoTime& time) {
        if (text_.empty() || time.compare(last_) != 0) text_ = time.format(kRfc3339Nano);
        last_ = time;
        return text_;
    }

private:
    templates::GoTime last_;
    std::string text_;
};

struct AlertTimes {
    MomentText starts_at, ends_at;
};

void write_alert(JsonWriter& json, const templates::NotificationAlert& alert, AlertTimes& times) {
    json.open_object().name("status").text(alert.status);
    write_labels(json, "labels", alert.labels);
    write_labels(json, "annotations", alert.annotations);
    json.name("startsAt").text(times.starts_at.of(alert.starts_at));
    json.name("endsAt").text(times.ends_at.of(alert.ends_at));
    json.name("generatorURL").text(alert.generator_url);
    json.name("fingerprint").text(alert.fingerprint).close_object();
}

class Webhook final : public HttpNotifier {
public:
    Webhook(std::shared_ptr<const WebhookConfig> config, const NotifierContext& context)
        : HttpNotifier("webhook", config, context),
          config_(std::move(config)),
          templates_(context.templates),
          url_(context.templates, config_->url.text.reveal()) {
        if (config_->payload) payload_ = FreeForm::from_yaml(context.templates, *config_->payload);
    }

private:
    Result<Message> compose(const Notification& notification) override {
        if (config_->max_alerts == 0) return compose(notification, 0);
        Notification cut = notification;
        const std::size_t truncated = truncate_alerts(cut, config_->max_alerts);
        return compose(cut, truncated);
    }

    Result<Message> compose(const Notification& notification, std::size_t truncated) {
        Message message;
        TOCSIN_TRY(message.url, expand_url(notification));
        message.body = body(notification, truncated, message.template_error) + "\n";
        return message;
    }

    Result<std::string> expand_url(const Notification& notification) {
        Result<std::string> url = std::string();
        if (config_->url_file.empty()) {
            url = url_.expand(notification.data, notification.now);
        } else {
            TOCSIN_TRY(const std::string content, read_file(disk(), config_->url_file));
            url = TemplatedText(templates_, trim(content)).expand(notification.data, notification.now);
        }
        // The message of the failure quotes the template, which is part of a secret.
        if (!url) return fail(Error::Kind::InvalidInput, "webhook URL: template cannot be executed");
        if (trim(*url).empty()) return fail(Error::Kind::InvalidInput, "webhook URL is empty after templating");
        return std::string(trim(*url));
    }

    std::string body(const Notification& notification, std::size_t truncated, std::string& template_error) const {
        if (!payload_) return webhook_message(notification, truncated);
        FieldExpander expand(notification);
        const Json json = payload_->expand(expand);
        if (expand.error().empty()) return dump(json);
        template_error = expand.error();
        return webhook_message(notification, truncated, template_error);
    }

    std::shared_ptr<const WebhookConfig> config_;
    templates::NotificationTemplates templates_;
    TemplatedText url_;
    std::optional<FreeForm> payload_;
};

void check_url(ConfigFields& fields, const WebhookConfig& config) {
    const std::string& url = config.url.text.reveal();
    if (url.empty() || url == kMask) return;
    if (url.find("{{") == std::string::npos) {
        if (auto problem = url_problem(url); !problem.empty()) fields.report("url", "invalid URL: " + problem);
    } else if (!templates::NotificationTemplates().parse_text(url)) {
        fields.report("url", "invalid template syntax in the webhook's URL");
    }
}

std::shared_ptr<const IntegrationConfig> read_webhook(const YamlNode& node, ConfigReading& reading,
                                                      const GlobalConfig& global, const std::string& directory) {
    ConfigFields fields(node, "webhook config", reading);
    auto config = std::make_shared<WebhookConfig>();
    config->send_resolved = true;
    read_common_fields(fields, *config, global, directory);
    fields.read_secret_template("url", config->url);
    if (fields.read("url_file", config->url_file) && !config->url_file.empty()) {
        config->url_file = resolve_path(directory, config->url_file);
    }
    fields.read("max_alerts", config->max_alerts);
    fields.read_go_duration("timeout", config->timeout);
    if (const YamlNode* payload = fields.get("payload"); payload != nullptr && !payload->is_null()) {
        config->payload = *payload;
    }
    fields.at_most_one({"url", "url_file"});
    if (!fields.has("url") && !fields.has("url_file")) fields.report({}, "one of url or url_file must be configured");
    check_url(fields, *config);
    fields.finish();
    return config;
}

std::unique_ptr<Notifier> create_webhook(std::shared_ptr<const IntegrationConfig> config,
                                         const NotifierContext& context) {
    return std::make_unique<Webhook>(std::static_pointer_cast<const WebhookConfig>(std::move(config)), context);
}

}  // namespace

std::size_t truncate_alerts(Notification& notification, std::size_t alerts_max) {
    auto& alerts = notification.data.alerts;
    if (alerts_max == 0 || alerts.size() <= alerts_max) return 0;
    const std::size_t truncated = alerts.size() - alerts_max;
    const auto is_firing = [](const templates::NotificationAlert& alert) { return alert.status == "firing"; };
    const auto firing = static_cast<std::size_t>(std::count_if(alerts.begin(), alerts.end(), is_firing));
    std::size_t firing_left = std::min(firing, alerts_max);
    std::size_t resolved_left = alerts_max - firing_left;
    std::erase_if(alerts, [&](const templates::NotificationAlert& alert) {
        std::size_t& left = is_firing(alert) ? firing_left : resolved_left;
        if (left == 0) return true;
        --left;
        return false;
    });
    return truncated;
}

std::string webhook_message(const Notification& notification, std::size_t truncated, std::string_view template_error) {
    const templates::NotificationData& data = notification.data;
    std::string text;
    text.reserve(kBytesExpected + data.alerts.size() * kAlertBytesExpected);
    JsonWriter json(text, JsonStyle::Compact);
    json.open_object();
    json.name("receiver").text(data.receiver).name("status").text(data.status);
    json.name("alerts").open_array();
    AlertTimes times;
    for (const auto& alert : data.alerts) write_alert(json, alert, times);
    json.close_array();
    json.name("notification_reason").text(data.notification_reason);
    write_labels(json, "groupLabels", data.group_labels);
    write_labels(json, "commonLabels", data.common_labels);
    write_labels(json, "commonAnnotations", data.common_annotations);
    // New in 0.34; left out where no route has labels, so that messages stay what they were.
    if (!data.route_labels.empty()) write_labels(json, "routeLabels", data.route_labels);
    json.name("externalURL").text(data.external_url).name("version").text("4");
    json.name("groupKey").text(notification.group_key);
    json.name("truncatedAlerts").number(static_cast<std::int64_t>(truncated));
    if (!template_error.empty()) json.name("template_error").text(template_error);
    json.close_object();
    return text;
}

extern const IntegrationType webhook;
const IntegrationType webhook{
    .name = "webhook", .config_key = "webhook_configs", .read = read_webhook, .create = create_webhook};

}  // namespace tocsin::integrations
