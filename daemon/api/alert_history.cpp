#include "rules/alert_history.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/text.h"
#include "daemon/api/api.h"
#include "daemon/api/history_parameters.h"

// When alerts changed their state: tocsin's own, in the shape of Prometheus' API.

namespace tocsin::api {
namespace {

constexpr std::array<std::string_view, 4> kStates{"pending", "firing", "resolved", "gone"};

/// Which changes are asked for; no states: any.
struct ChangesQuestion {
    HistoryParameters of;
    std::vector<std::string> states;
};

Result<ChangesQuestion> read_changes_question(const Context& context, const Parameters& parameters) {
    ChangesQuestion question;
    TOCSIN_TRY(question.of, read_history_parameters(context, parameters));
    question.states = parameters.all("state");
    for (const std::string& state : question.states) {
        if (std::find(kStates.begin(), kStates.end(), state) != kStates.end()) continue;
        return fail(Error::Kind::InvalidInput,
                    fmt::format("invalid parameter \"state\": {}: expected pending, firing, resolved or gone",
                                go_quote(state)));
    }
    return question;
}

bool is_change_asked_for(const PastTransition& change, const ChangesQuestion& question) {
    if (change.at < question.of.start || change.at > question.of.end) return false;
    const auto& states = question.states;
    const bool any = states.empty();
    if (!any && std::find(states.begin(), states.end(), phase_word(change.from, change.to)) == states.end()) {
        return false;
    }
    return all_match(question.of.matchers, change.labels);
}

Json change_json(const PastTransition& change) {
    Json json = Json::object();
    json.add("at", to_rfc3339_ms(change.at));
    json.add("state", phase_word(change.from, change.to)).add("from", to_string(change.from));
    json.add("labels", labels_json(change.labels)).add("value", format_value(change.value));
    if (change.active_at) json.add("activeAt", to_rfc3339_ms(*change.active_at));
    json.add("file", change.file).add("group", change.group).add("rule", change.rule);
    if (!change.reason.empty()) json.add("reason", change.reason);
    return json;
}

ServerResponse list_changes(const Context& context, const ServerRequest& request) {
    const auto question = read_changes_question(context, Parameters(request));
    if (!question) return api_error("bad_data", question.error().message);
    Json list = Json::array();
    bool more = false;
    context.alert_history.for_each([&](const PastTransition& change) {
        if (!is_change_asked_for(change, *question)) return true;
        more = list.items().size() == question->of.limit;
        if (!more) list.push(change_json(change));
        return !more;
    });
    return api_success(Json::Object{{"changes", std::move(list)}, {"more", more}});
}

}  // namespace

void add_alert_history(Router& router, Context& context) {
    router.answer("GET", "/api/v1/alerts/history",
                  [&context](const Router::Call& call) { return list_changes(context, call.request); });
}

}  // namespace tocsin::api
