#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/moment.h"
#include "daemon/api/api.h"
#include "daemon/api/history_parameters.h"
#include "daemon/api/notification_json.h"
#include "parser/matchers_parser.h"

// Why somebody was told of an alert or was not, and what fired without anybody being told: tocsin's own, in the shape
// of Prometheus' API.

namespace tocsin::api {
namespace {

constexpr std::size_t kExplainedMax = 1000;
constexpr std::size_t kMessagesOfAlert = 20;

/// What the history has of an alert, the last one first. What is pointed to stays where it is for the length of a
/// request.
struct AlertPast {
    struct Message {
        const ToldMessage* message;
        bool firing;
    };
    std::vector<Message> messages;
    std::vector<const UntoldAlert*> untold;
    std::uint64_t may_tell = 0;  // messages that had more alerts than are kept of them, and may have told of it
};
using Pasts = std::map<LabelSet, AlertPast>;

/// `DiskFull`, `DiskFull{team="db"}`, `{team="db"}` or `team="db"`.
Result<Matchers> parse_alert_pattern(const std::string& text, MatchersSyntax syntax) {
    const std::size_t brace = text.find('{');
    const bool named = brace != 0 && (brace != text.npos || text.find_first_of("=~") == text.npos);
    const std::string name = named ? text.substr(0, brace) : std::string();
    const std::string rest = !named ? text : brace == text.npos ? std::string() : text.substr(brace);
    TOCSIN_TRY(ParsedMatchers parsed, parse_matchers(rest, syntax));
    if (named) parsed.matchers.push_back(Matcher::equal(std::string(kAlertNameLabel), name));
    return std::move(parsed.matchers);
}

Result<std::size_t> read_alert_limit(const Parameters& parameters, std::size_t otherwise) {
    const std::string text = parameters.get("limit");
    if (text.empty()) return otherwise;
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc{} && end == text.data() + text.size() && count > 0) return std::min(count, kExplainedMax);
    return fail(Error::Kind::InvalidInput, "invalid parameter \"limit\": expected a number above 0");
}

Result<AlertQuestion> read_alert_question(const Context& context, const Parameters& parameters) {
    AlertQuestion question;
    const MatchersSyntax syntax = context.options.matchers_syntax;
    if (const std::string alert = parameters.get("alert"); !alert.empty()) {
        auto matchers = parse_alert_pattern(alert, syntax);
        if (!matchers) return fail_with_context("invalid parameter \"alert\"", matchers.error());
        question.matchers = *std::move(matchers);
    }
    for (const std::string& text : parameters.all("filter")) {
        auto matcher = parse_matcher(text, syntax);
        if (!matcher) return fail_with_context("invalid parameter \"filter\"", matcher.error());
        question.matchers.push_back(*std::move(matcher));
    }
    question.fingerprint = parameters.get("fingerprint");
    TOCSIN_TRY(question.limit, read_alert_limit(parameters, question.limit));
    return question;
}

void count_doubtful_messages(const Context& context, Pasts& pasts) {
    context.history.for_each([&](const ToldMessage& message) {
        if (message.left_out() == 0) return true;
        for (auto& [labels, past] : pasts) past.may_tell += message.may_tell_of(labels) ? 1 : 0;
        return true;
    });
}

/// Of the alerts in `pasts`, and of others that are asked for until there are `alerts_max`. False when there were more.
bool find_pasts(const Context& context, const AlertQuestion& question, std::size_t alerts_max, Pasts& pasts) {
    bool complete = true;
    const auto past_of = [&](const LabelSet& labels) -> AlertPast* {
        if (!question.asks_for(labels)) return nullptr;
        if (const auto known = pasts.find(labels); known != pasts.end()) return &known->second;
        complete = complete && pasts.size() < alerts_max;
        return complete ? &pasts[labels] : nullptr;
    };
    context.history.for_each([&](const ToldMessage& message) {
        for (const auto& about : message.alerts) {
            AlertPast* past = past_of(about.labels);
            const bool wants = past != nullptr && past->messages.size() < kMessagesOfAlert;
            if (wants) past->messages.push_back({&message, about.firing});
        }
        return true;
    });
    context.untold.for_each([&](const UntoldAlert& alert) {
        AlertPast* past = past_of(alert.labels);
        if (past != nullptr && past->untold.size() < kMessagesOfAlert) past->untold.push_back(&alert);
        return true;
    });
    count_doubtful_messages(context, pasts);
    return complete;
}

/// Messages that had more alerts than are kept of them may have told of one that is known nowhere else.
ServerResponse unknown_alert(const Context& context, const AlertQuestion& question) {
    std::size_t may_tell = 0;
    context.history.for_each([&](const ToldMessage& message) {
        may_tell += message.may_tell_of(question.matchers) ? 1 : 0;
        return true;
    });
    if (may_tell == 0) return api_error("not_found", "no such alert: none is known, and nobody was told of one lately");
    return api_error("not_found",
                     fmt::format("no such alert is known; {} messages lately had more alerts than are kept "
                                 "of them, and may have told of one",
                                 may_tell));
}

/// An alert of which only the history knows.
Json gone_alert_json(const LabelSet& labels) {
    Json json = Json::object();
    json.add("labels", labels_json(labels)).add("fingerprint", to_string_fingerprint(fingerprint(labels)));
    json.add("state", "gone").add("silencedBy", Json::array());
    return std::move(json.add("receivers", Json::array()));
}

Json with_past(Json alert, const AlertPast& past) {
    Json messages = Json::array(), untold = Json::array();
    for (const auto& [message, firing] : past.messages) {
        Json json = told_message_json(*message, false);
        messages.push(std::move(json.add("alertStatus", firing ? "firing" : "resolved")));
    }
    for (const UntoldAlert* one : past.untold) untold.push(untold_alert_json(*one));
    alert.add("messages", std::move(messages)).add("mayTell", past.may_tell).add("untold", std::move(untold));
    return alert;
}

ServerResponse explain_alerts(const Context& context, const ServerRequest& request) {
    const Parameters parameters(request);
    const auto question = read_alert_question(context, parameters);
    if (!question) return api_error("bad_data", question.error().message);
    if (question->matchers.empty() && question->fingerprint.empty()) {
        return api_error("bad_data", "which alert? expected the parameter \"alert\", \"filter\" or \"fingerprint\"");
    }
    const ExplainedAlerts explained = context.notifications.explain(*question);
    Pasts pasts;
    for (const AlertExplanation& alert : explained.alerts) pasts[alert.alert->alert.labels];
    const bool complete = find_pasts(context, *question, explained.more ? pasts.size() : question->limit, pasts);
    Json alerts = Json::array();
    for (const AlertExplanation& alert : explained.alerts) {
        const auto past = pasts.extract(alert.alert->alert.labels);
        alerts.push(with_past(alert_explanation_json(alert), past.mapped()));
    }
    for (const auto& [labels, past] : pasts) alerts.push(with_past(gone_alert_json(labels), past));
    const bool more = explained.more || !complete;
    if (alerts.items().empty()) return unknown_alert(context, *question);
    return api_success(Json::Object{{"alerts", std::move(alerts)}, {"more", more}});
}

// ---- what nobody was told of

struct UntoldQuestion {
    AlertQuestion alerts;
    Timestamp start{};
    Timestamp end{};
};

Result<UntoldQuestion> read_untold_question(const Context& context, const Parameters& parameters) {
    UntoldQuestion question;
    TOCSIN_TRY(question.alerts, read_alert_question(context, parameters));
    TOCSIN_TRY(question.alerts.limit, read_alert_limit(parameters, kExplainedMax));
    question.alerts.untold_only = true;
    question.end = context.scheduler.now();
    if (auto period = read_period(parameters, question.start, question.end); !period) {
        return tl::unexpected(period.error());
    }
    question.alerts.any_receiver = parameters.flag("any_receiver", false);
    return question;
}

/// Another receiver was told, or was and has not been told of the end yet.
bool somebody_was_told(const Context& context, const UntoldAlert& untold) {
    Alert alert;
    alert.labels = untold.labels;
    alert.starts_at = untold.starts_at;
    return untold.told_others || context.notifications.was_told(StoredAlert(std::move(alert)));
}

bool counts_as_untold(const Context& context, const UntoldAlert& alert, const UntoldQuestion& question) {
    if (alert.ends_at < question.start || alert.starts_at > question.end) return false;
    if (!question.alerts.asks_for(alert.labels)) return false;
    return question.alerts.any_receiver || !somebody_was_told(context, alert);
}

ServerResponse list_untold(const Context& context, const ServerRequest& request) {
    const auto question = read_untold_question(context, Parameters(request));
    if (!question) return api_error("bad_data", question.error().message);
    const ExplainedAlerts explained = context.notifications.explain(question->alerts);
    Json firing = Json::array();
    for (const AlertExplanation& alert : explained.alerts) firing.push(alert_explanation_json(alert));
    Json ended = Json::array();
    bool more = explained.more;
    context.untold.for_each([&](const UntoldAlert& alert) {
        if (!counts_as_untold(context, alert, *question)) return true;
        const bool full = ended.items().size() == question->alerts.limit;
        if (!full) ended.push(untold_alert_json(alert));
        more = more || full;
        return !full;
    });
    return api_success(Json::Object{{"firing", std::move(firing)}, {"ended", std::move(ended)}, {"more", more}});
}

}  // namespace

void add_notifications_explain(Router& router, Context& context) {
    router.answer("GET", "/api/v1/notifications/explain",
                  [&context](const Router::Call& call) { return explain_alerts(context, call.request); });
    router.answer("GET", "/api/v1/notifications/untold",
                  [&context](const Router::Call& call) { return list_untold(context, call.request); });
}

}  // namespace tocsin::api
