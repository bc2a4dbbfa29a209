#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/log.h"
#include "base/matcher.h"
#include "base/state_store.h"
#include "base/time.h"
#include "base/timed_table.h"
#include "notifiers/observer.h"

namespace tocsin {

/// What became of one message to one integration.
struct ToldMessage {
    enum class Result { Delivered, Waiting, Failed };  // Waiting: to be tried again

    struct About {
        LabelSet labels;
        bool firing = true;
    };

    Timestamp first_attempt{};  // when it began
    Timestamp last_attempt{};   // when it ended
    std::size_t attempts = 0;
    Result result = Result::Delivered;
    std::string error;  // of the last attempt, without a secret
    std::string receiver;
    std::string integration;
    std::size_t index = 0;
    std::string group_key;
    LabelSet group_labels;
    std::string status;  // of the message: "firing" or "resolved"
    std::string reason;  // why it was sent
    std::size_t firing = 0;
    std::size_t resolved = 0;
    std::vector<About> alerts;  // the first of them, at most kAlertsMax

    /// How many of its alerts are not in `alerts`.
    std::size_t left_out() const;
    /// Whether an alert that matches may be among those: all that is known of them are the labels of the group.
    bool may_tell_of(const Matchers& matchers) const;
    /// The same of an alert with these labels.
    bool may_tell_of(const LabelSet& labels) const;
};

std::string_view to_string(ToldMessage::Result result);

/// Who was told of what, when, and with which result: one record a message, over restarts. Scheduler's thread only.
class NotificationHistory final : public NotificationObserver {
public:
    static constexpr std::size_t kMessagesMax = 20'000;
    static constexpr std::size_t kAlertsMax = 100;  // of one message

    /// What is older than `retention` is forgotten, and the oldest when there are too many. `clock` and `log` outlive
    /// this.
    NotificationHistory(const Scheduler& clock, Log& log, Duration retention);
    NotificationHistory(const NotificationHistory&) = delete;
    NotificationHistory& operator=(const NotificationHistory&) = delete;

    /// Goes on with what `state` has, and keeps it there from now on. Messages that waited there have failed: their
    /// groups make others. Before the first attempt; `state` outlives this.
    void keep_in(StateStore& state);

    void on_attempt(const AttemptEvent& attempt) override;
    void on_drop(const DropEvent& drop) override;

    /// Calls `visit` for each message, the last one first, for as long as it answers true.
    void for_each(const std::function<bool(const ToldMessage&)>& visit) const { messages_.for_each(visit); }
    std::size_t size() const { return messages_.size(); }

private:
    using Where = std::tuple<std::string, std::string, std::string, std::size_t>;

    TimedKey message_of(const AttemptEvent& attempt, const Where& where);
    void give_up(const TimedKey& key);
    void give_up_at(const Where& where);
    void forget_waiting(const TimedKey& key, const ToldMessage& message);
    static void add(const AttemptEvent& attempt, ToldMessage& message);

    TimedTable<ToldMessage> messages_;   // by their first attempts
    std::map<Where, TimedKey> waiting_;  // the message about a group that an integration has not taken; of messages_
};

/// Tells each of them, in order; all outlive this.
class NotificationObservers final : public NotificationObserver {
public:
    explicit NotificationObservers(std::vector<NotificationObserver*> all) : all_(std::move(all)) {}

    void on_attempt(const AttemptEvent& event) override {
        for (NotificationObserver* one : all_) one->on_attempt(event);
    }
    void on_drop(const DropEvent& event) override {
        for (NotificationObserver* one : all_) one->on_drop(event);
    }
    void on_mute(const MuteEvent& event) override {
        for (NotificationObserver* one : all_) one->on_mute(event);
    }
    void on_flap(const FlapEvent& event) override {
        for (NotificationObserver* one : all_) one->on_flap(event);
    }
    void on_end(const EndEvent& event) override {
        for (NotificationObserver* one : all_) one->on_end(event);
    }

private:
    std::vector<NotificationObserver*> all_;
};

}  // namespace tocsin
