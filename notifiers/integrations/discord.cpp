#include "base/json.h"
#include "notifiers/integrations/http_notifier.h"
#include "notifiers/integrations/templated_text.h"

namespace tocsin::integrations {
namespace {

// https://discord.com/developers/docs/resources/webhook and https://discord.com/developers/docs/resources/message
constexpr std::size_t kContentRunesMax = 2000;
constexpr std::size_t kTitleRunesMax = 256;
constexpr std::size_t kDescriptionRunesMax = 4096;
constexpr int kRed = 0x992D22;
constexpr int kGreen = 0x2ECC71;

struct DiscordConfig final : IntegrationConfig {
    SecretText webhook_url;
    TemplateField content{R"({{ template "discord.default.content" . }})", {}};
    TemplateField title{R"({{ template "discord.default.title" . }})", {}};
    TemplateField message{R"({{ template "discord.default.message" . }})", {}};
    std::string username, avatar_url;  // taken as they are
};

class Discord final : public HttpNotifier {
public:
    Discord(std::shared_ptr<const DiscordConfig> config, const NotifierContext& context)
        : HttpNotifier("discord", config, context), config_(std::move(config)), templates_(context.templates) {}

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
        std::string content = expand(templates_.of(config_->content.text));
        std::string title = expand.expand_or(templates_.of(config_->title.text), plain_subject(notification.data));
        std::string text = expand(templates_.of(config_->message.text));
        if (!expand.error().empty()) text = with_plain_facts(std::move(text), notification.data, expand.error());
        Json embed = Json::object();
        embed.add("title", truncate_in_runes(std::move(title), kTitleRunesMax));
        embed.add("description", truncate_in_runes(std::move(text), kDescriptionRunesMax));
        embed.add("color", notification.data.status == "firing" ? kRed : kGreen);
        Json json = Json::object();
        json.add("content", truncate_in_runes(std::move(content), kContentRunesMax));
        json.add("embeds", Json(Json::Array{std::move(embed)}));
        if (!config_->username.empty()) json.add("username", config_->username);
        if (!config_->avatar_url.empty()) json.add("avatar_url", config_->avatar_url);
        return json;
    }

    std::shared_ptr<const DiscordConfig> config_;
    FieldTemplates templates_;
};

std::shared_ptr<const IntegrationConfig> read_discord(const YamlNode& node, ConfigReading& reading,
                                                      const GlobalConfig& global, const std::string& directory) {
    ConfigFields fields(node, "discord config", reading);
    auto config = std::make_shared<DiscordConfig>();
    config->send_resolved = true;
    read_common_fields(fields, *config, global, directory);
    config->webhook_url = read_required_url(fields, "webhook_url", directory);
    fields.read_template("content", config->content);
    fields.read_template("title", config->title);
    fields.read_template("message", config->message);
    fields.read("username", config->username);
    fields.read("avatar_url", config->avatar_url);
    fields.finish();
    return config;
}

std::unique_ptr<Notifier> create_discord(std::shared_ptr<const IntegrationConfig> config,
                                         const NotifierContext& context) {
    return std::make_unique<Discord>(std::static_pointer_cast<const DiscordConfig>(std::move(config)), context);
}

}  // namespace

extern const IntegrationType discord;
const IntegrationType discord{
    .name = "discord", .config_key = "discord_configs", .read = read_discord, .create = create_discord};

}  // namespace tocsin::integrations
