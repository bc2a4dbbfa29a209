#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "notifiers/alert_store.h"
#include "notifiers/dedup.h"
#include "notifiers/notification_data.h"
#include "notifiers/notification_log.h"
#include "notifiers/notification_metrics.h"
#include "notifiers/observer.h"
#include "notifiers/pipeline.h"
#include "notifiers/receiver.h"

// How one integration is told of one group. At every flush it decides whether there is something to tell, and keeps at
// it until the receiver took the message:
//
//     Idle ── something to tell ──► Queued ── its turn ──► InFlight ── taken ──► Idle
//                                     ▲                       │
//                                     └── Backoff ◄── failed ─┘
//
// There is one message under way at most. A flush during InFlight is made up for when the verdict is there; in the
// other states it replaces the message, so nobody gets old news after new. What the receiver should have heard and did
// not stays in the log entry (`unheard`) until it has.

namespace tocsin {

class AlertGroup;

/// What all groups share. References outlive the groups.
struct GroupContext {
    Scheduler& scheduler;
    Random& random;
    Log& log;
    NotificationMetrics& metrics;
    NotificationLog& notification_log;
    const Silences& silences;
    templates::NotificationTemplates templates;  // of the configuration in force, for route labels
    std::string external_url;
    Duration retention = std::chrono::hours(120);
    /// No flush before then, so that the sources of a cold start can speak first.
    Timestamp first_flush{};
    /// Called before the first attempt of each message; the attempt is made when `then` is called. Lets what is to be
    /// sent be committed first.
    std::function<void(std::function<void()> then)> commit;
    NotificationObserver* observer = nullptr;
    /// Whether another group of the same key and receiver has the alert and does not mute it. May be empty.
    std::function<bool(const AlertGroup&, const StoredAlert&)> shown_by_twin;
    /// A group has another timer or is new, and one is gone; for who keeps them. May be empty.
    std::function<void(const AlertGroup&)> group_changed;
    std::function<void(const AlertGroup&)> group_gone;
};

/// What a delivery needs to know of its group.
class DeliveryGroup {
public:
    virtual ~DeliveryGroup() = default;
    virtual const std::string& key() const = 0;
    virtual const Route& route() const = 0;
    virtual const LabelSet& labels() const = 0;
    /// The group as it is now.
    virtual FlushView view() const = 0;
    /// The receiver took a message that tells of these.
    virtual void told(const std::vector<FlushAlert>& alerts) = 0;
    /// A message was taken, or given up: the group may have something to forget.
    virtual void delivery_settled() = 0;
};

/// The message that a flush will send if nothing changes until then.
struct ComingMessage {
    Timestamp at{};
    NotifyReason reason = NotifyReason::FirstNotification;
};

/// How it stands between one integration and one alert of a group.
struct IntegrationExplanation {
    enum class Told { Nothing, Firing, Resolved };
    enum class Doing { Nothing, Queued, Sending, Waiting };  // Waiting: for the next attempt

    std::string integration;
    std::size_t index = 0;
    bool send_resolved = true;
    Told told = Told::Nothing;            // of the alert
    Timestamp told_at{};                  // when the last message about the group was taken; none: never
    Doing doing = Doing::Nothing;         // with a message that tells of the alert
    std::size_t attempts = 0;             // at that message, the one under way included
    Timestamp queued_since{};             // while Queued
    std::optional<std::size_t> behind;    // while Queued, so many others; none: until it is written down
    std::string last_error;               // of the last attempt to tell of the group; empty: it was taken
    Timestamp next_attempt{};             // while Waiting
    std::optional<ComingMessage> coming;  // with the alert
};

/// What the log knows of an alert; null: nothing. The rest is left as it is when nothing is under way.
IntegrationExplanation explain_by_log(const Integration& integration, const LogEntry* entry, const StoredAlert& alert);

class Delivery : public std::enable_shared_from_this<Delivery> {
public:
    Delivery(GroupContext& context, DeliveryGroup& group, std::shared_ptr<Integration> integration)
        : context_(context), group_(group), integration_(std::move(integration)) {}

    /// Decides what is to be told after a flush, and begins to.
    void consider(const FlushView& view);

