#include "notifiers/notification_history.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "notifiers/stored_notifications.h"

namespace tocsin {
namespace {

/// What stored_key() made of a key.
std::optional<std::pair<std::int64_t, std::uint64_t>> read_history_key(std::string_view text) {
    std::pair<std::int64_t, std::uint64_t> key;
    const std::size_t space = text.find(' ');
    if (space == text.npos) return std::nullopt;
    const auto good = [](std::string_view digits, auto& into) {
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), into);
        return error == std::errc{} && end == digits.data() + digits.size();
    };
    if (!good(text.substr(0, space), key.first) || !good(text.substr(space + 1), key.second)) return std::nullopt;
    return key;
}

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

void NotificationHistory::keep_in(StateStore& state) {
    for (const StateRecord& record : state.open_table(kHistoryTable, [this] { return everything(); })) {
        const auto key = read_history_key(record.key);
        auto message = read_told_message(record);
        if (!key || !message) {
            log_.error("notifiers::history", "a stored record makes no sense and is left out",
                       {{"record", record.key}});
            continue;
        }
        next_number_ = std::max(next_number_, key->second + 1);
        messages_.emplace(*key, *std::move(message));
    }
    state_ = &state;
    forget_old();
}

void NotificationHistory::on_attempt(const AttemptEvent& attempt) {
    const Where where{attempt.group_key, attempt.receiver, attempt.integration, attempt.index};
    const auto waiting = waiting_.find(where);
    Key key{to_unix_ms(attempt.started_at), next_number_};
    // The first attempt at another message, or the next one at the same.
    if (waiting != waiting_.end() && attempt.number > 1 && messages_.count(waiting->second) > 0) {
        key = waiting->second;
    } else {
        ++next_number_;
    }
    ToldMessage& message = messages_[key];
    add(attempt, message);
    if (message.result == ToldMessage::Result::Waiting) {
        waiting_[where] = key;
    } else {
        waiting_.erase(where);
    }
    if (state_ != nullptr) {
        state_->write([key = stored_key(key), value = stored_value(message)](StateWriter& writer) {
            writer.put(kHistoryTable, key, value);
        });
    }
    forget_old();
}

void NotificationHistory::add(const AttemptEvent& attempt, ToldMessage& message) const {
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

void NotificationHistory::forget_old() {
    const std::int64_t oldest = to_unix_ms(clock_.now() - retention_);
    const auto too_old = [&] { return messages_.begin()->first.first < oldest; };
    bool some = false;
    while (!messages_.empty() && (messages_.size() > kMessagesMax || too_old())) {
        messages_.erase(messages_.begin());
        some = true;
    }
    if (!some || state_ == nullptr) return;
    if (messages_.empty()) return state_->write([](StateWriter& writer) { writer.clear(kHistoryTable); });
    state_->write([first = stored_key(messages_.begin()->first)](StateWriter& writer) {
        writer.erase_before(kHistoryTable, first);
    });
}

void NotificationHistory::for_each(const std::function<bool(const ToldMessage&)>& visit) const {
    for (auto at = messages_.rbegin(); at != messages_.rend(); ++at) {
        if (!visit(at->second)) return;
    }
}

/// As long as every other one, so that their order is that of the messages.
std::string NotificationHistory::stored_key(const Key& key) {
    return fmt::format("{:015} {:010}", key.first, key.second);
}

StateStore::Write NotificationHistory::everything() const {
    std::map<std::string, std::string> records;
    for (const auto& [key, message] : messages_) records[stored_key(key)] = stored_value(message);
    return [records = std::move(records)](StateWriter& writer) {
        for (const auto& [key, value] : records) writer.put(kHistoryTable, key, value);
    };
}

}  // namespace tocsin
