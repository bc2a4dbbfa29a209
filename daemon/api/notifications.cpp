#include <algorithm>
#include <utility>

#include "base/duration.h"
#include "daemon/api/api.h"
#include "daemon/api/history_parameters.h"
#include "daemon/api/notification_json.h"
#include "notifiers/notification_history.h"

// Who was told of what: tocsin's own, in the shape of Prometheus' API.

namespace tocsin::api {
namespace {

/// Which messages are asked for; empty texts let any through, and the matchers are of one of the message's alerts.
struct HistoryQuestion {
    HistoryParameters of;
    std::string receiver, result;
};

Result<HistoryQuestion> read_history_question(const Context& context, const Parameters& parameters) {
    HistoryQuestion question;
    TOCSIN_TRY(question.of, read_history_parameters(context, parameters));
    question.receiver = parameters.get("receiver");
    question.result = parameters.get("result");
    return question;
}

/// But for its alerts.
bool is_in_question(const ToldMessage& message, const HistoryQuestion& question) {
    if (message.last_attempt < question.of.start || message.first_attempt > question.of.end) return false;
    if (!question.receiver.empty() && message.receiver != question.receiver) return false;
    return question.result.empty() || to_string(message.result) == question.result;
}

bool tells_of_asked(const ToldMessage& message, const HistoryQuestion& question) {
    return question.of.matchers.empty() ||
           std::any_of(message.alerts.begin(), message.alerts.end(),
                       [&](const auto& alert) { return all_match(question.of.matchers, alert.labels); });
}

ServerResponse list_messages(const Context& context, const ServerRequest& request) {
    const auto question = read_history_question(context, Parameters(request));
    if (!question) return api_error("bad_data", question.error().message);
    Json list = Json::array();
    std::uint64_t may_match = 0;
    bool more = false;
    context.history.for_each([&](const ToldMessage& message) {
        if (!is_in_question(message, *question)) return true;
        if (!tells_of_asked(message, *question)) {
            if (message.may_tell_of(question->of.matchers)) ++may_match;
            return true;
        }
        more = list.items().size() == question->of.limit;
        if (!more) list.push(told_message_json(message));
        return !more;
    });
    return api_success(Json::Object{{"notifications", std::move(list)}, {"more", more}, {"mayMatch", may_match}});
}

}  // namespace

void add_notifications(Router& router, Context& context) {
    router.answer("GET", "/api/v1/notifications",
                  [&context](const Router::Call& call) { return list_messages(context, call.request); });
}

}  // namespace tocsin::api
