#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/moment.h"
#include "base/text.h"
#include "daemon/api/api.h"
#include "notifiers/notification_history.h"
#include "parser/matchers_parser.h"

// Who was told of what: tocsin's own, in the shape of Prometheus' API.

namespace tocsin::api {
namespace {

constexpr std::size_t kMessagesShown = 1000;  // when no limit is given

/// Which messages are asked for.
struct HistoryQuestion {
    Timestamp start{};
    Timestamp end{};
    std::string receiver;  // empty: any
    std::string result;    // empty: any
    Matchers matchers;     // of one of the message's alerts
    std::size_t limit = kMessagesShown;
};

Status read_period(const Parameters& parameters, HistoryQuestion& question) {
    for (const auto& [name, into] : {std::pair{"start", &question.start}, std::pair{"end", &question.end}}) {
        const std::string text = parameters.get(name);
        if (text.empty()) continue;
        auto moment = parse_moment(text);
        if (!moment) return fail_with_context(fmt::format("invalid parameter \"{}\"", name), moment.error());
        *into = *moment;
    }
    return {};
}

Result<HistoryQuestion> read_history_question(const Context& context, const Parameters& parameters) {
    HistoryQuestion question;
    question.end = context.scheduler.now();
    if (auto read = read_period(parameters, question); !read) return tl::unexpected(read.error());
    question.receiver = parameters.get("receiver");
    question.result = parameters.get("result");
    for (const std::string& text : parameters.all("filter")) {
        auto matcher = parse_matcher(text, context.options.matchers_syntax);
        if (!matcher) return fail_with_context("invalid parameter \"filter\"", matcher.error());
        question.matchers.push_back(*std::move(matcher));
    }
    const std::string limit = parameters.get("limit");
    if (limit.empty()) return question;
    const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), question.limit);
    if (error == std::errc{} && end == limit.data() + limit.size() && question.limit > 0) return question;
    return fail(Error::Kind::InvalidInput, "invalid parameter \"limit\": expected a number above 0");
}

bool is_asked_for(const ToldMessage& message, const HistoryQuestion& question) {
    if (message.last_attempt < question.start || message.first_attempt > question.end) return false;
    if (!question.receiver.empty() && message.receiver != question.receiver) return false;
    if (!question.result.empty() && to_string(message.result) != question.result) return false;
    return question.matchers.empty() ||
           std::any_of(message.alerts.begin(), message.alerts.end(),
                       [&](const auto& alert) { return all_match(question.matchers, alert.labels); });
}

Json told_message_json(const ToldMessage& message) {
    Json alerts = Json::array();
    for (const auto& alert : message.alerts) {
        alerts.push(
            Json::Object{{"labels", labels_json(alert.labels)}, {"status", alert.firing ? "firing" : "resolved"}});
    }
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
    return std::move(json.add("alerts", std::move(alerts)));
}

ServerResponse list_messages(const Context& context, const ServerRequest& request) {
    const auto question = read_history_question(context, Parameters(request));
    if (!question) return api_error("bad_data", question.error().message);
    Json list = Json::array();
    bool more = false;
    context.history.for_each([&](const ToldMessage& message) {
        if (!is_asked_for(message, *question)) return true;
        more = list.items().size() == question->limit;
        if (!more) list.push(told_message_json(message));
        return !more;
    });
    return api_success(Json::Object{{"notifications", std::move(list)}, {"more", more}});
}

}  // namespace

void add_notifications(Router& router, Context& context) {
    router.answer("GET", "/api/v1/notifications",
                  [&context](const Router::Call& call) { return list_messages(context, call.request); });
}

}  // namespace tocsin::api
