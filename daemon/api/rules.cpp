#include <algorithm>
#include <charconv>
#include <cmath>
#include <tuple>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/duration.h"
#include "base/text.h"
#include "daemon/api/api.h"
#include "daemon/api/query_parameters.h"

namespace tocsin::api {
namespace {

double seconds_of(std::chrono::nanoseconds duration) {
    return std::chrono::duration<double>(duration).count();
}
double seconds_of(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// Go's FormatFloat 'e' -1: `1.5e+00`.
std::string scientific(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    char text[64];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
    return {text, end};
}

Json rule_alert_json(const ActiveAlertView& alert) {
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

std::string_view health_name(RuleHealth health) {
    switch (health) {
        case RuleHealth::Unknown:
            return "unknown";
        case RuleHealth::Ok:
            return "ok";
        case RuleHealth::Error:
            return "err";
    }
    return "";
}

/// What Prometheus' answer does not have: what each selector matched, and what PromQL had to say.
void add_findings(Json& json, const RuleView& rule) {
    Json selectors = Json::array();
    for (const auto& selector : rule.selectors) {
        selectors.push(
            Json::Object{{"selector", selector.text}, {"series", static_cast<std::uint64_t>(selector.series)}});
    }
    json.add("selectors", std::move(selectors));
    if (rule.warnings.empty()) return;
    Json warnings = Json::array();
    for (const std::string& warning : rule.warnings) warnings.push(warning);
    json.add("warnings", std::move(warnings));
}

Json evaluations_json(const RuleView& rule, std::size_t count) {
    Json json = Json::array();
    const auto& all = rule.evaluations;
    for (std::size_t i = all.size() - std::min(count, all.size()); i < all.size(); ++i) {
        Json::Object one{{"at", to_rfc3339(all[i].at)},
                         {"evaluationTime", seconds_of(all[i].duration)},
                         {"samples", static_cast<std::uint64_t>(all[i].samples)}};
        if (!all[i].error.empty()) one.emplace_back("error", all[i].error);
        json.push(std::move(one));
    }
    return json;
}

/// What of a rule is shown.
struct Shown {
    bool alerts = true;
    std::size_t evaluations = 0;  // the last ones
};

Json rule_json(const RuleView& rule, const Shown& shown) {
    const RuleDefinition& definition = *rule.definition;
    const bool alerting = definition.kind == RuleDefinition::Kind::Alerting;
    Json json = Json::object();
    if (alerting) json.add("state", to_string(rule.phase));
    json.add("name", definition.name);
    json.add("query", definition.expr_text);
    if (alerting) {
        json.add("duration", seconds_of(definition.for_duration));
        json.add("keepFiringFor", seconds_of(definition.keep_firing_for));
    }
    if (alerting || !definition.labels.empty()) json.add("labels", texts_json(definition.labels));
    if (alerting) {
        json.add("annotations", texts_json(definition.annotations));
        Json alerts = Json::array();
        if (shown.alerts) {
            for (const ActiveAlertView& alert : rule.alerts) alerts.push(rule_alert_json(alert));
        }
        json.add("alerts", std::move(alerts));
    }
    json.add("health", health_name(rule.health));
    if (!rule.last_error.empty()) json.add("lastError", rule.last_error);
    json.add("evaluationTime", seconds_of(rule.evaluation_time));
    json.add("lastEvaluation", time_json(rule.last_evaluation));
    json.add("type", alerting ? "alerting" : "recording");
    add_findings(json, rule);
    if (shown.evaluations > 0) json.add("lastEvaluations", evaluations_json(rule, shown.evaluations));
    return json;
}

tl::unexpected<Error> refused_parameter(std::string_view name, std::string_view why) {
    return fail(Error::Kind::InvalidInput, fmt::format("invalid parameter {}: {}", go_quote(name), why));
}

/// Go's strconv.ParseBool.
Result<bool> parse_go_bool(const std::string& text) {
    for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
        if (text == yes) return true;
    }
    for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
        if (text == no) return false;
    }
    return fail(Error::Kind::InvalidInput,
                fmt::format("strconv.ParseBool: parsing {}: invalid syntax", go_quote(text)));
}

/// A whole number greater than zero; none when it is not given.
Result<std::size_t> read_count(const Parameters& parameters, const std::string& name) {
    const std::string text = parameters.get(name);
    if (text.empty()) return std::size_t{0};
    std::int32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        const char* why = error == std::errc::result_out_of_range ? "value out of range" : "invalid syntax";
        return refused_parameter(name, fmt::format("{} needs to be a valid number: strconv.ParseInt: parsing {}: {}",
                                                   name, go_quote(text), why));
    }
    if (number <= 0) return refused_parameter(name, name + " needs to be greater than 0");
    return static_cast<std::size_t>(number);
}

/// The filters of a request, as web/api/v1/api.go rules reads them; an empty list lets everything through.
struct Filter {
    static Result<Filter> read(const ServerRequest& request);

    static bool in(const std::vector<std::string>& list, const std::string& name) {
        return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
    }
    bool takes(const RuleGroupView& group) const { return in(groups, group.name) && in(files, group.file); }
    bool takes(const RuleDefinition& rule) const {
        const bool alerting = rule.kind == RuleDefinition::Kind::Alerting;
        return in(rules, rule.name) && (type.empty() || (type == "alert") == alerting) && matches(rule);
    }
    /// The labels as the file has them, templates unexpanded.
    bool matches(const RuleDefinition& rule) const {
        std::vector<std::pair<std::string, std::string>> labels;
        for (const RuleText& label : rule.labels) labels.emplace_back(label.name, label.text);
        const LabelSet set = LabelSet::from(std::move(labels));
        return selectors.empty() || std::any_of(selectors.begin(), selectors.end(),
                                                [&](const Matchers& matchers) { return all_match(matchers, set); });
    }

