#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "notifiers/integrations/http_notifier.h"
#include "notifiers/integrations/templated_text.h"

namespace tocsin::integrations {
namespace {

// https://docs.opsgenie.com/docs/alert-api
constexpr std::size_t kMessageRunesMax = 130;

struct Responder {
    TemplateField id, name, username, type;
};

struct OpsgenieConfig final : IntegrationConfig {
    std::string api_url;
    SecretText api_key;  // a template
    TemplateField message{R"({{ template "opsgenie.default.message" . }})", {}};
    TemplateField description{R"({{ template "opsgenie.default.description" . }})", {}};
    TemplateField source{R"({{ template "opsgenie.default.source" . }})", {}};
    std::vector<std::pair<std::string, std::string>> details;
    TemplateField entity, actions, tags, note, priority;
    std::vector<Responder> responders;
    bool update_alerts = false;
};

void add_text(Json& object, const char* name, std::string text) {
    if (!text.empty()) object.add(name, std::move(text));
}

Json non_empty_parts(std::string_view text) {
    Json list = Json::array();
    for (const std::string_view part : split(trim(text), ',')) {
        if (!part.empty()) list.push(part);
    }
    return list;
}

void add_list(Json& object, const char* name, Json list) {
    if (!list.items().empty()) object.add(name, std::move(list));
}

class Opsgenie final : public HttpNotifier {
public:
    Opsgenie(std::shared_ptr<const OpsgenieConfig> config, const NotifierContext& context)
        : HttpNotifier("opsgenie", config, context), config_(std::move(config)), templates_(context.templates) {}

private:
    Result<Message> compose(const Notification& notification) override {
        TOCSIN_TRY(const std::string key, expand_key(notification));
        const HttpHeader authorization{"Authorization", "GenieKey " + key};
        const std::string alias = sha256_hex(notification.group_key);
        FieldExpander expand(notification);
        Message message = notification.data.status == "firing" ? create_alert(notification, alias, expand)
                                                               : close_alert(alias, expand);
        message.template_error = expand.error();
        message.headers.push_back(authorization);
        for (Message& update : message.next) update.headers.push_back(authorization);
        return message;
    }

    /// The message of a failure would quote the template, which is secret.
    Result<std::string> expand_key(const Notification& notification) {
        TOCSIN_TRY(const std::string source, config_->api_key.resolve(disk()));
        const auto key = TemplatedText(templates_.set(), source).expand(notification.data, notification.now);
        if (!key) return fail(Error::Kind::InvalidInput, "API key: template cannot be executed");
        return std::string(trim(*key));
    }

    std::string text(FieldExpander& expand, const TemplateField& field) const {
        return expand(templates_.of(field.text));
    }

    std::string url(const std::string& alias = {}, std::string_view action = {}) const {
        const std::string alerts = config_->api_url + "v2/alerts";
        return alias.empty() ? alerts : fmt::format("{}/{}/{}?identifierType=alias", alerts, alias, action);
    }

    Message close_alert(const std::string& alias, FieldExpander& expand) const {
        Message message;
        message.url = url(alias, "close");
        message.body = dump(Json::Object{{"source", text(expand, config_->source)}}) + "\n";
        return message;
    }

    Message create_alert(const Notification& notification, const std::string& alias, FieldExpander& expand) const {
        const Json details = make_details(notification, expand);
        const std::string subject = truncate_in_runes(
            expand.expand_or(templates_.of(config_->message.text), plain_subject(notification.data)), kMessageRunesMax);
        std::string description = text(expand, config_->description);
        Json json = Json::object();
        json.add("alias", alias);
        json.add("message", subject);
        Json rest = make_rest(details, expand);
        if (!expand.error().empty()) {
            description = with_plain_facts(std::move(description), notification.data, expand.error());
        }
        add_text(json, "description", description);
        for (const auto& [name, value] : rest.members()) json.add(name, value);
        Message message;
        message.url = url();
        message.body = dump(json) + "\n";
        if (!config_->update_alerts) return message;
        message.next.push_back(update(alias, "message", subject));
        message.next.push_back(update(alias, "description", description));
        return message;
    }

    Message update(const std::string& alias, const char* member, const std::string& text) const {
        Message message;
        message.method = "PUT";
        message.url = url(alias, member);
        Json json = Json::object();
        add_text(json, member, text);
        message.body = dump(json) + "\n";
        return message;
    }

    /// The members behind `description`, in Alertmanager's order.
    Json make_rest(const Json& details, FieldExpander& expand) const {
        Json json = Json::object();
        json.add("details", details);
        json.add("source", text(expand, config_->source));
        add_list(json, "responders", make_responders(expand));
        add_list(json, "tags", non_empty_parts(text(expand, config_->tags)));
        add_text(json, "note", text(expand, config_->note));
        add_text(json, "priority", text(expand, config_->priority));
        add_text(json, "entity", text(expand, config_->entity));
        add_list(json, "actions", non_empty_parts(text(expand, config_->actions)));
        return json;
    }

