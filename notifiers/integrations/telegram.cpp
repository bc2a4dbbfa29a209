#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"
#include "notifiers/integrations/http_notifier.h"
#include "notifiers/integrations/templated_text.h"

namespace tocsin::integrations {
namespace {

// https://core.telegram.org/bots/api#sendmessage
constexpr std::size_t kTelegramRunesMax = 4096;

struct TelegramConfig final : IntegrationConfig {
    std::string api_url;
    SecretText bot_token;
    std::int64_t chat_id = 0;
    std::string chat_id_file;
    std::int64_t message_thread_id = 0;
    TemplateField message{R"({{ template "telegram.default.message" . }})", {}};
    bool disable_notifications = false;
    std::string parse_mode = "HTML";
};

std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&') {
            out += "&amp;";
        } else if (c == '<') {
            out += "&lt;";
        } else if (c == '>') {
            out += "&gt;";
        } else {
            out += c;
        }
    }
    return out;
}

class Telegram final : public HttpNotifier {
public:
    Telegram(std::shared_ptr<const TelegramConfig> config, const NotifierContext& context)
        : HttpNotifier("telegram", config, context), config_(std::move(config)), templates_(context.templates) {}

private:
    Result<Message> compose(const Notification& notification) override {
        Message message;
        TOCSIN_TRY(const std::string token, config_->bot_token.resolve(disk()));
        TOCSIN_TRY(const std::int64_t chat, chat_id());
        std::string_view base = config_->api_url;
        while (base.ends_with('/')) base.remove_suffix(1);
        message.url = fmt::format("{}/bot{}/sendMessage", base, token);
        message.secrets = {token};
        FieldExpander expand(notification);
        std::string text_to_send = text(notification, expand);
        message.template_error = expand.error();
        message.body = dump(body(chat, std::move(text_to_send), message.template_error.empty())) + "\n";
        return message;
    }

    Result<std::int64_t> chat_id() {
        if (config_->chat_id_file.empty()) return config_->chat_id;
        TOCSIN_TRY(const std::string content, read_file(disk(), config_->chat_id_file));
        const std::string_view digits = trim(content);
        std::int64_t id = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
        if (error == std::errc{} && end == digits.data() + digits.size()) return id;
        return fail(Error::Kind::InvalidInput,
                    fmt::format("could not parse chat_id from {}, expected a number", config_->chat_id_file));
    }

    /// A text with tags cannot be cut anywhere: what is too long is told as plain facts, which can.
    std::string text(const Notification& notification, FieldExpander& expand) const {
        const bool html = config_->parse_mode == "HTML";
        std::string text =
            expand(templates_.of(config_->message.text, html ? TemplatedText::Kind::Html : TemplatedText::Kind::Text));
        if (!expand.error().empty()) {
            return truncate_in_runes(with_plain_facts({}, notification.data, expand.error()), kTelegramRunesMax);
        }
        if (!html) return truncate_in_runes(std::move(text), kTelegramRunesMax);
        if (truncate_in_runes(text, kTelegramRunesMax) == text) return text;
        const std::string plain = plain_subject(notification.data) + "\n" + plain_facts(notification.data);
        // Escaping makes five characters of one at worst.
        return escape_html(truncate_in_runes(plain, kTelegramRunesMax / 5));
    }

    /// Members sorted and numbers as texts, as Alertmanager's library sends them. Without the parse mode when the text
    /// is not the template's.
    Json body(std::int64_t chat, std::string text, bool is_marked_up) const {
        Json json = Json::object();
        json.add("chat_id", std::to_string(chat));
        if (config_->disable_notifications) json.add("disable_notification", "true");
        json.add("disable_web_page_preview", "true");
        if (config_->message_thread_id != 0) {
            json.add("message_thread_id", std::to_string(config_->message_thread_id));
        }
        if (is_marked_up && !config_->parse_mode.empty()) json.add("parse_mode", config_->parse_mode);
        json.add("text", std::move(text));
        return json;
    }

    Outcome judge(const Notification&, const HttpResponse& response, const Quote& quote) override {
        const auto answer = parse_json(response.body);
        const std::string description = answer ? answer->at("description").as_string() : std::string();
        Outcome outcome = classify_status(response, clock().now(), [&] { return quote(description); });
        if (outcome.kind == Outcome::Kind::RetryLater && answer && !outcome.retry_after) {
            const std::int64_t seconds = answer->at("parameters").at("retry_after").as_integer();
            if (seconds > 0) outcome.retry_after = parse_retry_after(std::to_string(seconds), clock().now());
        }
        return outcome;
    }

    std::shared_ptr<const TelegramConfig> config_;
    FieldTemplates templates_;
};

void read_chat(ConfigFields& fields, TelegramConfig& config, const std::string& directory) {
    fields.read("chat_id", config.chat_id);
    if (fields.read("chat_id_file", config.chat_id_file) && !config.chat_id_file.empty()) {
        config.chat_id_file = resolve_path(directory, config.chat_id_file);
    }
    fields.at_most_one({"chat_id", "chat_id_file"});
    if (config.chat_id == 0 && config.chat_id_file.empty()) {
        fields.report({}, "missing chat_id or chat_id_file on telegram_config");
    }
    fields.read("message_thread_id", config.message_thread_id);
}

void read_parse_mode(ConfigFields& fields, TelegramConfig& config) {
    fields.read("parse_mode", config.parse_mode);
    const std::string& mode = config.parse_mode;
    if (mode.empty() || mode == "Markdown" || mode == "MarkdownV2" || mode == "HTML") return;
    fields.report("parse_mode",
                  "unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string");
}

std::shared_ptr<const IntegrationConfig> read_telegram(const YamlNode& node, ConfigReading& reading,
                                                       const GlobalConfig& global, const std::string& directory) {
    ConfigFields fields(node, "telegram config", reading);
    auto config = std::make_shared<TelegramConfig>();
    config->send_resolved = true;
    read_common_fields(fields, *config, global, directory);
    config->api_url = global.telegram_api_url;
    fields.read_url("api_url", config->api_url);
    config->bot_token = read_secret_source(fields, "bot_token", directory);
    if (config->bot_token.empty()) config->bot_token = global.telegram_bot_token;
    if (config->bot_token.empty()) {
        fields.report({}, "missing bot_token or bot_token_file on telegram_config");
    }
    read_chat(fields, *config, directory);
    fields.read_template("message", config->message);
    fields.read("disable_notifications", config->disable_notifications);
    read_parse_mode(fields, *config);
    fields.finish();
    return config;
}

std::unique_ptr<Notifier> create_telegram(std::shared_ptr<const IntegrationConfig> config,
                                          const NotifierContext& context) {
    return std::make_unique<Telegram>(std::static_pointer_cast<const TelegramConfig>(std::move(config)), context);
}

}  // namespace

extern const IntegrationType telegram;
const IntegrationType telegram{
    .name = "telegram", .config_key = "telegram_configs", .read = read_telegram, .create = create_telegram};

}  // namespace tocsin::integrations
