#include "notifiers/notification_history.h"

#include <algorithm>

#include "notifiers/stored_notifications.h"

namespace tocsin {
namespace {

ToldMessage::Result result_of(const AttemptEvent& attempt) {
    if (attempt.outcome.kind == Outcome::Kind::Delivered) return ToldMessage::Result::Delivered;
    return attempt.retry_in ? ToldMessage::Result::Waiting : ToldMessage::Result::Failed;
}

}  // namespace

std::string_view to_string(ToldMessage::Result result) {
    switch (result) {
        case ToldMessage::Result::Delivered:
            return "delivered";
        case ToldMessage::Result::Waiting:
            return "waiting";
        case ToldMessage::Result::Failed:
            return "failed";
    }
    return {};
}

std::size_t ToldMessage::left_out() const {
    const std::size_t told = firing + resolved;
    return told > alerts.size() ? told - alerts.size() : 0;
}

bool ToldMessage::may_tell_of(const Matchers& matchers) const {
    return left_out() > 0 && std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& matcher) {
               return !group_labels.has(matcher.name()) || matcher.matches(group_labels);
           });
}

bool ToldMessage::may_tell_of(const LabelSet& labels) const {
    return left_out() > 0 &&
           std::all_of(group_labels.begin(), group_labels.end(),
                       [&](const Label& label) { return labels.get(label.name) == label.value; }) &&
           std::none_of(alerts.begin(), alerts.end(), [&](const About& about) { return about.labels == labels; });
}

NotificationHistory::NotificationHistory(const Scheduler& clock, Log& log, Duration retention)
    : messages_(clock, log, {kHistoryTable, "notifiers::history", stored_value, read_told_message},
                {retention, kMessagesMax}) {
    messages_.on_forget([this](const TimedKey& key, const ToldMessage& message) { forget_waiting(key, message); });
}

void NotificationHistory::keep_in(StateStore& state) {
    messages_.keep_in(state);
    for (const auto& [key, message] : messages_.records()) {
        if (message.result == ToldMessage::Result::Waiting) give_up(key);
    }
    messages_.save();
}

void NotificationHistory::on_attempt(const AttemptEvent& attempt) {
    const Where where{attempt.group_key, attempt.receiver, attempt.integration, attempt.index};
    const TimedKey key = message_of(attempt, where);
    ToldMessage& message = *messages_.find(key);
    add(attempt, message);
    if (message.result == ToldMessage::Result::Waiting) {
        waiting_[where] = key;
    } else {
        waiting_.erase(where);
    }
    messages_.changed(key);
    messages_.save();
}

void NotificationHistory::on_drop(const DropEvent& drop) {
    give_up_at({drop.group_key, drop.receiver, drop.integration, drop.index});
    messages_.save();
}

// The first attempt at another message, or the next one at the same.
TimedKey NotificationHistory::message_of(const AttemptEvent& attempt, const Where& where) {
    const auto waiting = waiting_.find(where);
    if (attempt.number > 1 && waiting != waiting_.end()) return waiting->second;
    give_up_at(where);
    return messages_.add(attempt.started_at, {});
}

void NotificationHistory::give_up(const TimedKey& key) {
    messages_.find(key)->result = ToldMessage::Result::Failed;
    messages_.changed(key);
}

void NotificationHistory::give_up_at(const Where& where) {
    const auto waiting = waiting_.find(where);
    if (waiting == waiting_.end()) return;
    give_up(waiting->second);
    waiting_.erase(waiting);
}

void NotificationHistory::forget_waiting(const TimedKey& key, const ToldMessage& message) {
    const auto waiting = waiting_.find({message.group_key, message.receiver, message.integration, message.index});
    if (waiting != waiting_.end() && waiting->second == key) waiting_.erase(waiting);
}

void NotificationHistory::add(const AttemptEvent& attempt, ToldMessage& message) {
    if (message.attempts++ == 0) message.first_attempt = attempt.started_at;
    message.last_attempt = attempt.ended_at;
    message.result = result_of(attempt);
    message.error = attempt.outcome.kind == Outcome::Kind::Delivered ? std::string() : attempt.outcome.message;
    message.receiver = attempt.receiver;
    message.integration = attempt.integration;
    message.index = attempt.index;
    message.group_key = attempt.group_key;
    message.group_labels = attempt.group_labels;
    message.status = attempt.status;
    message.reason = to_string(attempt.reason);
    message.firing = attempt.firing;
    message.resolved = attempt.resolved;
    message.alerts.clear();
    for (const AlertPtr& alert : attempt.alerts) {
        if (message.alerts.size() == kAlertsMax) break;
        message.alerts.push_back({alert->alert.labels, !alert->alert.resolved_at(attempt.started_at)});
    }
}

}  // namespace tocsin
