#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/text.h"
#include "base/url.h"
#include "notifiers/integrations/http_notifier.h"
#include "notifiers/integrations/templated_text.h"

namespace tocsin::integrations {
namespace {

// https://pushover.net/api#limits
constexpr std::size_t kPushoverTitleRunesMax = 250;
constexpr std::size_t kPushoverRunesMax = 1024;
constexpr std::size_t kUrlRunesMax = 512;

struct PushoverConfig final : IntegrationConfig {
    SecretText user_key, token;  // templates
    TemplateField title{R"({{ template "pushover.default.title" . }})", {}};
    TemplateField message{R"({{ template "pushover.default.message" . }})", {}};
    TemplateField url{R"({{ template "pushover.default.url" . }})", {}};
    TemplateField url_title, device, sound;
    TemplateField priority{R"({{ if eq .Status "firing" }}2{{ else }}0{{ end }})", {}};  // emergency, normal
    Duration retry{60'000};
    Duration expire{3'600'000};
    Duration ttl{0};
    bool html = false;
    bool monospace = false;
};

using Parameters = std::vector<std::pair<std::string, std::string>>;

std::string seconds_of(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

class Pushover final : public HttpNotifier {
public:
    Pushover(std::shared_ptr<const PushoverConfig> config, const NotifierContext& context)
        : HttpNotifier("pushover", config, context),
          config_(std::move(config)),
          templates_(context.templates),
          url_(context.pushover_url) {}

private:
    Result<Message> compose(const Notification& notification) override {
        TOCSIN_TRY(const std::string token, expand_secret(config_->token, notification));
        TOCSIN_TRY(const std::string user, expand_secret(config_->user_key, notification));
        FieldExpander expand(notification);
        Parameters parameters = make_parameters(notification, expand);
        parameters.emplace_back("token", token);
        parameters.emplace_back("user", user);
        std::sort(parameters.begin(), parameters.end());
        Message message;
        message.url = url_;
        char separator = '?';
        for (const auto& [name, value] : parameters) {
            message.url += fmt::format("{}{}={}", separator, name, query_escape(value));
            separator = '&';
        }
        message.content_type = "text/plain";
        message.secrets = {token, user};
        message.template_error = expand.error();
        return message;
    }

    /// The message of a failure would quote the template, which is secret.
    Result<std::string> expand_secret(const SecretText& source, const Notification& notification) {
        TOCSIN_TRY(const std::string secret, source.resolve(disk()));
        const auto text = TemplatedText(templates_.set(), secret).expand(notification.data, notification.now);
        if (!text) return fail(Error::Kind::InvalidInput, "user key or token: template cannot be executed");
        return *text;
    }

    std::string text(FieldExpander& expand, const TemplateField& field) const {
        return expand(templates_.of(field.text));
    }

    Parameters make_parameters(const Notification& notification, FieldExpander& expand) const {
        const std::string title =
            expand.expand_or(templates_.of(config_->title.text), plain_subject(notification.data));
        const auto kind = config_->html ? TemplatedText::Kind::Html : TemplatedText::Kind::Text;
        const std::string message = expand(templates_.of(config_->message.text, kind));
        const std::string fallback_priority = notification.data.status == "firing" ? "2" : "0";
        Parameters parameters = {
            {"title", truncate_in_runes(title, kPushoverTitleRunesMax)},
            {"url", truncate_in_runes(text(expand, config_->url), kUrlRunesMax)},
            {"url_title", text(expand, config_->url_title)},
            {"priority", expand.expand_or(templates_.of(config_->priority.text), fallback_priority)},
            {"retry", seconds_of(config_->retry)},
            {"expire", seconds_of(config_->expire)},
            {"device", text(expand, config_->device)},
            {"sound", text(expand, config_->sound)},
        };
        if (config_->html && expand.error().empty()) parameters.emplace_back("html", "1");
        if (config_->monospace) parameters.emplace_back("monospace", "1");
        if (config_->ttl >= std::chrono::seconds(1)) parameters.emplace_back("ttl", seconds_of(config_->ttl));
        parameters.emplace_back("message", final_message(message, notification, expand));
        return parameters;
    }

    /// Pushover refuses an empty one.
    static std::string final_message(std::string message, const Notification& notification,
                                     const FieldExpander& expand) {
        if (!expand.error().empty()) message = with_plain_facts({}, notification.data, expand.error());
        message = truncate_in_runes(std::move(message), kPushoverRunesMax);
        const std::string_view trimmed = trim(message);
        return trimmed.empty() ? "(no details)" : std::string(trimmed);
    }

    std::shared_ptr<const PushoverConfig> config_;
    FieldTemplates templates_;
    std::string url_;
};

SecretText read_required_secret(ConfigFields& fields, const std::string& key, const std::string& directory) {
    SecretText source = read_secret_source(fields, key, directory);
    if (source.empty()) fields.report({}, fmt::format("one of {} or {}_file must be configured", key, key));
    return source;
}

void read_pushover_texts(ConfigFields& fields, PushoverConfig& config) {
    fields.read_template("title", config.title);
    fields.read_template("message", config.message);
    fields.read_template("url", config.url);
    fields.read_template("url_title", config.url_title);
    fields.read_template("device", config.device);
    fields.read_template("sound", config.sound);
    fields.read_template("priority", config.priority);
}

std::shared_ptr<const IntegrationConfig> read_pushover(const YamlNode& node, ConfigReading& reading,
                                                       const GlobalConfig& global, const std::string& directory) {
    ConfigFields fields(node, "pushover config", reading);
    auto config = std::make_shared<PushoverConfig>();
    config->send_resolved = true;
    read_common_fields(fields, *config, global, directory);
    config->user_key = read_required_secret(fields, "user_key", directory);
    config->token = read_required_secret(fields, "token", directory);
    read_pushover_texts(fields, *config);
    fields.read_go_duration("retry", config->retry);
    fields.read_go_duration("expire", config->expire);
    fields.read_go_duration("ttl", config->ttl);
    fields.read("html", config->html);
    fields.read("monospace", config->monospace);
    if (config->html && config->monospace) fields.report("monospace", "either monospace or html must be configured");
    fields.finish();
    return config;
}

std::unique_ptr<Notifier> create_pushover(std::shared_ptr<const IntegrationConfig> config,
                                          const NotifierContext& context) {
    return std::make_unique<Pushover>(std::static_pointer_cast<const PushoverConfig>(std::move(config)), context);
}

}  // namespace

extern const IntegrationType pushover;
const IntegrationType pushover{
    .name = "pushover", .config_key = "pushover_configs", .read = read_pushover, .create = create_pushover};

}  // namespace tocsin::integrations
