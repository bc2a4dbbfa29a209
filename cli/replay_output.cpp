#include "cli/replay_output.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/terminal.h"

namespace tocsin::cli {
namespace {

std::string indented(std::string_view text, std::string_view blanks) {
    std::string out;
    for (const std::string_view line : split(text, '\n')) {
        if (!line.empty())
            out += fmt::format("{}{}\n", blanks, escape_control_characters(trim(line) == "" ? "" : line));
    }
    return out;
}

std::string kept_message_text(const HttpRequest& message) {
    return fmt::format("    {} {}\n{}", message.method, escape_control_characters(message.url),
                       indented(json_in_lines(message.body), "        "));
}

std::string alert_text(const Alert& alert, Timestamp now) {
    const bool resolved = alert.resolved_at(now);
    std::string text = fmt::format("    {:8} {} since {}", resolved ? "resolved" : "firing",
                                   escape_control_characters(to_string(alert.labels)), to_rfc3339_ms(alert.starts_at));
    if (resolved) text += " until " + to_rfc3339_ms(alert.ends_at);
    return text + "\n";
}

std::string outcome_text(const Outcome& outcome) {
    std::string text;
    if (outcome.kind != Outcome::Kind::Delivered) {
        text += "    not sent: " + escape_control_characters(outcome.message) + "\n";
    }
    if (!outcome.template_error.empty()) {
        text += "    plain facts, since a template failed: " + escape_control_characters(outcome.template_error) + "\n";
    }
    return text;
}

Json labels_json(const LabelSet& labels) {
    Json json = Json::object();
    for (const auto& [name, value] : labels) json.add(std::string(name), value);
    return json;
}

Json alert_json(const StoredAlert& stored, Timestamp now) {
    const Alert& alert = stored.alert;
    const bool resolved = alert.resolved_at(now);
    Json json = Json::object();
    json.add("status", resolved ? "resolved" : "firing");
    json.add("labels", labels_json(alert.labels));
    json.add("annotations", labels_json(alert.annotations));
    json.add("startsAt", to_rfc3339_ms(alert.starts_at));
    if (resolved) json.add("endsAt", to_rfc3339_ms(alert.ends_at));
    json.add("fingerprint", to_string_fingerprint(stored.fingerprint));
    return json;
}

Json message_json(const HttpRequest& message) {
    Json json = Json::object();
    json.add("method", message.method).add("url", message.url);
    auto body = parse_json(message.body);
    json.add("body", body ? *std::move(body) : Json(message.body));
    return json;
}

}  // namespace

std::string notification_text(const OfflineNotification& notification, bool messages) {
    const AttemptEvent& attempt = notification.attempt;
    std::string text =
        fmt::format("{}  {} {}[{}]  {}  {}  ({})\n", to_rfc3339_ms(attempt.started_at),
                    escape_control_characters(attempt.receiver), attempt.integration, attempt.index, attempt.status,
                    escape_control_characters(to_string(attempt.group_labels)), to_string(attempt.reason));
    for (const AlertPtr& alert : attempt.alerts) text += alert_text(alert->alert, attempt.started_at);
    text += outcome_text(attempt.outcome);
    if (!messages) return text;
    for (const HttpRequest& message : notification.messages) text += kept_message_text(message);
    return text;
}

std::string notification_json(const OfflineNotification& notification) {
    const AttemptEvent& attempt = notification.attempt;
    Json json = Json::object();
    json.add("kind", "notification").add("time", to_rfc3339_ms(attempt.started_at)).add("receiver", attempt.receiver);
    json.add("integration", attempt.integration).add("index", static_cast<std::int64_t>(attempt.index));
    json.add("status", attempt.status).add("reason", to_string(attempt.reason)).add("groupKey", attempt.group_key);
    json.add("groupLabels", labels_json(attempt.group_labels));
    Json alerts = Json::array();
    for (const AlertPtr& alert : attempt.alerts) alerts.push(alert_json(*alert, attempt.started_at));
    Json sent = Json::array();
    for (const HttpRequest& message : notification.messages) sent.push(message_json(message));
    json.add("alerts", std::move(alerts)).add("messages", std::move(sent));
    if (attempt.outcome.kind != Outcome::Kind::Delivered) json.add("error", attempt.outcome.message);
    if (!attempt.outcome.template_error.empty()) json.add("templateError", attempt.outcome.template_error);
    return dump(json, JsonStyle::Plain) + "\n";
}

std::string transition_text(const AlertTransition& change) {
    return fmt::format("{}  alert {}  {} value {}\n", to_rfc3339_ms(change.at), phase_word(change),
                       escape_control_characters(to_string(change.labels)), format_value(change.value));
}

std::string transition_json(const AlertTransition& change) {
    Json json = Json::object();
    json.add("kind", "alert").add("time", to_rfc3339_ms(change.at)).add("phase", phase_word(change));
    json.add("group", change.group).add("rule", change.rule).add("labels", labels_json(change.labels));
    json.add("value", format_value(change.value));
    return dump(json, JsonStyle::Plain) + "\n";
}

}  // namespace tocsin::cli