    std::string type;
    std::vector<std::string> rules, groups, files;
    std::vector<Matchers> selectors;
    std::size_t group_limit = 0;
    std::string next_token;
    Shown shown;
};

Result<Filter> Filter::read(const ServerRequest& request) {
    const Parameters parameters(request);
    Filter filter;
    filter.rules = parameters.all("rule_name[]");
    filter.groups = parameters.all("rule_group[]");
    filter.files = parameters.all("file[]");
    TOCSIN_TRY(filter.selectors, parse_match_parameters(parameters));
    filter.type = to_lower(parameters.get("type"));
    if (!filter.type.empty() && filter.type != "alert" && filter.type != "record") {
        return refused_parameter("type", fmt::format("not supported value {}", go_quote(filter.type)));
    }
    if (const std::string text = to_lower(parameters.get("exclude_alerts")); !text.empty()) {
        const auto excluded = parse_go_bool(text);
        if (!excluded) {
            return refused_parameter("exclude_alerts", "error converting exclude_alerts: " + excluded.error().message);
        }
        filter.shown.alerts = !*excluded;
    }
    TOCSIN_TRY(filter.shown.evaluations, read_count(parameters, "last_evaluations"));
    TOCSIN_TRY(filter.group_limit, read_count(parameters, "group_limit"));
    filter.next_token = parameters.get("group_next_token");
    if (filter.group_limit == 0 && !filter.next_token.empty()) {
        return refused_parameter("group_next_token",
                                 "group_limit needs to be present in order to paginate over the groups");
    }
    return filter;
}

std::string token_of(const RuleGroupView& group) {
    return sha256_hex(group.file + ";" + group.name).substr(0, 40);
}

Json group_json(const RuleGroupView& group, const Filter& filter) {
    Json rules = Json::array();
    for (const RuleView& rule : group.rules) {
        if (filter.takes(*rule.definition)) rules.push(rule_json(rule, filter.shown));
    }
    return Json::Object{{"name", group.name},
                        {"file", group.file},
                        {"rules", std::move(rules)},
                        {"interval", seconds_of(group.interval)},
                        {"limit", static_cast<std::uint64_t>(group.limit)},
                        {"evaluationTime", seconds_of(group.evaluation_time)},
                        {"lastEvaluation", time_json(group.last_evaluation)}};
}

bool has_rules(const RuleGroupView& group, const Filter& filter) {
    return std::any_of(group.rules.begin(), group.rules.end(),
                       [&](const RuleView& rule) { return filter.takes(*rule.definition); });
}

ServerResponse list_rules(const Context& context, const ServerRequest& request) {
    const auto filter = Filter::read(request);
    if (!filter) return api_error("bad_data", filter.error().message);
    std::vector<RuleGroupView> all = context.rules.groups();
    std::sort(all.begin(), all.end(), [](const RuleGroupView& a, const RuleGroupView& b) {
        return std::tie(a.file, a.name) < std::tie(b.file, b.name);
    });
    auto group = all.begin();
    if (!filter->next_token.empty()) {
        group =
            std::find_if(all.begin(), all.end(), [&](const auto& one) { return token_of(one) == filter->next_token; });
        if (group == all.end()) {
            const auto refusal = refused_parameter(
                "group_next_token",
                fmt::format("invalid group_next_token '{}'. were rule groups changed?", filter->next_token));
            return api_error("bad_data", refusal.value().message);
        }
    }
    Json groups = Json::array();
    Json data = Json::object();
    std::string next;
    for (; group != all.end() && next.empty(); ++group) {
        if (!filter->takes(*group) || !has_rules(*group, *filter)) continue;
        if (filter->group_limit > 0 && groups.items().size() == filter->group_limit) {
            next = token_of(*group);
        } else {
            groups.push(group_json(*group, *filter));
        }
    }
    data.add("groups", std::move(groups));
    if (!next.empty()) data.add("groupNextToken", next);
    return api_success(std::move(data));
}

ServerResponse list_rule_alerts(const Context& context) {
    Json alerts = Json::array();
    for (const RuleGroupView& group : context.rules.groups()) {
        for (const RuleView& rule : group.rules) {
            for (const ActiveAlertView& alert : rule.alerts) alerts.push(rule_alert_json(alert));
        }
    }
    return api_success(Json::Object{{"alerts", std::move(alerts)}});
}

ServerResponse list_alertmanagers(const Context& context) {
    const auto urls = [](const std::vector<std::string>& of) {
        Json list = Json::array();
        for (const std::string& url : of) list.push(Json::Object{{"url", url}});
        return list;
    };
    return api_success(Json::Object{{"activeAlertmanagers", urls(context.alert_sender.active())},
                                    {"droppedAlertmanagers", urls(context.alert_sender.dropped())}});
}

}  // namespace

Json labels_json(const LabelSet& labels) {
    Json json = Json::object();
    for (const Label label : labels) json.add(std::string(label.name), label.value);
    return json;
}

std::string time_json(Timestamp t) {
    return t == Timestamp{} ? "0001-01-01T00:00:00Z" : to_rfc3339(t);
}

void add_rules(Router& router, Context& context) {
    router.answer("GET", "/api/v1/rules",
                  [&context](const Router::Call& call) { return list_rules(context, call.request); });
    router.answer("GET", "/api/v1/alertmanagers",
                  [&context](const Router::Call&) { return list_alertmanagers(context); });
    router.answer("GET", "/api/v1/alerts", [&context](const Router::Call&) { return list_rule_alerts(context); });
}

}  // namespace tocsin::api
