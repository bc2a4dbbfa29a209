#include <algorithm>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"
#include "daemon/alertmanager_version.h"
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

Json pairs_json(const std::vector<std::pair<std::string, std::string>>& pairs) {
    Json json = Json::object();
    for (const auto& [name, value] : pairs) json.add(name, value);
    return json;
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
    if (!silence.annotations.empty()) json.add("annotations", pairs_json(silence.annotations));
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

/// One matcher of each parameter of that name.
tl::expected<Matchers, ServerResponse> read_matchers(const Parameters& parameters, std::string_view name,
                                                     MatchersSyntax syntax) {
    Matchers matchers;
    for (const std::string& text : parameters.all(name)) {
        auto matcher = parse_matcher(text, syntax);
        if (!matcher) return tl::unexpected(handler_error(400, matcher.error().message));
        matchers.push_back(*std::move(matcher));
    }
    return matchers;
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
        auto matchers = read_matchers(parameters, name, syntax);
        if (!matchers) return tl::unexpected(std::move(matchers).error());
        *into = *std::move(matchers);
    }
    if (const std::string receiver = parameters.last("receiver"); !receiver.empty()) {
        auto regex = Regex::compile(receiver, Regex::Anchoring::FullNoDot);
        if (!regex)
            return tl::unexpected(handler_error(400, "failed to parse receiver param: " + regex.error().message));
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
        Json json = Json::Object{{"alerts", std::move(alerts)},
                                 {"labels", labels_json(group.labels)},
                                 {"receiver", Json::Object{{"name", group.receiver}}}};
        if (!group.route_labels.empty()) json.add("routeLabels", pairs_json(group.route_labels));
        list.push(std::move(json));
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

/// Which silences are asked for.
struct SilenceFilter {
    Matchers matchers;
    bool active = true;
    bool pending = true;
    bool expired = true;

    bool takes(const Silence& silence, Timestamp now) const { return takes(silence.state(now)) && has_all_of(silence); }

private:
    bool takes(SilenceState state) const {
        if (state == SilenceState::Active) return active;
        return state == SilenceState::Pending ? pending : expired;
    }
    // A filter must equal one of the silence's own matchers, as the original has it.
    bool has_all_of(const Silence& silence) const {
        return std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& wanted) {
            return std::find(silence.matchers.begin(), silence.matchers.end(), wanted) != silence.matchers.end();
        });
    }
};

ServerResponse list_silences(const Context& context, const ServerRequest& request) {
    const Parameters parameters(request);
    auto matchers = read_matchers(parameters, "filter", context.options.matchers_syntax);
    if (!matchers) return matchers.error();
    const SilenceFilter filter{*std::move(matchers), parameters.flag("active", true), parameters.flag("pending", true),
                               parameters.flag("expired", true)};
    const Timestamp now = context.scheduler.now();
    auto silences = context.notifications.silences();
    std::erase_if(silences, [&](const Silence* silence) { return !filter.takes(*silence, now); });
    sort_for_people(silences, now);
    Json list = Json::array();
    for (const Silence* silence : silences) list.push(silence_json(*silence, now));
    return uncached(json_response(200, list));
}

bool is_uuid(std::string_view text) {
    constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
    if (text.size() == 32) return text.find_first_not_of(kHexDigits) == text.npos;
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text[i] != '-' : kHexDigits.find(text[i]) == kHexDigits.npos) return false;
    }
    return true;
}

/// Why no silence can have the id that the path ends with.
std::optional<ServerResponse> check_silence_id(const Router::Call& call) {
    const std::string& id = call.captured.front();
    if (id.empty()) return unknown_path_error(call.request.path);
    if (is_uuid(id)) return std::nullopt;
    return form_error(601, "silenceID in path must be of type uuid: " + go_quote(id));
}

ServerResponse show_silence(const Context& context, const Router::Call& call) {
    if (auto refusal = check_silence_id(call)) return *std::move(refusal);
    const std::string& id = call.captured.front();
    const Silence* silence = context.notifications.find_silence(id);
    if (silence == nullptr) return text_response(404, "");
    return uncached(json_response(200, silence_json(*silence, context.scheduler.now())));
}

