#include "rules/stored_alert.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"

namespace tocsin {
namespace {

Json to_json(const LabelSet& labels) {
    Json json = Json::object();
    for (const Label label : labels) json.add(std::string(label.name), label.value);
    return json;
}

LabelSet read_labels(const Json& json) {
    std::vector<std::pair<std::string, std::string>> labels;
    for (const auto& [name, value] : json.members()) labels.emplace_back(name, value.as_string());
    return LabelSet::from(std::move(labels));
}

void add_time(Json& json, const char* name, const std::optional<Timestamp>& time) {
    if (time) json.add(name, to_unix_ms(*time));
}

std::optional<Timestamp> read_time(const Json& json, const char* name) {
    const Json* time = json.find(name);
    return time == nullptr ? std::nullopt : std::optional(from_unix_ms(time->as_integer()));
}

std::optional<AlertPhase> read_phase(const std::string& text) {
    for (const AlertPhase phase : {AlertPhase::Inactive, AlertPhase::Pending, AlertPhase::Firing}) {
        if (text == to_string(phase)) return phase;
    }
    return std::nullopt;
}

}  // namespace

std::string stored_key(const StoredRuleAlert& alert) {
    return fmt::format("{};{};{};{} {}", alert.file, alert.group, alert.rule, alert.nth, to_string(alert.labels));
}

void put(StateWriter& writer, const StoredRuleAlert& alert) {
    Json json = Json::object();
    json.add("file", alert.file).add("group", alert.group).add("rule", alert.rule);
    json.add("nth", static_cast<std::uint64_t>(alert.nth));
    json.add("labels", to_json(alert.labels)).add("annotations", to_json(alert.annotations));
    json.add("phase", to_string(alert.state.phase));
    json.add("active_at", to_unix_ms(alert.state.active_at)).add("fired_at", to_unix_ms(alert.state.fired_at));
    add_time(json, "resolved_at", alert.state.resolved_at);
    add_time(json, "keep_firing_since", alert.state.keep_firing_since);
    // As text, for JSON has neither NaN nor infinities.
    json.add("value", format_value(alert.value));
    add_time(json, "last_sent", alert.last_sent);
    writer.put(kAlertTable, stored_key(alert), dump(json, JsonStyle::Plain));
}

Result<StoredRuleAlert> read_stored_alert(const StateRecord& record) {
    TOCSIN_TRY(const Json json, parse_json(record.value));
    const auto phase = read_phase(json.at("phase").as_string());
    if (!phase || json.at("labels").members().empty()) {
        return fail(Error::Kind::InvalidInput, "stored alert: expected labels and a phase");
    }
    StoredRuleAlert alert;
    alert.file = json.at("file").as_string();
    alert.group = json.at("group").as_string();
    alert.rule = json.at("rule").as_string();
    alert.nth = static_cast<std::size_t>(json.at("nth").as_integer());
    alert.labels = read_labels(json.at("labels"));
    alert.annotations = read_labels(json.at("annotations"));
    alert.state.phase = *phase;
    alert.state.active_at = read_time(json, "active_at").value_or(Timestamp{});
    alert.state.fired_at = read_time(json, "fired_at").value_or(Timestamp{});
    alert.state.resolved_at = read_time(json, "resolved_at");
    alert.state.keep_firing_since = read_time(json, "keep_firing_since");
    alert.value = parse_float(json.at("value").as_string()).value_or(0);
    alert.last_sent = read_time(json, "last_sent");
    return alert;
}

void put_evaluated(StateWriter& writer, const std::string& group_key, Timestamp at) {
    writer.put(kGroupTable, group_key, dump(Json(Json::Object{{"evaluated", to_unix_ms(at)}}), JsonStyle::Plain));
}

Result<Timestamp> read_evaluated(const StateRecord& record) {
    TOCSIN_TRY(const Json json, parse_json(record.value));
    if (!json.at("evaluated").is_integer()) return fail(Error::Kind::InvalidInput, "stored group: expected evaluated");
    return from_unix_ms(json.at("evaluated").as_integer());
}

std::string stored_value(const PastTransition& transition) {
    Json json = Json::object();
    json.add("at", to_unix_ms(transition.at));
    json.add("from", to_string(transition.from)).add("to", to_string(transition.to));
    json.add("file", transition.file).add("group", transition.group).add("rule", transition.rule);
    json.add("labels", to_json(transition.labels)).add("value", format_value(transition.value));
    add_time(json, "active_at", transition.active_at);
    if (!transition.reason.empty()) json.add("reason", transition.reason);
    return dump(json, JsonStyle::Plain);
}

Result<PastTransition> read_past_transition(const StateRecord& record) {
    TOCSIN_TRY(const Json json, parse_json(record.value));
    const auto from = read_phase(json.at("from").as_string());
    const auto to = read_phase(json.at("to").as_string());
    if (!from || !to || json.at("labels").members().empty()) {
        return fail(Error::Kind::InvalidInput, "stored transition: expected labels and two phases");
    }
    PastTransition transition;
    transition.at = read_time(json, "at").value_or(Timestamp{});
    transition.from = *from;
    transition.to = *to;
    transition.file = json.at("file").as_string();
    transition.group = json.at("group").as_string();
    transition.rule = json.at("rule").as_string();
    transition.labels = read_labels(json.at("labels"));
    transition.value = parse_float(json.at("value").as_string()).value_or(0);
    transition.active_at = read_time(json, "active_at");
    if (const Json* reason = json.find("reason")) transition.reason = reason->as_string();
    return transition;
}

}  // namespace tocsin
