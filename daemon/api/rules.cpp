#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/duration.h"
#include "daemon/api/api.h"

namespace tocsin::api {
namespace {

double seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }
double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// Go's FormatFloat 'e' -1: `1.5e+00`.
std::string scientific(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    char text[64];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
    return {text, end};
}

Json alert_json(const ActiveAlertView& alert) {
    Json json = Json::object();
    json.add("labels", labels_json(alert.labels));
    json.add("annotations", labels_json(alert.annotations));
    json.add("state", to_string(alert.state.phase));
    json.add("activeAt", to_rfc3339(alert.state.active_at));
    if (alert.state.keep_firing_since) json.add("keepFiringSince", to_rfc3339(*alert.state.keep_firing_since));
    json.add("value", scientific(alert.value));
    return json;
}

Json texts_json(const std::vector<RuleText>& texts) {
    Json json = Json::object();
    for (const RuleText& text : texts) json.add(text.name, text.text);
    return json;
}

std::string_view to_string(RuleHealth health) {
    switch (health) {
        case RuleHealth::Unknown: return "unknown";
        case RuleHealth::Ok: return "ok";
        case RuleHealth::Error: return "err";
    }
    return "";
}

/// What Prometheus' answer does not have: what each selector matched, and what PromQL had to say.
void add_findings(Json& json, const RuleView& rule) {
    Json selectors = Json::array();
    for (const auto& selector : rule.selectors) {
        selectors.push(Json::Object{{"selector", selector.text}, {"series", static_cast<std::uint64_t>(selector.series)}});
    }
    json.add("selectors", std::move(selectors));
    if (rule.warnings.empty()) return;
    Json warnings = Json::array();
    for (const std::string& warning : rule.warnings) warnings.push(warning);
    json.add("warnings", std::move(warnings));
}

Json rule_json(const RuleView& rule, bool with_alerts) {
    const RuleDefinition& definition = *rule.definition;
    const bool alerting = definition.kind == RuleDefinition::Kind::Alerting;
    Json json = Json::object();
    if (alerting) json.add("state", to_string(rule.phase));
    json.add("name", definition.name);
    json.add("query", definition.expr_text);
    if (alerting) {
        json.add("duration", seconds(definition.for_duration));
        json.add("keepFiringFor", seconds(definition.keep_firing_for));
    }
    if (alerting || !definition.labels.empty()) json.add("labels", texts_json(definition.labels));
    if (alerting) {
        json.add("annotations", texts_json(definition.annotations));
        Json alerts = Json::array();
        if (with_alerts) {
            for (const ActiveAlertView& alert : rule.alerts) alerts.push(alert_json(alert));
        }
        json.add("alerts", std::move(alerts));
    }
    json.add("health", to_string(rule.health));
    if (!rule.last_error.empty()) json.add("lastError", rule.last_error);
    json.add("evaluationTime", seconds(rule.evaluation_time));
    json.add("lastEvaluation", time_json(rule.last_evaluation));
    json.add("type", alerting ? "alerting" : "recording");
    add_findings(json, rule);
    return json;
}

/// The filters of a request; an empty list lets everything through.
struct Filter {
    explicit Filter(const Parameters& parameters)
        : type(parameters.get("type")),
          rules(parameters.all("rule_name[]")),
          groups(parameters.all("rule_group[]")),
          files(parameters.all("file[]")),
          with_alerts(!parameters.flag("exclude_alerts", false)) {}

    static bool in(const std::vector<std::string>& list, const std::string& name) {
        return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
    }
    bool takes(const RuleGroupView& group) const { return in(groups, group.name) && in(files, group.file); }
    bool takes(const RuleDefinition& rule) const {
        const bool alerting = rule.kind == RuleDefinition::Kind::Alerting;
        return in(rules, rule.name) && (type.empty() || (type == "alert") == alerting);
    }

    std::string type;
    std::vector<std::string> rules, groups, files;
    bool with_alerts;
};

ServerResponse list_rules(const Context& context, const ServerRequest& request) {
    const Filter filter{Parameters(request)};
    if (!filter.type.empty() && filter.type != "alert" && filter.type != "record") {
        return api_error("bad_data", "not supported value \"" + filter.type + "\"");
    }
    Json groups = Json::array();
    for (const RuleGroupView& group : context.rules.groups()) {
        if (!filter.takes(group)) continue;
        Json rules = Json::array();
        for (const RuleView& rule : group.rules) {
            if (filter.takes(*rule.definition)) rules.push(rule_json(rule, filter.with_alerts));
        }
        if (rules.items().empty() && !group.rules.empty()) continue;
        groups.push(Json::Object{{"name", group.name},
                                 {"file", group.file},
                                 {"rules", std::move(rules)},
                                 {"interval", seconds(group.interval)},
                                 {"limit", static_cast<std::uint64_t>(group.limit)},
                                 {"evaluationTime", seconds(group.evaluation_time)},
                                 {"lastEvaluation", time_json(group.last_evaluation)}});
    }
    return api_success(Json::Object{{"groups", std::move(groups)}});
}

ServerResponse list_alerts(const Context& context) {
    Json alerts = Json::array();
    for (const RuleGroupView& group : context.rules.groups()) {
        for (const RuleView& rule : group.rules) {
            for (const ActiveAlertView& alert : rule.alerts) alerts.push(alert_json(alert));
        }
    }
    return api_success(Json::Object{{"alerts", std::move(alerts)}});
}

}  // namespace

Json labels_json(const LabelSet& labels) {
    Json json = Json::object();
    for (const Label label : labels) json.add(std::string(label.name), label.value);
    return json;
}

std::string time_json(Timestamp t) { return t == Timestamp{} ? "0001-01-01T00:00:00Z" : to_rfc3339(t); }

void add_rules(Router& router, Context& context) {
    router.answer("GET", "/api/v1/rules", [&context](const Router::Call& call) { return list_rules(context, call.request); });
    router.answer("GET", "/api/v1/alerts", [&context](const Router::Call&) { return list_alerts(context); });
}

}  // namespace tocsin::api
