#include "base/json.h"
#include "notifiers/integrations/http_notifier.h"
#include "notifiers/integrations/templated_text.h"

namespace tocsin::integrations {
namespace {

struct TeamsConfig final : IntegrationConfig {
    SecretText webhook_url;
    TemplateField title{R"({{ template "msteamsv2.default.title" . }})", {}};
    TemplateField text{R"({{ template "msteamsv2.default.text" . }})", {}};
};

Json text_block(std::string text) {
    Json block = Json::object();
    block.add("type", "TextBlock");
    block.add("text", std::move(text));
    return block;
}

/// Title and text as an adaptive card (https://adaptivecards.io/explorer/AdaptiveCard.html).
Json card(std::string title, std::string text, const char* color) {
    Json heading = text_block(std::move(title));
    heading.add("weight", "Bolder").add("size", "Medium").add("wrap", true).add("style", "heading").add("color", color);
    Json body = text_block(std::move(text));
    body.add("wrap", true);
    Json json = Json::object();
    json.add("$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
    json.add("type", "AdaptiveCard");
    json.add("version", "1.2");
    json.add("body", Json(Json::Array{std::move(heading), std::move(body)}));
    json.add("msteams", Json::Object{{"width", "full"}});
    return json;
}

/// Microsoft Teams by a workflow's webhook.
class Teams final : public HttpNotifier {
public:
    Teams(std::shared_ptr<const TeamsConfig> config, const NotifierContext& context)
        : HttpNotifier("msteamsv2", config, context), config_(std::move(config)), templates_(context.templates) {}

private:
    Result<Message> compose(const Notification& notification) override {
        Message message;
        TOCSIN_TRY(message.url, config_->webhook_url.resolve(disk()));
        FieldExpander expand(notification);
        message.body = dump(body(notification, expand)) + "\n";
        message.template_error = expand.error();
        return message;
    }

    Json body(const Notification& notification, FieldExpander& expand) const {
        std::string title = expand.expand_or(templates_.of(config_->title.text), plain_subject(notification.data));
        std::string text = expand(templates_.of(config_->text.text));
        if (!expand.error().empty()) text = with_plain_facts(std::move(text), notification.data, expand.error());
        const bool fires = notification.data.status == "firing";
        Json attachment = Json::object();
        attachment.add("contentType", "application/vnd.microsoft.card.adaptive");
        attachment.add("contentUrl", nullptr);
        attachment.add("content", card(std::move(title), std::move(text), fires ? "Attention" : "Good"));
        Json json = Json::object();
        json.add("type", "message");
        json.add("attachments", Json(Json::Array{std::move(attachment)}));
        return json;
    }

    std::shared_ptr<const TeamsConfig> config_;
    FieldTemplates templates_;
};

std::shared_ptr<const IntegrationConfig> read_msteamsv2(const YamlNode& node, ConfigReading& reading,
                                                        const GlobalConfig& global, const std::string& directory) {
    ConfigFields fields(node, "msteamsv2 config", reading);
    auto config = std::make_shared<TeamsConfig>();
    config->send_resolved = true;
    read_common_fields(fields, *config, global, directory);
    config->webhook_url = read_required_url(fields, "webhook_url", directory);
    fields.read_template("title", config->title);
    fields.read_template("text", config->text);
    fields.finish();
    return config;
}

std::unique_ptr<Notifier> create_msteamsv2(std::shared_ptr<const IntegrationConfig> config,
                                           const NotifierContext& context) {
    return std::make_unique<Teams>(std::static_pointer_cast<const TeamsConfig>(std::move(config)), context);
}

}  // namespace

extern const IntegrationType msteamsv2;
const IntegrationType msteamsv2{
    .name = "msteamsv2", .config_key = "msteamsv2_configs", .read = read_msteamsv2, .create = create_msteamsv2};

}  // namespace tocsin::integrations
