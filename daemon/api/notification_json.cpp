#include "daemon/api/notification_json.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "daemon/api/api.h"

namespace tocsin::api {
namespace {

Json text_array(const std::vector<std::string>& texts) {
    Json list = Json::array();
    for (const std::string& text : texts) list.push(text);
    return list;
}

Json inhibition_json(const Inhibitor::Inhibition& inhibition) {
    Json json = Json::object();
    json.add("fingerprint", to_string_fingerprint(inhibition.source->fingerprint));
    json.add("labels", labels_json(inhibition.source->alert.labels));
    json.add("startsAt", to_rfc3339_ms(inhibition.source->alert.starts_at));
    if (!inhibition.rule.empty()) json.add("rule", inhibition.rule);
    return json;
}

Json muting_silence_json(const Silence& silence) {
    Json json = Json::object();
    json.add("id", silence.id).add("createdBy", silence.created_by).add("comment", silence.comment);
    json.add("startsAt", to_rfc3339_ms(silence.starts_at)).add("endsAt", to_rfc3339_ms(silence.ends_at));
    return json;
}

Json time_mute_json(const ReceiverExplanation& receiver) {
    Json json = Json::object();
    json.add("kind", to_string(receiver.time_mute->reason)).add("intervals", text_array(receiver.time_mute->by));
    if (receiver.unmuted_at) json.add("until", to_rfc3339_ms(*receiver.unmuted_at));
    return json;
}

std::string_view told_text(IntegrationExplanation::Told told) {
    switch (told) {
        case IntegrationExplanation::Told::Nothing:
            return "nothing";
        case IntegrationExplanation::Told::Firing:
            return "firing";
        case IntegrationExplanation::Told::Resolved:
            return "resolved";
    }
    return {};
}

Json integration_explanation_json(const AlertExplanation& alert, const ReceiverExplanation& receiver,
                                  const IntegrationExplanation& integration) {
    Json json = Json::object();
    json.add("integration", integration.integration).add("index", static_cast<std::uint64_t>(integration.index));
    json.add("sendResolved", integration.send_resolved);
    json.add("verdict", to_string(verdict_of(alert, receiver, integration)));
    json.add("told", told_text(integration.told));
    if (integration.told_at != Timestamp{}) json.add("groupToldAt", to_rfc3339_ms(integration.told_at));
    if (integration.doing != IntegrationExplanation::Doing::Nothing) {
        json.add("attempts", static_cast<std::uint64_t>(integration.attempts));
    }
    if (integration.doing == IntegrationExplanation::Doing::Queued) {
        json.add("queuedSince", to_rfc3339_ms(integration.queued_since));
        if (integration.behind) json.add("behind", static_cast<std::uint64_t>(*integration.behind));
    }
    if (!integration.last_error.empty()) json.add("lastError", integration.last_error);
    if (integration.doing == IntegrationExplanation::Doing::Waiting) {
        json.add("nextAttempt", to_rfc3339_ms(integration.next_attempt));
    }
    if (!integration.coming) return json;
    return std::move(json.add("nextMessage", Json::Object{{"at", to_rfc3339_ms(integration.coming->at)},
                                                          {"reason", to_string(integration.coming->reason)}}));
}

Json receiver_explanation_json(const AlertExplanation& alert, const ReceiverExplanation& receiver) {
    Json integrations = Json::array();
    for (const auto& integration : receiver.integrations) {
        integrations.push(integration_explanation_json(alert, receiver, integration));
    }
    Json json = Json::object();
    json.add("receiver", receiver.receiver).add("route", receiver.route);
    json.add("groupKey", receiver.group_key).add("groupLabels", labels_json(receiver.group_labels));
    json.add("groupWait", to_string(receiver.timers.group_wait));
    json.add("groupInterval", to_string(receiver.timers.group_interval));
    json.add("repeatInterval", to_string(receiver.timers.repeat_interval));
    json.add("inGroup", receiver.place != ReceiverExplanation::Place::None);
    if (receiver.place == ReceiverExplanation::Place::Leaving) json.add("leaving", true);
    if (receiver.next_flush) {
        json.add("nextFlush", to_rfc3339_ms(*receiver.next_flush));
        json.add("waitsFor", receiver.has_flushed ? "group_interval" : "group_wait");
    }
    if (receiver.time_mute) json.add("mutedBy", time_mute_json(receiver));
    return std::move(json.add("integrations", std::move(integrations)));
}

Json told_alerts_json(const ToldMessage& message) {
    Json alerts = Json::array();
    for (const auto& alert : message.alerts) {
        alerts.push(
            Json::Object{{"labels", labels_json(alert.labels)}, {"status", alert.firing ? "firing" : "resolved"}});
    }
    return alerts;
}

}  // namespace

Json told_message_json(const ToldMessage& message, bool with_alerts) {
    Json json = Json::object();
    json.add("firstAttempt", to_rfc3339_ms(message.first_attempt));
    json.add("lastAttempt", to_rfc3339_ms(message.last_attempt));
    json.add("attempts", static_cast<std::uint64_t>(message.attempts));
    json.add("result", to_string(message.result));
    if (!message.error.empty()) json.add("error", message.error);
    json.add("receiver", message.receiver).add("integration", message.integration);
    json.add("index", static_cast<std::uint64_t>(message.index));
    json.add("groupKey", message.group_key).add("groupLabels", labels_json(message.group_labels));
    json.add("status", message.status).add("reason", message.reason);
    json.add("firing", static_cast<std::uint64_t>(message.firing));
    json.add("resolved", static_cast<std::uint64_t>(message.resolved));
    if (with_alerts) json.add("alerts", told_alerts_json(message));
    return json;
}

Json untold_alert_json(const UntoldAlert& alert) {
    Json json = Json::object();
    json.add("labels", labels_json(alert.labels));
    json.add("startsAt", to_rfc3339_ms(alert.starts_at)).add("endsAt", to_rfc3339_ms(alert.ends_at));
    json.add("receiver", alert.receiver).add("groupKey", alert.group_key);
    json.add("why", alert.why);
    if (!alert.by.empty()) json.add("by", text_array(alert.by));
    if (!alert.error.empty()) json.add("error", alert.error);
    return std::move(json.add("toldOthers", alert.told_others));
}

Json alert_explanation_json(const AlertExplanation& explanation) {
    const Alert& alert = explanation.alert->alert;
    Json silences = Json::array();
    for (const Silence& silence : explanation.silences) silences.push(muting_silence_json(silence));
    Json receivers = Json::array();
    for (const auto& receiver : explanation.receivers) receivers.push(receiver_explanation_json(explanation, receiver));
    Json json = Json::object();
    json.add("labels", labels_json(alert.labels));
    json.add("fingerprint", to_string_fingerprint(explanation.alert->fingerprint));
    json.add("state", explanation.firing ? "firing" : "resolved");
    json.add("startsAt", to_rfc3339_ms(alert.starts_at)).add("endsAt", to_rfc3339_ms(alert.ends_at));
    if (explanation.inhibition) json.add("inhibitedBy", inhibition_json(*explanation.inhibition));
    json.add("silencedBy", std::move(silences));
    return std::move(json.add("receivers", std::move(receivers)));
}

}  // namespace tocsin::api
