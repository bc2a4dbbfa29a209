#include "notifiers/delivery.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

namespace tocsin {
namespace {

constexpr Duration kFirstBackoff{500};
constexpr double kBackoffFactor = 1.5;
constexpr Duration kBackoffMax = std::chrono::seconds(60);
constexpr Duration kTimeoutMin = std::chrono::seconds(10);
// An attempt that takes longer goes on beside the lane: those which a receiver lets hang keep nobody from it for as
// long as a group interval may be.
constexpr Duration kPlaceMax = std::chrono::seconds(60);
// What is so late after its flush counts as sent with the flush, so that repeat intervals stay on the grid of flushes.
constexpr Duration kPromptly = std::chrono::seconds(1);

using Keep = std::function<bool(std::uint64_t)>;

void keep_only(AlertHashes& hashes, const Keep& keep) {
    auto kept = hashes.extract_sequence();
    kept.erase(std::remove_if(kept.begin(), kept.end(), std::not_fn(keep)), kept.end());
    hashes.adopt_sequence(boost::container::ordered_unique_range, std::move(kept));
}

/// Those of `from` that are meant.
void add(AlertHashes& to, const AlertHashes& from, const Keep& meant) {
    std::vector<std::uint64_t> more;
    std::copy_if(from.begin(), from.end(), std::back_inserter(more), meant);
    to.insert(boost::container::ordered_unique_range, more.begin(), more.end());
}

GroupFacts facts_of(const FlushView& view) {
    const auto those = [&](bool firing, bool muted) {
        std::vector<std::uint64_t> hashes;
        for (const FlushAlert& alert : view.alerts) {
            if (alert.firing == firing && alert.muted == muted) hashes.push_back(alert.alert->log_hash);
        }
        return AlertHashes(hashes.begin(), hashes.end());
    };
    std::vector<std::uint64_t> elsewhere;
    for (const FlushAlert& alert : view.alerts) {
        if (alert.shown_elsewhere) elsewhere.push_back(alert.alert->log_hash);
    }
    return {those(true, false), those(false, false),
            those(true, true),  those(false, true),
            view.due,           AlertHashes(elsewhere.begin(), elsewhere.end())};
}

bool is_in_group(const GroupFacts& facts, std::uint64_t hash) {
    return facts.firing.count(hash) + facts.resolved.count(hash) + facts.muted_firing.count(hash) +
               facts.muted_resolved.count(hash) >
           0;
}

}  // namespace

void Delivery::consider(const FlushView& view) {
    if (state_ == State::InFlight) {
        missed_flush_ = view.due;
        return;
    }
    GroupFacts facts = facts_of(view);
    remember(context_.notification_log.query(log_key()), facts);
    const auto reason = decide(context_.notification_log.find(log_key()), facts, policy());
    Message message;
    if (reason) message = make_message(view, facts, *reason);
    if (message.alerts.empty()) {
        if (!keeps_remainder(view.now)) drop_message();
        if (reason) record(facts, facts.due);
        settle_without_sending(facts);
        note_waiting({});
        if (!reason && !is_busy()) take_up_remainder(view, std::move(facts));
        return;
    }
    note_waiting(view.due);
    if (state_ == State::Queued) {
        message.attempts = message_.attempts;
        message_ = std::move(message);
        return;
    }
    // The time for the last flush's message is over; this one takes its place and is tried at once.
    if (state_ == State::Backoff) {
        context_.metrics.notification_failed(*integration_, FailureReason::DeadlineExceeded);
    }
    begin(std::move(message));
}

IntegrationExplanation explain_by_log(const Integration& integration, const LogEntry* entry, const StoredAlert& alert) {
    IntegrationExplanation explanation;
    explanation.integration = integration.kind;
    explanation.index = integration.index;
    explanation.send_resolved = integration.send_resolved;
    if (entry == nullptr || !entry->was_sent()) return explanation;
    explanation.told_at = entry->sent_at;
    if (entry->firing.count(alert.log_hash) > 0) {
        explanation.told = IntegrationExplanation::Told::Firing;
    } else if (integration.send_resolved && entry->resolved.count(alert.log_hash) > 0) {
        explanation.told = IntegrationExplanation::Told::Resolved;
    }
    return explanation;
}

IntegrationExplanation Delivery::explain(const StoredAlert& alert) const {
    using Doing = IntegrationExplanation::Doing;
    auto explanation = explain_by_log(*integration_, context_.notification_log.find(log_key()), alert);
    explanation.last_error = last_error_;
    if (!is_telling_of(alert)) return explanation;
    explanation.doing = state_ == State::Backoff ? Doing::Waiting : Doing::Sending;
    explanation.attempts = message_.attempts;
    if (state_ == State::Backoff) explanation.next_attempt = next_attempt_;
    if (const auto turn = turn_waited_for()) {
        explanation.doing = Doing::Queued;
        if (state_ == State::InFlight) --explanation.attempts;
        const auto waited = std::chrono::floor<Duration>(context_.scheduler.monotonic() - turn->since);
        explanation.queued_since = context_.scheduler.now() - waited;
        explanation.behind = turn->behind;
    }
    return explanation;
}

void Delivery::add_to(Backlog& backlog) const {
    if (!is_busy()) return;
    ++(state_ == State::Backoff ? backlog.retrying : turn_waited_for() ? backlog.queued : backlog.sending);
    backlog.due = std::min(backlog.due.value_or(message_.facts.due), message_.facts.due);
}

/// In the lane, or, once it had its turn there, at the client.
std::optional<Delivery::Turn> Delivery::turn_waited_for() const {
    if (state_ == State::Queued) {
        if (lined_up_ == nullptr) return Turn{queued_since_, std::nullopt};
        return Turn{queued_since_, lined_up_->lane.behind(number_in_lane_)};
    }
    if (state_ != State::InFlight) return std::nullopt;
    const auto place = running_on_->notifier->place_in_line(running_);
    return place ? std::optional(Turn{place->since, place->behind}) : std::nullopt;
}

std::optional<ComingMessage> Delivery::coming(const FlushView& view, Timestamp next_flush) const {
    const LogEntry* entry = context_.notification_log.find(log_key());
    GroupFacts facts = facts_of(view);
    facts.due = next_flush;
    auto reason = decide(entry, facts, policy());
    if (!reason && entry != nullptr) {
        // The first flush that is late enough for a repetition.
        const Duration interval = group_.route().options.group_interval;
        const Duration missing = entry->sent_at + policy().repeat_interval - next_flush;
        facts.due += (std::max(missing, Duration{0}) + interval - Duration{1}) / interval * interval;
        reason = decide(entry, facts, policy());
    }
    const Timestamp due = facts.due;
    if (!reason || make_message(view, std::move(facts), *reason).alerts.empty()) return std::nullopt;
    return ComingMessage{due, *reason};
}

bool Delivery::is_telling_of(const StoredAlert& alert) const {
    return is_busy() && !message_.is_remainder() &&
           std::any_of(message_.alerts.begin(), message_.alerts.end(),
                       [&](const FlushAlert& other) { return other.alert->log_hash == alert.log_hash; });
}

bool Delivery::was_told(const StoredAlert& alert) const {
    const LogEntry* entry = context_.notification_log.find(log_key());
    return entry != nullptr && entry->firing.count(alert.log_hash) > 0;
}

bool Delivery::is_settled(const StoredAlert& alert) const {
    if (is_telling_of(alert)) return false;
    const LogEntry* entry = context_.notification_log.find(log_key());
    return entry == nullptr || (entry->firing.count(alert.log_hash) == 0 && entry->unheard.count(alert.log_hash) == 0);
}

bool Delivery::knows(const StoredAlert& alert) const {
    const LogEntry* entry = context_.notification_log.find(log_key());
    if (entry == nullptr) return false;
    return entry->firing.count(alert.log_hash) + entry->resolved.count(alert.log_hash) +
               entry->unheard.count(alert.log_hash) >
           0;
}

Timestamp Delivery::waiting_since(Timestamp otherwise) const {
    const LogEntry* entry = context_.notification_log.find(log_key());
    return entry == nullptr || entry->waiting_since == Timestamp{} ? otherwise : entry->waiting_since;
}

void Delivery::replace_integration(std::shared_ptr<Integration> integration) {
    integration->not_before = std::max(integration->not_before, integration_->not_before);
    integration_ = std::move(integration);
}

void Delivery::stop() {
    if (state_ == State::InFlight) {
        running_on_->notifier->cancel(running_);
        place_->leave();
    }
    missed_flush_.reset();
    drop_message();
}

LogKey Delivery::log_key() const {
    return {group_.key(), integration_->receiver, integration_->kind, integration_->index};
}

DedupPolicy Delivery::policy() const {
    return {integration_->send_resolved, group_.route().options.repeat_interval};
}

/// Of what resolved, a receiver that does not want to hear of it is told only what it should have heard of while it
/// fired: else nobody ever knew.
Delivery::Message Delivery::make_message(const FlushView& view, GroupFacts facts, NotifyReason reason) const {
    const LogEntry* entry = context_.notification_log.find(log_key());
    Message message;
    message.reason = reason;
    message.group_fires = !facts.firing.empty() || holds_told_alert(entry, facts);
    message.alerts.reserve(view.alerts.size());
    for (const FlushAlert& alert : view.alerts) {
        const bool unheard = entry != nullptr && entry->unheard.count(alert.alert->log_hash) > 0;
        if (alert.muted || !(alert.firing || integration_->send_resolved || unheard)) continue;
        message.alerts.push_back(alert);
    }
    message.is_on_time = context_.scheduler.now() - facts.due <= kPromptly;
    message.facts = std::move(facts);
    return message;
}

void Delivery::remember(const LogEntry* known, const GroupFacts& facts) {
    if (known == nullptr && facts.firing.empty()) return;
    LogEntry& entry = context_.notification_log.at(log_key());
    const auto was_told = [&](std::uint64_t hash) { return entry.firing.count(hash) > 0; };
    add(entry.unheard, facts.firing, std::not_fn(was_told));
    const auto was_hidden = [&](std::uint64_t hash) {
        return was_told(hash) && facts.shown_elsewhere.count(hash) == 0;
    };
    add(entry.muted, facts.muted_firing, was_hidden);
    add(entry.muted, facts.muted_resolved, was_hidden);
    keep_only(entry.unheard, [&](std::uint64_t hash) { return is_in_group(facts, hash); });
    // An entry must not expire while its group has something to tell that a mute or a failing receiver holds back.
    const bool held_back =
        !entry.unheard.empty() || std::any_of(entry.firing.begin(), entry.firing.end(), [&](auto hash) {
            return facts.muted_firing.count(hash) + facts.muted_resolved.count(hash) > 0;
        });
    if (held_back) entry.expires_at = std::max(entry.expires_at, facts.due + context_.retention);
}

/// Kept with what is to be sent, so that a restart makes up for the flush.
void Delivery::note_waiting(Timestamp since) {
    const LogEntry* known = context_.notification_log.find(log_key());
    if (known == nullptr || known->waiting_since == since) return;
    context_.notification_log.at(log_key()).waiting_since = since;
}

/// A receiver that does not want to hear of resolved alerts must still hear of them when they fire again.
void Delivery::settle_without_sending(const GroupFacts& facts) {
    if (integration_->send_resolved || context_.notification_log.find(log_key()) == nullptr) return;
    LogEntry& entry = context_.notification_log.at(log_key());
    keep_only(entry.firing, [&](std::uint64_t hash) {
        return facts.resolved.count(hash) == 0 && facts.muted_resolved.count(hash) == 0;
    });
    keep_only(entry.muted, [&](std::uint64_t hash) { return entry.firing.count(hash) > 0; });
}

void Delivery::record(const GroupFacts& facts, Timestamp sent_at) {
    LogEntry& entry = context_.notification_log.at(log_key());
    AlertHashes firing = facts.firing;
    add(firing, entry.firing,
        [&](std::uint64_t hash) { return facts.muted_firing.count(hash) + facts.muted_resolved.count(hash) > 0; });
    entry.firing = std::move(firing);
    entry.resolved = facts.resolved;
    keep_only(entry.unheard,
              [&](std::uint64_t hash) { return facts.firing.count(hash) == 0 && facts.resolved.count(hash) == 0; });
    keep_only(entry.muted,
              [&](std::uint64_t hash) { return facts.firing.count(hash) == 0 && entry.firing.count(hash) > 0; });
    entry.waiting_since = {};
    entry.still_to_tell.clear();
    entry.sent_at = sent_at;
    entry.expires_at = sent_at + std::min(context_.retention, 2 * group_.route().options.repeat_interval);
}

void Delivery::begin(Message message) {
    drop_message();
    message_ = std::move(message);
    queue();
    ++integration_->status->waiting;
    context_.metrics.notification_started(*integration_);
    const auto go_on = [weak = weak_from_this(), turn = turn_] {
        const auto self = weak.lock();
        if (self && self->turn_ == turn) self->enter_lane();
    };
    if (context_.commit) {
        context_.commit(go_on);
    } else {
        go_on();
    }
}

void Delivery::queue() {
    state_ = State::Queued;
    queued_since_ = context_.scheduler.monotonic();
    lined_up_.reset();
}

void Delivery::enter_lane() {
    lined_up_ = integration_;
    number_in_lane_ = integration_->lane.next_number();
    integration_->lane.enter([weak = weak_from_this(), turn = turn_, integration = integration_] {
        const auto self = weak.lock();
        if (self && self->turn_ == turn) {
            self->attempt(integration);
        } else {
            integration->lane.leave();
        }
    });
}

void Delivery::attempt(const std::shared_ptr<Integration>& integration) {
    if (integration != integration_) {
        integration->lane.leave();
        return enter_lane();
    }
    if (has_silenced_alert()) {
        integration->lane.leave();
        drop_message();
        return reconsider();
    }
    const MonotonicTime now = context_.scheduler.monotonic();
    if (integration->not_before > now) {
        integration->lane.leave();
        return wait(std::chrono::ceil<Duration>(integration->not_before - now));
    }
    send(integration);
}

void Delivery::send(const std::shared_ptr<Integration>& integration) {
    state_ = State::InFlight;
    lined_up_.reset();
    ++turn_;
    ++message_.attempts;
    running_on_ = integration;
    place_ = std::make_shared<LanePlace>(integration);
    timer_ = context_.scheduler.after(kPlaceMax, [place = place_] { place->leave(); });
    const Attempt attempt{turn_, context_.scheduler.now(), context_.scheduler.monotonic()};
    const Notifier::AttemptId id = integration->notifier->notify(
        notification(), attempt_timeout(), [weak = weak_from_this(), place = place_, attempt](Outcome outcome) {
            if (const auto self = weak.lock(); self && self->turn_ == attempt.turn) self->finish(attempt, outcome);
            place->leave();
        });
    if (turn_ == attempt.turn) running_ = id;
}

Notification Delivery::notification() const {
    Notification notification;
    notification.group_key = group_.key();
    notification.now = context_.scheduler.now();
    notification.data = make_notification_data(message_.alerts, message_.reason, message_.group_fires, group_.route(),
                                               group_.labels(), context_.external_url);
    notification.data.route_labels =
        expand_route_labels(group_.route(), context_.templates, notification.data, notification.now);
    // A first message begins anew; later ones may update it.
    if (message_.reason != NotifyReason::FirstNotification) {
        if (const LogEntry* entry = context_.notification_log.find(log_key())) notification.notes = entry->notes;
    }
    notification.only_to = message_.only_to;
    return notification;
}

void Delivery::finish(const Attempt& attempt, const Outcome& outcome) {
    const std::chrono::duration<double> took = context_.scheduler.monotonic() - attempt.started_monotonic;
    const bool taken = outcome.kind == Outcome::Kind::Delivered;
    context_.scheduler.cancel(timer_);
    context_.metrics.request_sent(*integration_, !taken, took.count());
    note_verdict(attempt, outcome);
    const auto retry_in = taken ? std::nullopt : retry_delay(outcome);
    tell_observer(attempt, outcome, retry_in);
    if (taken) {
        delivered(attempt, outcome);
    } else {
        failed(outcome, retry_in);
    }
}

void Delivery::note_verdict(const Attempt& attempt, const Outcome& outcome) {
    IntegrationStatus& status = *integration_->status;
    status.last_attempt = attempt.started;
    status.last_attempt_duration =
        std::chrono::ceil<Duration>(context_.scheduler.monotonic() - attempt.started_monotonic);
    status.last_error.clear();
    if (outcome.kind != Outcome::Kind::Delivered) {
        status.last_error = outcome.message.empty() ? std::string(to_string(outcome.reason)) : outcome.message;
    }
    last_error_ = status.last_error;
}

/// None when this message is not tried again: it is refused for good, or a flush waits to make another one.
std::optional<Duration> Delivery::retry_delay(const Outcome& outcome) {
    if (outcome.forget_notes) return Duration{0};
    if (outcome.kind != Outcome::Kind::RetryLater) return std::nullopt;
    if (missed_flush_ && !message_.is_remainder()) return std::nullopt;
    return outcome.retry_after.value_or(next_backoff());
}

void Delivery::delivered(const Attempt& attempt, const Outcome& outcome) {
    const bool is_news = !message_.is_remainder();
    if (is_news) note_taken(attempt, outcome);
    log_shortfall(outcome);
    if (message_.only_to != outcome.still_to_tell) {
        message_.only_to = outcome.still_to_tell;
        context_.notification_log.at(log_key()).still_to_tell = message_.only_to;
    }
    if (!message_.is_remainder()) return end_message();
    wait_with_remainder(next_backoff());
    if (is_news) group_.delivery_settled();
}

void Delivery::note_taken(const Attempt& attempt, const Outcome& outcome) {
    record(message_.facts, moment_of(attempt));
    settle_without_sending(message_.facts);
    LogEntry& entry = context_.notification_log.at(log_key());
    if (message_.reason == NotifyReason::FirstNotification || !outcome.notes.empty()) entry.notes = outcome.notes;
    group_.told(message_.alerts);
}

/// What did not come as it should, or not to everybody.
void Delivery::log_shortfall(const Outcome& outcome) const {
    if (!outcome.template_error.empty()) {
        context_.metrics.template_failed(*integration_);
        context_.log.error("notifiers::delivery", "template failed, the plain facts were sent",
                           {{"receiver", integration_->receiver},
                            {"integration", integration_->kind},
                            {"error", outcome.template_error}});
    }
    for (const std::string& refused : outcome.refused) {
        context_.log.error(
            "notifiers::delivery", "a recipient was refused, the others were told",
            {{"receiver", integration_->receiver}, {"integration", integration_->kind}, {"recipient", refused}});
    }
}

/// A flush that came meanwhile may have news, which are for all.
void Delivery::wait_with_remainder(Duration delay) {
    message_.deadline.reset();
    wait(delay);
    if (missed_flush_) reconsider();
}

/// As long as mail servers try; nobody gets it twice by it.
bool Delivery::keeps_remainder(Timestamp now) const {
    return is_busy() && message_.is_remainder() && now - message_.facts.due < context_.retention;
}

/// What an earlier life of the program did not get to everybody.
void Delivery::take_up_remainder(const FlushView& view, GroupFacts facts) {
    const LogEntry* entry = context_.notification_log.find(log_key());
    if (entry == nullptr || entry->still_to_tell.empty() || view.now - entry->sent_at >= context_.retention) return;
    Message message = make_message(view, std::move(facts), NotifyReason::FirstNotification);
    message.only_to = entry->still_to_tell;
    message.facts.due = entry->sent_at;  // it is kept for as long as if it had waited all the time
    if (!message.alerts.empty()) begin(std::move(message));
}

/// What the message was of is not held until the next one.
void Delivery::end_message() {
    become_idle();
    if (missed_flush_) reconsider();
    if (!is_busy()) message_ = {};
    group_.delivery_settled();
}

void Delivery::failed(const Outcome& outcome, std::optional<Duration> retry_in) {
    // Who watches tells it.
    if (context_.observer == nullptr) {
        context_.log.warn("notifiers::delivery", "notify attempt failed",
                          {{"receiver", integration_->receiver},
                           {"integration", integration_->kind},
                           {"group", group_.key()},
                           {"attempt", fmt::format("{}", message_.attempts)},
                           {"error", outcome.message}});
    }
    if (outcome.retry_after) integration_->not_before = context_.scheduler.monotonic() + *outcome.retry_after;
    if (outcome.forget_notes) {
        context_.notification_log.at(log_key()).notes.clear();
        queue();
        ++turn_;
        return enter_lane();
    }
    if (retry_in && message_.is_remainder()) return wait_with_remainder(*retry_in);
    if (retry_in) return wait(*retry_in);
    context_.metrics.notification_failed(*integration_, outcome.reason);
    if (message_.is_remainder()) context_.notification_log.at(log_key()).still_to_tell.clear();
    end_message();
}

void Delivery::wait(Duration delay) {
    state_ = State::Backoff;
    lined_up_.reset();
    message_.is_on_time = false;
    ++turn_;
    next_attempt_ = context_.scheduler.now() + delay;
    timer_ = context_.scheduler.after(delay, [weak = weak_from_this(), turn = turn_] {
        const auto self = weak.lock();
        if (!self || self->turn_ != turn) return;
        self->queue();
        ++self->turn_;
        self->enter_lane();
    });
}

void Delivery::become_idle() {
    context_.scheduler.cancel(timer_);
    timer_ = 0;
    running_on_.reset();
    lined_up_.reset();
    place_.reset();
    if (is_busy()) --integration_->status->waiting;
    state_ = State::Idle;
    ++turn_;
}

/// The message, if there is one, is not tried again.
void Delivery::drop_message() {
    const bool was_tried = is_busy() && message_.attempts > 0;
    become_idle();
    if (!was_tried || context_.observer == nullptr) return;
    context_.observer->on_drop({group_.key(), integration_->receiver, integration_->kind, integration_->index});
}

/// Makes up for a flush, or makes the message again because its alerts may not be told any more.
void Delivery::reconsider() {
    FlushView view = group_.view();
    view.due = missed_flush_.value_or(message_.facts.due);
    missed_flush_.reset();
    consider(view);
}

bool Delivery::has_silenced_alert() const {
    const Timestamp now = context_.scheduler.now();
    return std::any_of(message_.alerts.begin(), message_.alerts.end(), [&](const FlushAlert& alert) {
        return context_.silences.mutes(alert.alert->alert.labels, now);
    });
}

/// Half to one and a half times what is due, so that groups which failed together do not come back together.
Duration Delivery::next_backoff() {
    const double growth =
        std::pow(kBackoffFactor, static_cast<double>(std::min<std::size_t>(message_.attempts, 30) - 1));
    const double interval =
        std::min(static_cast<double>(kFirstBackoff.count()) * growth, static_cast<double>(kBackoffMax.count()));
    const double delay = interval * (0.5 + context_.random.fraction());
    return std::min(Duration(static_cast<Duration::rep>(delay)), kBackoffMax);
}

/// Where nobody said how long, all attempts at a message have a group interval together, as in Alertmanager. It begins
/// with the first attempt and not with the flush, since here a message may have waited for its turn.
Duration Delivery::attempt_timeout() {
    if (integration_->timeout > Duration{}) return integration_->timeout;
    const MonotonicTime now = context_.scheduler.monotonic();
    if (!message_.deadline) message_.deadline = now + std::max(group_.route().options.group_interval, kTimeoutMin);
    return std::max(std::chrono::ceil<Duration>(*message_.deadline - now), kTimeoutMin);
}

/// When a message counts as sent. One that failed first, or comes late after a restart, may be near the next flush: it
/// counts from then. However long a message waits for its turn, the next one waits as long.
Timestamp Delivery::moment_of(const Attempt& attempt) const {
    const Timestamp due = message_.facts.due;
    return message_.is_on_time || attempt.started - due <= kPromptly ? due : attempt.started;
}

void Delivery::tell_observer(const Attempt& attempt, const Outcome& outcome, std::optional<Duration> retry_in) const {
    if (context_.observer == nullptr) return;
    AttemptEvent event;
    event.group_key = group_.key();
    event.group_labels = group_.labels();
    event.receiver = integration_->receiver;
    event.integration = integration_->kind;
    event.index = integration_->index;
    event.reason = message_.reason;
    event.status = message_.group_fires ? "firing" : "resolved";
    event.number = message_.attempts;
    event.alerts.reserve(message_.alerts.size());
    for (const FlushAlert& alert : message_.alerts) {
        ++(alert.firing ? event.firing : event.resolved);
        event.alerts.push_back(alert.alert);
    }
    event.started_at = attempt.started;
    event.ended_at = context_.scheduler.now();
    event.outcome = outcome;
    event.retry_in = retry_in;
    const bool goes_on = retry_in || outcome.forget_notes || !outcome.still_to_tell.empty();
    event.waiting = integration_->status->waiting - (goes_on ? 0 : 1);
    context_.observer->on_attempt(event);
}

}  // namespace tocsin
