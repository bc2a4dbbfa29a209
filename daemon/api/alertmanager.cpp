#include <algorithm>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"
#include "base/version.h"
#include "daemon/api/alertmanager_error.h"
#include "daemon/api/api.h"
#include "daemon/api/posted_alerts.h"
#include "daemon/api/posted_form.h"
#include "daemon/api/posted_silence.h"
#include "parser/matchers_parser.h"

// Alertmanager's API v2. An error of a handler is a JSON string, one of the request's form is {"code", "message"}: as
// the original's framework has it (notifications.md of its behaviour: api/v2/openapi.yaml).

namespace tocsin::api {
namespace {

ServerResponse uncached(ServerResponse response) {
    response.headers.push_back({"Cache-Control", "no-store"});
    return response;
}

Json names_json(const std::vector<std::string>& names) {
    Json list = Json::array();
    for (const std::string& name : names) list.push(Json::Object{{"name", name}});
    return list;
}

Json label_texts_json(const std::vector<std::string>& texts) {
    Json list = Json::array();
    for (const std::string& text : texts) list.push(text);
    return list;
}

Json posted_alert_json(const AlertView& view) {
    const Alert& alert = view.alert->alert;
    Json json = Json::object();
    json.add("annotations", labels_json(alert.annotations));
    json.add("endsAt", to_rfc3339_ms(alert.ends_at));
    json.add("fingerprint", to_string_fingerprint(view.alert->fingerprint));
    json.add("receivers", names_json(view.receivers));
    json.add("startsAt", to_rfc3339_ms(alert.starts_at));
    json.add("status", Json::Object{{"inhibitedBy", label_texts_json(view.inhibited_by)},
                                    {"mutedBy", label_texts_json(view.muted_by)},
                                    {"silencedBy", label_texts_json(view.silenced_by)},
                                    {"state", view.is_suppressed() ? "suppressed" : "active"}});
    json.add("updatedAt", to_rfc3339_ms(alert.updated_at));
    if (!alert.generator_url.empty()) json.add("generatorURL", alert.generator_url.view());
    json.add("labels", labels_json(alert.labels));
    return json;
}

Json matcher_json(const Matcher& matcher) {
    const bool regex = matcher.op() == MatchOp::Regex || matcher.op() == MatchOp::NotRegex;
    const bool equal = matcher.op() == MatchOp::Equal || matcher.op() == MatchOp::Regex;
    return Json::Object{{"isEqual", equal}, {"isRegex", regex}, {"name", matcher.name()}, {"value", matcher.value()}};
}

Json silence_json(const Silence& silence, Timestamp now) {
    Json matchers = Json::array();
    for (const Matcher& matcher : silence.matchers) matchers.push(matcher_json(matcher));
    Json json = Json::object();
    json.add("id", silence.id);
    json.add("status", Json::Object{{"state", to_string(silence.state(now))}});
    json.add("updatedAt", to_rfc3339_ms(silence.updated_at));
    json.add("comment", silence.comment);
    json.add("createdBy", silence.created_by);
    json.add("endsAt", to_rfc3339_ms(silence.ends_at));
    json.add("matchers", std::move(matchers));
    json.add("startsAt", to_rfc3339_ms(silence.starts_at));
    if (silence.annotations.empty()) return json;
    Json annotations = Json::object();
    for (const auto& [name, value] : silence.annotations) annotations.add(name, value);
    json.add("annotations", std::move(annotations));
    return json;
}

// ---- reading requests

tl::expected<Json, ServerResponse> read_body(const ServerRequest& request, std::string_view what) {
    if (request.body.empty()) return tl::unexpected(form_error(602, std::string(what) + " in body is required"));
    auto json = parse_json(request.body);
    if (json) return *std::move(json);
    return tl::unexpected(
        form_error(400, fmt::format("parsing {} body from \"\" failed, because {}", what, json.error().message)));
}

tl::expected<AlertFilter, ServerResponse> read_filter(const ServerRequest& request, MatchersSyntax syntax) {
    const Parameters parameters(request);
    AlertFilter filter;
    filter.active = parameters.flag("active", true);
    filter.silenced = parameters.flag("silenced", true);
    filter.inhibited = parameters.flag("inhibited", true);
    filter.muted = parameters.flag("muted", true);
    for (const auto& [name, into] :
         {std::pair{"filter", &filter.matchers}, std::pair{"receiver_matchers", &filter.receiver_matchers}}) {
        for (const std::string& text : parameters.all(name)) {
            auto matcher = parse_matcher(text, syntax);
            if (!matcher) return tl::unexpected(handler_error(400, matcher.error().message));
            into->push_back(*std::move(matcher));
        }
    }
    if (const std::string receiver = parameters.get("receiver"); !receiver.empty()) {
        auto regex = Regex::compile(receiver, Regex::Anchoring::FullNoDot);
        if (!regex) return tl::unexpected(handler_error(400, "failed to parse receiver param: " + receiver));
        filter.receiver = *std::move(regex);
    }
    return filter;
}

/// A body of any form, or what is wrong with all of it.
tl::expected<PostedAlerts, ServerResponse> read_posted_alerts(const ServerRequest& request, MatchersSyntax syntax) {
    if (auto usual = read_usual_alerts(request.body, syntax)) return *std::move(usual);
    const auto body = read_body(request, "alerts");
    if (!body) return tl::unexpected(body.error());
    if (body->is_array() || body->is_null()) return read_alerts(*body, syntax);
    return tl::unexpected(form_error(400, "parsing alerts body from \"\" failed, because " +
                                              wrong_type_message(*body, "value of type models.PostableAlerts")));
}

ServerResponse answer_posted(const PostedAlerts& posted) {
    if (posted.first_malformed) return *posted.first_malformed;
    std::vector<std::string> refused = posted.refused;
    if (posted.excess > 0) {
        refused.push_back(fmt::format("more than {} alerts in one request: the last {} were not taken",
                                      kPostedAlertsMax, posted.excess));
    }
    return refused.empty() ? text_response(200, "") : handler_error(400, join(refused, "\n"));
}

// What is good of a request is taken even when some of it is refused.
ServerResponse post_alerts(const Context& context, const ServerRequest& request) {
    const auto posted = read_posted_alerts(request, context.options.matchers_syntax);
    if (!posted) return posted.error();
    if (!posted->alerts.empty()) context.notifications.receive(posted->alerts);
    context.notifications.note_invalid_alerts(posted->refused.size() + posted->malformed + posted->excess);
    return answer_posted(*posted);
}

ServerResponse post_silence(const Context& context, const ServerRequest& request) {
    const auto body = read_body(request, "silence");
    if (!body) return body.error();
    auto silence = read_posted_silence(*body, context.options.matchers_syntax);
    if (!silence) return silence.error();
    const auto id = context.notifications.set_silence(*std::move(silence));
    if (!id) {
        const bool unknown = id.error().kind == Error::Kind::NotFound;
        return unknown ? handler_error(404, id.error().message)
                       : handler_error(400, "Failed to create silence: " + id.error().message);
    }
    return json_response(200, Json(Json::Object{{"silenceID", *id}}));
}

// ---- answering

ServerResponse list_posted_alerts(const Context& context, const ServerRequest& request) {
    const auto filter = read_filter(request, context.options.matchers_syntax);
    if (!filter) return filter.error();
    Json list = Json::array();
    for (const AlertView& view : context.notifications.alerts(*filter)) list.push(posted_alert_json(view));
    return uncached(json_response(200, list));
}

ServerResponse list_groups(const Context& context, const ServerRequest& request) {
    const auto filter = read_filter(request, context.options.matchers_syntax);
    if (!filter) return filter.error();
    Json list = Json::array();
    for (const GroupView& group : context.notifications.groups(*filter)) {
        Json alerts = Json::array();
        for (const AlertView& view : group.alerts) alerts.push(posted_alert_json(view));
        list.push(Json::Object{{"alerts", std::move(alerts)},
                               {"labels", labels_json(group.labels)},
                               {"receiver", Json::Object{{"name", group.receiver}}}});
    }
    return uncached(json_response(200, list));
}

/// Active ones by their end, then pending ones by their start, then those that ended last.
void sort_for_people(std::vector<const Silence*>& silences, Timestamp now) {
    const auto key = [now](const Silence* silence) {
        switch (silence->state(now)) {
            case SilenceState::Active:
                return std::pair{0, silence->ends_at.time_since_epoch().count()};
            case SilenceState::Pending:
                return std::pair{1, silence->starts_at.time_since_epoch().count()};
            case SilenceState::Expired:
                break;
        }
        return std::pair{2, -silence->ends_at.time_since_epoch().count()};
    };
    std::stable_sort(silences.begin(), silences.end(),
                     [&](const Silence* a, const Silence* b) { return key(a) < key(b); });
}

ServerResponse list_silences(const Context& context, const ServerRequest& request) {
    Matchers filter;
    for (const std::string& text : Parameters(request).all("filter")) {
        auto matcher = parse_matcher(text, context.options.matchers_syntax);
        if (!matcher) return handler_error(400, matcher.error().message);
        filter.push_back(*std::move(matcher));
    }
    const Timestamp now = context.scheduler.now();
    auto silences = context.notifications.silences();
    // A filter must equal one of the silence's own matchers, as the original has it.
    std::erase_if(silences, [&](const Silence* silence) {
        return !std::all_of(filter.begin(), filter.end(), [&](const Matcher& wanted) {
            return std::find(silence->matchers.begin(), silence->matchers.end(), wanted) != silence->matchers.end();
        });
    });
    sort_for_people(silences, now);
    Json list = Json::array();
    for (const Silence* silence : silences) list.push(silence_json(*silence, now));
    return uncached(json_response(200, list));
}

ServerResponse show_silence(const Context& context, const std::string& id) {
    const Silence* silence = context.notifications.find_silence(id);
    if (silence == nullptr) return text_response(404, "");
    return uncached(json_response(200, silence_json(*silence, context.scheduler.now())));
}

ServerResponse expire_silence(const Context& context, const std::string& id) {
    const auto expired = context.notifications.expire_silence(id);
    if (expired) return text_response(200, "");
    return expired.error().kind == Error::Kind::NotFound ? text_response(404, "")
                                                         : handler_error(500, expired.error().message);
}

/// Grafana's names for what became of the last attempt, and what waits.
Json integration_json(const Integration& integration) {
    const IntegrationStatus& status = *integration.status;
    Json json = Json::object();
    json.add("name", integration.kind);
    json.add("index", static_cast<std::int64_t>(integration.index));
    json.add("sendResolved", integration.send_resolved);
    json.add("waiting", static_cast<std::int64_t>(status.waiting));
    if (status.last_attempt == Timestamp{}) return json;
    json.add("lastNotifyAttempt", to_rfc3339_ms(status.last_attempt));
    json.add("lastNotifyAttemptDuration", to_string(status.last_attempt_duration));
    if (status.is_failing()) json.add("lastNotifyAttemptError", status.last_error);
    return json;
}

ServerResponse list_receivers(const Context& context) {
    Json list = Json::array();
    for (const ReceiverView& receiver : context.notifications.receivers()) {
        Json labels = Json::object();
        for (const auto& [name, value] : receiver.labels) labels.add(name, value);
        Json integrations = Json::array();
        for (const auto& integration : receiver.integrations) integrations.push(integration_json(*integration));
        list.push(Json::Object{{"labels", std::move(labels)},
                               {"name", receiver.name},
                               {"active", receiver.active},
                               {"integrations", std::move(integrations)}});
    }
    return uncached(json_response(200, list));
}

Json cluster_json(const ClusterOfOne& cluster) {
    if (cluster.address.empty()) return Json::Object{{"status", "disabled"}, {"peers", Json::array()}};
    Json itself = Json::Object{{"name", cluster.name}, {"address", cluster.address}};
    return Json::Object{
        {"name", cluster.name}, {"status", "ready"}, {"peers", Json(Json::Array{std::move(itself)})}};
}

ServerResponse status(const Context& context) {
    return uncached(json_response(
        200, Json(Json::Object{{"cluster", cluster_json(context.options.cluster)},
                               {"config", Json::Object{{"original", context.notifications.masked_config()}}},
                               {"uptime", to_rfc3339_ms(context.started_at)},
                               {"versionInfo", Json::Object{{"branch", ""},
                                                            {"buildDate", ""},
                                                            {"buildUser", ""},
                                                            {"goVersion", ""},
                                                            {"revision", ""},
                                                            {"version", version()}}}})));
}

/// What was answered with success is not lost by a crash.
void answer_when_durable(const Context& context, const Router::Call& call, ServerResponse response) {
    context.notifications.when_durable(
        [respond = call.respond, response = std::move(response)]() mutable { respond(std::move(response)); });
}

/// What is left of the first API.
ServerResponse gone() {
    return json_response(
        410, Json(Json::Object{{"status", "deprecated"},
                               {"error",
                                "The Alertmanager v1 API was deprecated in version 0.16.0 and is removed as of version "
                                "0.27.0 - please use the equivalent route in the v2 API"}}));
}

}  // namespace

void add_alertmanager(Router& router, Context& context) {
    using Call = Router::Call;
    for (const auto* path : {"/api/v1/silences", "/api/v1/silence/{}", "/api/v1/receivers", "/api/v1/alerts/groups"}) {
        for (const auto* method : {"GET", "POST", "DELETE"}) {
            router.answer(method, path, [](const Call&) { return gone(); });
        }
    }
    router.answer("POST", "/api/v1/alerts", [](const Call&) { return gone(); });
    if (context.options.notifications_only()) {
        for (const auto* path : {"/api/v1/alerts", "/api/v1/status"}) {
            router.answer("GET", path, [](const Call&) { return gone(); });
        }
    }
    router.answer("GET", "/api/v2/status", [&context](const Call&) { return status(context); });
    router.answer("GET", "/api/v2/receivers", [&context](const Call&) { return list_receivers(context); });
    router.answer("GET", "/api/v2/alerts",
                  [&context](const Call& call) { return list_posted_alerts(context, call.request); });
    router.on("POST", "/api/v2/alerts",
              [&context](Call call) { answer_when_durable(context, call, post_alerts(context, call.request)); });
    router.answer("GET", "/api/v2/alerts/groups",
                  [&context](const Call& call) { return list_groups(context, call.request); });
    router.answer("GET", "/api/v2/silences",
                  [&context](const Call& call) { return list_silences(context, call.request); });
    router.on("POST", "/api/v2/silences",
              [&context](Call call) { answer_when_durable(context, call, post_silence(context, call.request)); });
    router.answer("GET", "/api/v2/silence/{}",
                  [&context](const Call& call) { return show_silence(context, call.captured.front()); });
    router.on("DELETE", "/api/v2/silence/{}", [&context](Call call) {
        answer_when_durable(context, call, expire_silence(context, call.captured.front()));
    });
}

}  // namespace tocsin::api