    /// Whether the integration has nothing more to hear of an alert that ended.
    bool is_settled(const StoredAlert& alert) const;
    /// Whether the integration was told of an alert, or a flush saw that it should be.
    bool knows(const StoredAlert& alert) const;
    /// Whether it counts for the integration as firing.
    bool was_told(const StoredAlert& alert) const;
    /// When the flush was due whose message was not taken yet; `otherwise` when none waits.
    Timestamp waiting_since(Timestamp otherwise) const;
    /// Whether there is anything in the log.
    bool has_entry() const { return context_.notification_log.find(log_key()) != nullptr; }
    /// All but what is coming.
    IntegrationExplanation explain(const StoredAlert& alert) const;
    /// Counts the message that was not taken, if there is one.
    void add_to(Backlog& backlog) const;
    /// What the next flush would send if the group stayed as `view` has it, or a later one as a repetition.
    std::optional<ComingMessage> coming(const FlushView& view, Timestamp next_flush) const;
    /// Why the last attempt failed; empty when it did not.
    const std::string& last_error() const { return last_error_; }

    /// A message is under way or waits for its next attempt.
    bool is_busy() const { return state_ != State::Idle; }

    /// After a reload the same integration, configured anew. A running attempt ends with the old configuration.
    void replace_integration(std::shared_ptr<Integration> integration);
    const Integration& integration() const { return *integration_; }

    /// Nothing is sent any more; a running attempt is given up.
    void stop();

private:
    enum class State { Idle, Queued, InFlight, Backoff };

    struct Message {
        std::vector<FlushAlert> alerts;  // none of them muted
        GroupFacts facts;                // of the flush it is from
        NotifyReason reason = NotifyReason::FirstNotification;
        bool group_fires = true;
        bool is_on_time = true;  // made with its flush, and no attempt failed: it waits for nothing but its turn
        std::size_t attempts = 0;
        std::optional<MonotonicTime> deadline;  // of all attempts, from the first one on
        std::vector<std::string> only_to;       // recipients, after the others took it; none: it is for all

        /// What is left of a message that was taken. It is no news any more, and goes on until there are some.
        bool is_remainder() const { return !only_to.empty(); }
    };

    /// One attempt of the present message.
    struct Attempt {
        std::uint64_t turn;
        Timestamp started;
        MonotonicTime started_monotonic;
    };

    /// Where a message stands that waits for its turn.
    struct Turn {
        MonotonicTime since;
        std::optional<std::size_t> behind;
    };

    bool is_telling_of(const StoredAlert& alert) const;
    std::optional<Turn> turn_waited_for() const;
    void queue();
    LogKey log_key() const;
    DedupPolicy policy() const;
    Message make_message(const FlushView& view, GroupFacts facts, NotifyReason reason) const;
    void remember(const LogEntry* known, const GroupFacts& facts);
    void note_waiting(Timestamp since);
    void settle_without_sending(const GroupFacts& facts);
    void record(const GroupFacts& facts, Timestamp sent_at);

    void begin(Message message);
    void enter_lane();
    void attempt(const std::shared_ptr<Integration>& integration);
    void send(const std::shared_ptr<Integration>& integration);
    Notification notification() const;
    void finish(const Attempt& attempt, const Outcome& outcome);
    void delivered(const Attempt& attempt, const Outcome& outcome);
    void note_taken(const Attempt& attempt, const Outcome& outcome);
    void log_shortfall(const Outcome& outcome) const;
    std::optional<Duration> retry_delay(const Outcome& outcome);
    void failed(const Outcome& outcome, std::optional<Duration> retry_in);
    void note_verdict(const Attempt& attempt, const Outcome& outcome);
    void end_message();
    void wait(Duration delay);
    void wait_with_remainder(Duration delay);
    bool keeps_remainder(Timestamp now) const;
    void take_up_remainder(const FlushView& view, GroupFacts facts);
    void become_idle();
    void drop_message();
    void reconsider();
    bool has_silenced_alert() const;
    Duration next_backoff();
    Duration attempt_timeout();
    Timestamp moment_of(const Attempt& attempt) const;
    void tell_observer(const Attempt& attempt, const Outcome& outcome, std::optional<Duration> retry_in) const;

    GroupContext& context_;
    DeliveryGroup& group_;
    std::shared_ptr<Integration> integration_;
    State state_ = State::Idle;
    Message message_;
    /// Goes up whenever the state changes; what comes back with an older number has been overtaken.
    std::uint64_t turn_ = 0;
    Scheduler::TaskId timer_ = 0;
    Notifier::AttemptId running_ = 0;
    std::shared_ptr<Integration> running_on_;
    std::shared_ptr<LanePlace> place_;  // of the running attempt
    std::string last_error_;
    MonotonicTime queued_since_{};           // in Queued
    std::shared_ptr<Integration> lined_up_;  // in Queued: in whose lane, as which number
    std::uint64_t number_in_lane_ = 0;
    Timestamp next_attempt_{};               // in Backoff
    std::optional<Timestamp> missed_flush_;  // when the last flush was due that came while an attempt ran
};

}  // namespace tocsin
