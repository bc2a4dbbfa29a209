#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "notifiers/integrations/http_notifier.h"
#include "notifiers/integrations/templated_text.h"

namespace tocsin::integrations {
namespace {

// https://developer.pagerduty.com/docs/events-api-v2/overview: an event may have 512 KB.
constexpr std::size_t kEventBytesMax = 512'000;
constexpr std::size_t kSummaryRunesMax = 1024;
constexpr const char* kDetailsRemoved =
    "Custom details have been removed because the original event exceeds the maximum size of 512KB";

struct Image {
    TemplateField src, alt, href;
};

struct Link {
    TemplateField href, text;
};

struct PagerdutyConfig final : IntegrationConfig {
    SecretTemplateField service_key, routing_key;  // a service key selects the first API
    std::string service_key_file, routing_key_file;
    std::string url;
    TemplateField client{R"({{ template "pagerduty.default.client" . }})", {}};
    TemplateField client_url{R"({{ template "pagerduty.default.clientURL" . }})", {}};
    TemplateField description{R"({{ template "pagerduty.default.description" .}})", {}};
    TemplateField source, severity, class_, component, group;
    std::vector<std::pair<std::string, YamlNode>> details;
    std::vector<Image> images;
    std::vector<Link> links;

    bool is_v1() const { return !service_key.text.empty() || !service_key_file.empty(); }
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kDefaultDetails = {{
    {"firing", "{{ .Alerts.Firing | toJson }}"},
    {"num_firing", "{{ .Alerts.Firing | len }}"},
    {"num_resolved", "{{ .Alerts.Resolved | len }}"},
    {"resolved", "{{ .Alerts.Resolved | toJson }}"},
}};

class Pagerduty final : public HttpNotifier {
public:
    Pagerduty(std::shared_ptr<const PagerdutyConfig> config, const NotifierContext& context)
        : HttpNotifier("pagerduty", config, context),
          config_(std::move(config)),
          templates_(context.templates),
          v1_url_(context.pagerduty_v1_url) {
        for (const auto& [name, value] : config_->details) {
            details_.emplace_back(name, FreeForm::from_yaml(templates_.set(), value));
        }
        for (const auto& [name, text] : kDefaultDetails) add_default_detail(name, text);
        std::sort(details_.begin(), details_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    }

private:
    void add_default_detail(std::string_view name, std::string_view text) {
        for (const auto& detail : details_) {
            if (detail.first == name) return;
        }
        details_.emplace_back(name, FreeForm::from_text(templates_.set(), text));
    }

    Result<Message> compose(const Notification& notification) override {
        TOCSIN_TRY(const std::string key, expand_key(notification));
        FieldExpander expand(notification);
        Json details = make_details(expand);
        Message message;
        message.url = config_->is_v1() ? v1_url_ : config_->url;
        message.secrets = {key};
        const auto event = [&](const Json& with_details) {
            return config_->is_v1() ? v1_event(notification, key, with_details, expand)
                                    : v2_event(notification, key, with_details, expand);
        };
        message.body = dump(event(details)) + "\n";
        if (!expand.error().empty()) {
            message.template_error = expand.error();
            details.add("template_error", expand.error());
            message.body = dump(event(details)) + "\n";
        }
        if (message.body.size() > kEventBytesMax) {
            Json removed = Json::object();
            removed.add("error", kDetailsRemoved);
            message.body = dump(event(removed)) + "\n";
        }
        return message;
    }

    /// Without a key there is nobody to tell; no other field is worth losing the event for.
    Result<std::string> expand_key(const Notification& notification) {
        const bool v1 = config_->is_v1();
        const char* name = v1 ? "service key" : "routing key";
        const SecretText source{v1 ? config_->service_key.text : config_->routing_key.text,
                                v1 ? config_->service_key_file : config_->routing_key_file};
        const bool inline_key = !source.text.empty();
        TOCSIN_TRY(const std::string text,
                   inline_key ? Result<std::string>(source.text.reveal()) : source.resolve(disk()));
        auto key = TemplatedText(templates_.set(), text).expand(notification.data, notification.now);
        if (!key) return fail(Error::Kind::InvalidInput, fmt::format("{}: template cannot be executed", name));
        if (key->empty()) return fail(Error::Kind::InvalidInput, fmt::format("{} cannot be empty", name));
        return key;
    }

    Json make_details(FieldExpander& expand) const {
        Json details = Json::object();
        for (const auto& [name, form] : details_) details.add(name, form.expand(expand));
        return details;
    }

    std::string text(FieldExpander& expand, const TemplateField& field) const {
        return expand(templates_.of(field.text));
    }

    std::string summary(const Notification& notification, FieldExpander& expand) const {
        return truncate_in_runes(
            expand.expand_or(templates_.of(config_->description.text), plain_subject(notification.data)),
            kSummaryRunesMax);
    }

    static const char* action(const Notification& notification) {
        return notification.data.status == "resolved" ? "resolve" : "trigger";
    }

    static void add_text(Json& object, const char* name, std::string text) {
        if (!text.empty()) object.add(name, std::move(text));
    }

    Json v1_event(const Notification& notification, const std::string& key, const Json& details,
                  FieldExpander& expand) const {
        Json event = Json::object();
        event.add("service_key", key);
        event.add("incident_key", sha256_hex(notification.group_key));
        event.add("event_type", action(notification));
        add_text(event, "description", summary(notification, expand));
        event.add("event_action", "");
        event.add("payload", nullptr);
        if (notification.data.status != "resolved") {
            add_text(event, "client", text(expand, config_->client));
            add_text(event, "client_url", text(expand, config_->client_url));
        }
        event.add("details", details);
        return event;
    }

    Json v2_event(const Notification& notification, const std::string& key, const Json& details,
                  FieldExpander& expand) const {
        Json event = Json::object();
        event.add("routing_key", key);
        event.add("dedup_key", sha256_hex(notification.group_key));
        event.add("event_action", action(notification));
        event.add("payload", make_payload(notification, details, expand));
        add_text(event, "client", text(expand, config_->client));
        add_text(event, "client_url", text(expand, config_->client_url));
        Json images = make_images(expand);
        if (!images.items().empty()) event.add("images", std::move(images));
        Json links = make_links(expand);
        if (!links.items().empty()) event.add("links", std::move(links));
        return event;
    }

    Json make_payload(const Notification& notification, const Json& details, FieldExpander& expand) const {
        Json payload = Json::object();
        payload.add("summary", summary(notification, expand));
        payload.add("source", text(expand, config_->source.text.empty() ? config_->client : config_->source));
        payload.add("severity", config_->severity.text.empty() ? "error" : text(expand, config_->severity));
        add_text(payload, "class", text(expand, config_->class_));
        add_text(payload, "component", text(expand, config_->component));
        add_text(payload, "group", text(expand, config_->group));
        payload.add("custom_details", details);
        return payload;
    }

    Json make_images(FieldExpander& expand) const {
        Json images = Json::array();
        for (const Image& image : config_->images) {
            std::string src = text(expand, image.src);
            if (src.empty()) continue;
            Json json = Json::object();
            json.add("src", std::move(src));
            json.add("alt", text(expand, image.alt));
            json.add("href", text(expand, image.href));
            images.push(std::move(json));
        }
        return images;
    }

    Json make_links(FieldExpander& expand) const {
        Json links = Json::array();
        for (const Link& link : config_->links) {
            std::string href = text(expand, link.href);
            if (href.empty()) continue;
            Json json = Json::object();
            json.add("href", std::move(href));
            json.add("text", text(expand, link.text));
            links.push(std::move(json));
        }
        return links;
    }

    Outcome judge(const Notification&, const HttpResponse& response, const Quote& quote) override {
        Outcome outcome = classify_status(response, clock().now(), [&] { return error_details(response, quote); });
        // The first API says so when events come too fast.
        if (config_->is_v1() && response.status == 403) {
            outcome.kind = Outcome::Kind::RetryLater;
            outcome.retry_after = parse_retry_after(find_header(response.headers, "Retry-After"), clock().now());
        }
        return outcome;
    }

    static std::string error_details(const HttpResponse& response, const Quote& quote) {
        if (response.status != 400) return {};
        const auto answer = parse_json(response.body);
        if (!answer) return {};
        std::vector<std::string> errors;
        for (const Json& error : answer->at("errors").items()) errors.push_back(error.as_string());
        return quote(fmt::format("{}: {}", answer->at("message").as_string(), join(errors, ",")));
    }

    std::shared_ptr<const PagerdutyConfig> config_;
    FieldTemplates templates_;
    std::string v1_url_;
    std::vector<std::pair<std::string, FreeForm>> details_;
};

void read_pagerduty_keys(ConfigFields& fields, PagerdutyConfig& config, const std::string& directory) {
    fields.read_secret_template("service_key", config.service_key);
    fields.read_secret_template("routing_key", config.routing_key);
    fields.read("service_key_file", config.service_key_file);
    fields.read("routing_key_file", config.routing_key_file);
    for (std::string* file : {&config.service_key_file, &config.routing_key_file}) {
        if (!file->empty()) *file = resolve_path(directory, *file);
    }
    fields.at_most_one({"routing_key", "routing_key_file"});
    fields.at_most_one({"service_key", "service_key_file"});
    const bool any = fields.has("routing_key") || fields.has("routing_key_file") || fields.has("service_key") ||
                     fields.has("service_key_file");
    if (!any) fields.report({}, "missing service or routing key in PagerDuty config");
}

void read_details(ConfigFields& fields, PagerdutyConfig& config) {
    const YamlNode* details = fields.get("details");
    if (details == nullptr || details->is_null()) return;
    if (!details->is_map()) return fields.report("details", "details is not a map", "a map");
    for (const auto& entry : details->entries) config.details.emplace_back(entry.key, entry.value);
}

Image read_image(const YamlNode& node, ConfigReading& reading) {
    ConfigFields fields(node, "PagerDuty image", reading);
    Image image;
    fields.read_template("src", image.src);
    fields.read_template("alt", image.alt);
    fields.read_template("href", image.href);
    fields.finish();
    return image;
}

Link read_link(const YamlNode& node, ConfigReading& reading) {
    ConfigFields fields(node, "PagerDuty link", reading);
    Link link;
    fields.read_template("href", link.href);
    fields.read_template("text", link.text);
    fields.finish();
    return link;
}

std::shared_ptr<const IntegrationConfig> read_pagerduty(const YamlNode& node, ConfigReading& reading,
                                                        const GlobalConfig& global, const std::string& directory) {
    ConfigFields fields(node, "pagerduty config", reading);
    auto config = std::make_shared<PagerdutyConfig>();
    config->send_resolved = true;
    read_common_fields(fields, *config, global, directory);
    read_pagerduty_keys(fields, *config, directory);
    config->url = global.pagerduty_url;
    fields.read_url("url", config->url);
    fields.read_template("client", config->client);
    fields.read_template("client_url", config->client_url);
    fields.read_template("description", config->description);
    fields.read_template("source", config->source);
    fields.read_template("severity", config->severity);
    fields.read_template("class", config->class_);
    fields.read_template("component", config->component);
    fields.read_template("group", config->group);
    read_details(fields, *config);
    fields.read_each("images", [&](const YamlNode& item) { config->images.push_back(read_image(item, reading)); });
    fields.read_each("links", [&](const YamlNode& item) { config->links.push_back(read_link(item, reading)); });
    fields.read_go_duration("timeout", config->timeout);
    fields.finish();
    return config;
}

std::unique_ptr<Notifier> create_pagerduty(std::shared_ptr<const IntegrationConfig> config,
                                           const NotifierContext& context) {
    return std::make_unique<Pagerduty>(std::static_pointer_cast<const PagerdutyConfig>(std::move(config)), context);
}

}  // namespace

extern const IntegrationType pagerduty;
const IntegrationType pagerduty{
    .name = "pagerduty", .config_key = "pagerduty_configs", .read = read_pagerduty, .create = create_pagerduty};

}  // namespace tocsin::integrations