    Json make_details(const Notification& notification, FieldExpander& expand) const {
        std::map<std::string, std::string> details;
        for (const Label label : notification.data.common_labels) details[std::string(label.name)] = label.value;
        for (const auto& [name, value] : config_->details) details[name] = expand(templates_.of(value));
        Json json = Json::object();
        for (const auto& [name, value] : details) json.add(name, value);
        return json;
    }

    /// Those that come out empty are left out, so that labels can say who responds. `teams` names several in one.
    Json make_responders(FieldExpander& expand) const {
        Json list = Json::array();
        for (const Responder& responder : config_->responders) {
            Json json = Json::object();
            const std::string name = text(expand, responder.name);
            add_text(json, "id", text(expand, responder.id));
            add_text(json, "name", name);
            add_text(json, "username", text(expand, responder.username));
            const std::string type = text(expand, responder.type);
            if (json.members().empty() && type.empty()) continue;
            if (type == "teams") {
                const Json teams = non_empty_parts(name);
                for (const Json& team : teams.items()) list.push(Json::Object{{"name", team}, {"type", "team"}});
                continue;
            }
            json.add("type", type);
            list.push(std::move(json));
        }
        return list;
    }

    std::shared_ptr<const OpsgenieConfig> config_;
    FieldTemplates templates_;
};

void check_responder_type(ConfigFields& fields, const Responder& responder) {
    static constexpr std::array<std::string_view, 5> kTypes = {"team", "teams", "user", "escalation", "schedule"};
    const std::string type = to_lower(responder.type.text);
    if (type.find("{{") != std::string::npos) {
        if (templates::NotificationTemplates().parse_text(responder.type.text)) return;
        return fields.report("type", fmt::format("opsGenieConfig responder type {} is not a valid template",
                                                 go_quote(responder.type.text)));
    }
    if (std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end()) return;
    fields.report(
        "type",
        fmt::format("opsGenieConfig responder type {} does not match a valid type", go_quote(responder.type.text)),
        "team, teams, user, escalation, schedule or a template");
}

Responder read_responder(const YamlNode& node, ConfigReading& reading) {
    ConfigFields fields(node, "opsgenie responder", reading);
    Responder responder;
    fields.read_template("id", responder.id);
    fields.read_template("name", responder.name);
    fields.read_template("username", responder.username);
    fields.read_template("type", responder.type);
    if (!fields.has("id") && !fields.has("name") && !fields.has("username")) {
        fields.report({}, "opsGenieConfig responder has to have at least one of id, username or name specified");
    }
    check_responder_type(fields, responder);
    fields.finish();
    return responder;
}

void read_opsgenie_texts(ConfigFields& fields, OpsgenieConfig& config) {
    fields.read_template("message", config.message);
    fields.read_template("description", config.description);
    fields.read_template("source", config.source);
    fields.read_template("entity", config.entity);
    fields.read_template("actions", config.actions);
    fields.read_template("tags", config.tags);
    fields.read_template("note", config.note);
    fields.read_template("priority", config.priority);
}

std::shared_ptr<const IntegrationConfig> read_opsgenie(const YamlNode& node, ConfigReading& reading,
                                                       const GlobalConfig& global, const std::string& directory) {
    ConfigFields fields(node, "opsgenie config", reading);
    auto config = std::make_shared<OpsgenieConfig>();
    config->send_resolved = true;
    read_common_fields(fields, *config, global, directory);
    config->api_key = read_secret_source(fields, "api_key", directory);
    if (config->api_key.empty()) config->api_key = global.opsgenie_api_key;
    if (config->api_key.empty()) {
        fields.report({}, "no global OpsGenie API Key set either inline or in a file");
    }
    config->api_url = global.opsgenie_api_url;
    fields.read_url("api_url", config->api_url);
    if (!config->api_url.ends_with('/')) config->api_url += '/';
    read_opsgenie_texts(fields, *config);
    fields.read("details", config->details);
    fields.read_each("responders",
                     [&](const YamlNode& item) { config->responders.push_back(read_responder(item, reading)); });
    fields.read("update_alerts", config->update_alerts);
    fields.finish();
    return config;
}

std::unique_ptr<Notifier> create_opsgenie(std::shared_ptr<const IntegrationConfig> config,
                                          const NotifierContext& context) {
    return std::make_unique<Opsgenie>(std::static_pointer_cast<const OpsgenieConfig>(std::move(config)), context);
}

}  // namespace

extern const IntegrationType opsgenie;
const IntegrationType opsgenie{
    .name = "opsgenie", .config_key = "opsgenie_configs", .read = read_opsgenie, .create = create_opsgenie};

}  // namespace tocsin::integrations