ServerResponse expire_silence(const Context& context, const Router::Call& call) {
    if (auto refusal = check_silence_id(call)) return *std::move(refusal);
    const std::string& id = call.captured.front();
    const auto expired = context.notifications.expire_silence(id);
    if (expired) return text_response(200, "");
    return expired.error().kind == Error::Kind::NotFound ? text_response(404, "")
                                                         : handler_error(500, expired.error().message);
}

/// Grafana's names for what became of the last attempt, and what waits.
Json integration_json(const Integration& integration, const Backlog& backlog) {
    const IntegrationStatus& status = *integration.status;
    Json json = Json::object();
    json.add("name", integration.kind);
    json.add("index", static_cast<std::int64_t>(integration.index));
    json.add("sendResolved", integration.send_resolved);
    json.add("waiting", static_cast<std::int64_t>(status.waiting));
    json.add("sending", static_cast<std::int64_t>(backlog.sending));
    json.add("queued", static_cast<std::int64_t>(backlog.queued));
    if (backlog.due) json.add("waitingSince", to_rfc3339_ms(*backlog.due));
    if (status.last_attempt == Timestamp{}) return json;
    json.add("lastNotifyAttempt", to_rfc3339_ms(status.last_attempt));
    json.add("lastNotifyAttemptDuration", to_string(status.last_attempt_duration));
    if (status.is_failing()) json.add("lastNotifyAttemptError", status.last_error);
    return json;
}

Json receiver_json(const ReceiverView& receiver) {
    Json integrations = Json::array();
    for (std::size_t i = 0; i < receiver.integrations.size(); ++i) {
        integrations.push(integration_json(*receiver.integrations[i], receiver.backlogs[i]));
    }
    return Json::Object{{"labels", pairs_json(receiver.labels)},
                        {"name", receiver.name},
                        {"active", receiver.active},
                        {"integrations", std::move(integrations)}};
}

ServerResponse list_receivers(const Context& context, const ServerRequest& request) {
    const auto matchers = read_matchers(Parameters(request), "receiver_matchers", context.options.matchers_syntax);
    if (!matchers) return matchers.error();
    Json list = Json::array();
    for (const ReceiverView& receiver : context.notifications.receivers()) {
        if (all_match(*matchers, LabelSet::from(receiver.labels))) list.push(receiver_json(receiver));
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
                                                            {"version", alertmanager_version()}}}})));
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

/// What Prometheus' API has no use for.
void add_gone(Router& router) {
    for (const auto* path : {"/api/v1/silences", "/api/v1/silence/{}", "/api/v1/receivers", "/api/v1/alerts/groups"}) {
        for (const auto* method : {"GET", "POST", "DELETE"}) {
            router.answer(method, path, [](const Router::Call&) { return gone(); });
        }
    }
    router.answer("POST", "/api/v1/alerts", [](const Router::Call&) { return gone(); });
}

}  // namespace

void add_alertmanager(Router& router, Context& context) {
    using Call = Router::Call;
    if (context.options.notifications_only()) {
        router.refuse("/api/v1/", {[](const ServerRequest&) { return gone(); }, nullptr});
    } else {
        add_gone(router);
    }
    router.refuse("/api/v2/", {[](const ServerRequest& request) { return unknown_path_error(request.path); },
                               [](const ServerRequest& request, const std::vector<std::string>& allowed) {
                                   return wrong_method_error(request.method, allowed);
                               }});
    router.answer("GET", "/api/v2/status", [&context](const Call&) { return status(context); });
    router.answer("GET", "/api/v2/receivers",
                  [&context](const Call& call) { return list_receivers(context, call.request); });
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
    router.answer("GET", "/api/v2/silence/{}", [&context](const Call& call) { return show_silence(context, call); });
    router.on("DELETE", "/api/v2/silence/{}",
              [&context](Call call) { answer_when_durable(context, call, expire_silence(context, call)); });
}

}  // namespace tocsin::api
