#include "notifiers/integrations/webhook.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "notifiers/integrations/http_notifier.h"
#include "notifiers/integrations/templated_text.h"
#include "notifiers/masking.h"

namespace tocsin::integrations {
namespace {

constexpr std::string_view kRfc3339Nano = "2006-01-02T15:04:05.999999999Z07:00";

struct WebhookConfig final : IntegrationConfig {
    SecretTemplateField url;
    std::string url_file;
    std::uint64_t max_alerts = 0;
    std::optional<YamlNode> payload;
};

Json labels_json(const LabelSet& labels) {
    Json::Object members;
    for (const Label label : labels) members.emplace_back(std::string(label.name), Json(label.value));
    return Json(std::move(members));
}

Json alert_json(const templates::NotificationAlert& alert) {
    Json json = Json::object();
    json.add("status", alert.status);
    json.add("labels", labels_json(alert.labels));
    json.add("annotations", labels_json(alert.annotations));
    json.add("startsAt", alert.starts_at.format(kRfc3339Nano));
    json.add("endsAt", alert.ends_at.format(kRfc3339Nano));
    json.add("generatorURL", alert.generator_url);
    json.add("fingerprint", alert.fingerprint);
    return json;
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
        Notification cut = notification;
        const std::size_t truncated = truncate_alerts(cut, config_->max_alerts);
        Message message;
        TOCSIN_TRY(message.url, expand_url(cut));
        message.body = dump(body(cut, truncated, message.template_error)) + "\n";
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

    Json body(const Notification& notification, std::size_t truncated, std::string& template_error) const {
        if (!payload_) return webhook_message(notification, truncated);
        FieldExpander expand(notification);
        Json json = payload_->expand(expand);
        if (expand.error().empty()) return json;
        template_error = expand.error();
        json = webhook_message(notification, truncated);
        json.add("template_error", template_error);
        return json;
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

Json webhook_message(const Notification& notification, std::size_t truncated) {
    const templates::NotificationData& data = notification.data;
    Json::Array alerts;
    for (const auto& alert : data.alerts) alerts.push_back(alert_json(alert));
    Json json = Json::object();
    json.add("receiver", data.receiver);
    json.add("status", data.status);
    json.add("alerts", Json(std::move(alerts)));
    json.add("notification_reason", data.notification_reason);
    json.add("groupLabels", labels_json(data.group_labels));
    json.add("commonLabels", labels_json(data.common_labels));
    json.add("commonAnnotations", labels_json(data.common_annotations));
    // New in 0.34; left out where no route has labels, so that messages stay what they were.
    if (!data.route_labels.empty()) json.add("routeLabels", labels_json(data.route_labels));
    json.add("externalURL", data.external_url);
    json.add("version", "4");
    json.add("groupKey", notification.group_key);
    json.add("truncatedAlerts", static_cast<std::int64_t>(truncated));
    return json;
}

extern const IntegrationType webhook;
const IntegrationType webhook{
    .name = "webhook", .config_key = "webhook_configs", .read = read_webhook, .create = create_webhook};

}  // namespace tocsin::integrations
