#include "notifiers/alert_group.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <utility>

namespace tocsin {
namespace {

// For the rest of a batch of old alerts: sources send 64 or 256 in a request, one request after the other.
constexpr Duration kBatchWait = std::chrono::seconds(1);

std::shared_ptr<Delivery> find_delivery(const std::vector<std::shared_ptr<Delivery>>& deliveries,
                                        const Integration& integration) {
    for (const auto& delivery : deliveries) {
        const Integration& known = delivery->integration();
        if (std::tie(known.receiver, known.kind, known.index) ==
            std::tie(integration.receiver, integration.kind, integration.index)) {
            return delivery;
        }
    }
    return nullptr;
}

/// The order of messages: by the labels job and instance, then by all.
void sort_for_message(std::vector<FlushAlert>& alerts) {
    struct Place {
        std::string_view job, instance;
        const LabelSet* labels;
        std::size_t index;
    };
    std::vector<Place> places;
    places.reserve(alerts.size());
    for (const FlushAlert& alert : alerts) {
        const LabelSet& labels = alert.alert->alert.labels;
        places.push_back({labels.get("job"), labels.get("instance"), &labels, places.size()});
    }
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
        return std::tie(a.job, a.instance, *a.labels) < std::tie(b.job, b.instance, *b.labels);
    });
    std::vector<FlushAlert> sorted;
    sorted.reserve(alerts.size());
    for (const Place& place : places) sorted.push_back(std::move(alerts[place.index]));
    alerts = std::move(sorted);
}

}  // namespace

AlertGroup::AlertGroup(GroupContext& context, const Pipeline& pipeline, const Route& route,
                       std::shared_ptr<Receiver> receiver, LabelSet labels, std::string key, EmptyHandler on_empty)
    : context_(context),
      pipeline_(&pipeline),
      route_(&route),
      labels_(std::move(labels)),
      key_(std::move(key)),
      on_empty_(std::move(on_empty)),
      unseen_since_(context.scheduler.now() - Duration{1}) {
    for (const auto& integration : receiver->integrations) {
        deliveries_.push_back(std::make_shared<Delivery>(context_, *this, integration));
    }
}

AlertGroup::~AlertGroup() {
    stop();
}

void AlertGroup::insert(const AlertPtr& alert) {
    const bool first = alerts_.empty();
    const Timestamp now = context_.scheduler.now();
    const AlertPtr before = std::exchange(alerts_[alert->alert.labels], alert);
    leaving_.erase(alert->alert.labels);
    if (!alert->alert.resolved_at(now)) told_.erase(alert->log_hash);
    const bool fires_again = before != nullptr && before->alert.resolved_at(now) && !alert->alert.resolved_at(now);
    if (fires_again && is_end_unseen(*before)) note_flap(alert, fires_again);
    if (!first) return;
    const Duration wait = route_->options.group_wait;
    // Of an alert that began long ago everything there is to wait for has come, but for the rest of its batch, which
    // may come in several requests.
    const bool waited_already = alert->alert.starts_at + wait < now;
    // What was known before, as at a reload, is there as a whole.
    const bool was_known = alert->alert.updated_at < now || alert->only_renews;
    const Duration batch_wait = was_known ? Duration{0} : kBatchWait;
    const Timestamp due = now + (waited_already ? std::min(wait, batch_wait) : wait);
    // An empty group that somebody is still told of has a timer.
    if (timer_ != 0 && due >= next_flush_) return;
    timer_began_ = now;
    has_flushed_ = false;
    start_timer(due);
}

bool AlertGroup::update(const AlertPtr& alert) {
    const auto known = alerts_.find(alert->alert.labels);
    if (known == alerts_.end()) return false;
    known->second = alert;
    return true;
}

bool AlertGroup::let_go(const LabelSet& labels) {
    const auto known = alerts_.find(labels);
    if (known == alerts_.end()) return false;
    if (is_settled(known->second)) {
        told_.erase(known->second->log_hash);
        last_mutes_.erase(known->second->log_hash);
        alerts_.erase(known);
        leaving_.erase(labels);
        return false;
    }
    leaving_.insert(labels);
    return true;
}

bool AlertGroup::take_leaving(const AlertPtr& alert) {
    if (!alerts_.try_emplace(alert->alert.labels, alert).second) return false;
    leaving_.insert(alert->alert.labels);
    return true;
}

void AlertGroup::resume(const GroupState& earlier) {
    Timestamp next_flush = earlier.next_flush;
    for (const auto& delivery : deliveries_) next_flush = std::min(next_flush, delivery->waiting_since(next_flush));
    timer_began_ = earlier.timer_began;
    has_flushed_ = earlier.has_flushed;
    start_timer(next_flush);
}

void AlertGroup::heed_shorter_timers() {
    if (timer_ == 0 || timer_began_ == Timestamp{}) return;
    const RouteOptions& options = route_->options;
    const Timestamp due = timer_began_ + (has_flushed_ ? options.group_interval : options.group_wait);
    if (due < next_flush_) start_timer(std::max(due, context_.scheduler.now()));
}

void AlertGroup::adopt_configuration(const Pipeline& pipeline, const Route& route, std::shared_ptr<Receiver> receiver) {
    const bool is_same_route = std::exchange(route_, &route) == &route;
    pipeline_ = &pipeline;
    std::vector<std::shared_ptr<Delivery>> deliveries;
    for (const auto& integration : receiver->integrations) {
        auto delivery = find_delivery(deliveries_, *integration);
        if (delivery) {
            delivery->replace_integration(integration);
        } else {
            delivery = std::make_shared<Delivery>(context_, *this, integration);
        }
        deliveries.push_back(std::move(delivery));
    }
    for (const auto& old : deliveries_) {
        if (std::find(deliveries.begin(), deliveries.end(), old) == deliveries.end()) old->stop();
    }
    deliveries_ = std::move(deliveries);
    if (!is_same_route) heed_shorter_timers();
}

void AlertGroup::stop_timer() {
    context_.scheduler.cancel(timer_);
    timer_ = 0;
}

void AlertGroup::stop() {
    stop_timer();
    for (const auto& delivery : deliveries_) delivery->stop();
}

FlushView AlertGroup::view() const {
    FlushView view;
    view.now = context_.scheduler.now();
    view.due = view.now;
    view.alerts.reserve(alerts_.size());
    for (const auto& [labels, alert] : alerts_) {
        const bool firing = !alert->alert.resolved_at(view.now);
        // What is leaving has the effect of a mute that ends with the alert.
        const bool leaves = firing && is_leaving(labels);
        const bool muted = leaves || pipeline_->mute(*alert, *route_, view.now).has_value();
        const bool shown_elsewhere =
            leaves || (muted && context_.shown_by_twin && context_.shown_by_twin(*this, *alert));
        view.alerts.push_back({alert, firing, muted, shown_elsewhere});
    }
    sort_for_message(view.alerts);
    return view;
}

void AlertGroup::told(const std::vector<FlushAlert>& alerts) {
    // What fired may have ended since: the log forgets it before anybody asks who heard of it.
    for (const FlushAlert& alert : alerts) {
        if (alerts_.count(alert.alert->alert.labels) > 0) told_.insert(alert.alert->log_hash);
    }
}

void AlertGroup::delivery_settled() {
    sweep();
}

GroupState AlertGroup::state() const {
    const RouteOptions& options = route_->options;
    std::vector<std::pair<std::string, std::string>> route_labels;
    for (const auto& [name, value] : options.labels) route_labels.emplace_back(name, value.text);
    return {route_->identity,
            labels_,
            key_,
            next_flush_,
            timer_began_,
            has_flushed_,
            options.receiver,
            options.group_interval,
            options.repeat_interval,
            options.mute_time_intervals,
            options.active_time_intervals,
            std::move(route_labels),
            retired_routing_ != nullptr};
}

GroupOutlook AlertGroup::outlook() const {
    GroupOutlook outlook{view(), {}};
    for (const auto& delivery : deliveries_) outlook.coming.push_back(delivery->coming(outlook.view, next_flush_));
    return outlook;
}

std::vector<IntegrationExplanation> AlertGroup::explain(const StoredAlert& alert, const GroupOutlook& outlook) const {
    std::vector<IntegrationExplanation> explanations;
    for (std::size_t i = 0; i < deliveries_.size(); ++i) {
        explanations.push_back(deliveries_[i]->explain(alert));
        if (i < outlook.coming.size()) explanations.back().coming = outlook.coming[i];
    }
    return explanations;
}

bool AlertGroup::was_told(const StoredAlert& alert) const {
    return told_.count(alert.log_hash) > 0 ||
           std::any_of(deliveries_.begin(), deliveries_.end(),
                       [&](const auto& delivery) { return delivery->was_told(alert); });
}

bool AlertGroup::holds(const StoredAlert& alert) const {
    const auto known = alerts_.find(alert.alert.labels);
    return known != alerts_.end() && known->second->alert.starts_at == alert.alert.starts_at;
}

bool AlertGroup::has_flushed() const {
    return has_flushed_ || std::any_of(deliveries_.begin(), deliveries_.end(),
                                       [](const auto& delivery) { return delivery->has_entry(); });
}

bool AlertGroup::is_busy() const {
    return pending_deliveries() > 0;
}

std::size_t AlertGroup::pending_deliveries() const {
    return static_cast<std::size_t>(std::count_if(deliveries_.begin(), deliveries_.end(),
                                                  [](const auto& delivery) { return delivery->is_busy(); }));
}

void AlertGroup::add_to(Backlogs& backlogs) const {
    for (const auto& delivery : deliveries_) {
        if (delivery->is_busy()) delivery->add_to(backlogs[delivery->integration().status.get()]);
    }
}

void AlertGroup::start_timer(Timestamp due) {
    context_.scheduler.cancel(timer_);
    due = std::max(due, context_.first_flush);
    next_flush_ = due;
    if (due == Timestamp::max()) return;
    if (context_.group_changed) context_.group_changed(*this);
    // Monotonic: a step of the wall clock must not flush.
    const Duration delay = std::max(due - context_.scheduler.now(), Duration{0});
    timer_ = context_.scheduler.after(delay, [this] { flush(); });
}

void AlertGroup::flush() {
    timer_ = 0;
    const Timestamp due = next_flush_;
    const Timestamp now = context_.scheduler.now();
    const Duration interval = route_->options.group_interval;
    has_flushed_ = true;
    timer_began_ = due + interval > now ? due : now;
    start_timer(timer_began_ + interval);

    FlushView flushed = view();
    flushed.due = due;
    count_mutes(flushed);
    note_ends_unseen(flushed);
    keep_ends(flushed);
    keep_as_seen(flushed);
    const auto deliveries = deliveries_;
    for (const auto& delivery : deliveries) delivery->consider(flushed);
    sweep();
}

void AlertGroup::sweep() {
    const Timestamp now = context_.scheduler.now();
    for (const AlertPtr& resolved : flushed_resolved_) {
        const auto known = alerts_.find(resolved->alert.labels);
        // It may have changed since, or fire again.
        if (known == alerts_.end() || known->second != resolved) continue;
        const bool settled = is_settled(resolved);
        if (!settled && !is_given_up(*resolved, now)) continue;
        tell_end(resolved, !settled);
        leaving_.erase(known->first);
        alerts_.erase(known);
    }
    if (alerts_.empty() && !is_busy()) on_empty_(*this);
}

void AlertGroup::count_mutes(const FlushView& flushed) {
    for (const FlushAlert& alert : flushed.alerts) {
        if (!alert.muted) {
            if (alert.firing) last_mutes_.erase(alert.alert->log_hash);
            continue;
        }
        const auto mute = pipeline_->mute(*alert.alert, *route_, flushed.now);
        if (!mute) continue;
        Mute& last = last_mutes_.try_emplace(alert.alert->log_hash, *mute).first->second;
        if (alert.firing) last = *mute;
        context_.metrics.suppressed(mute->reason);
        if (context_.observer != nullptr) {
            context_.observer->on_mute({key_, route_->options.receiver, alert.alert, alert.firing, *mute, flushed.now});
        }
    }
}

/// Before the log forgets who was told that they fire.
void AlertGroup::keep_ends(const FlushView& flushed) {
    for (const FlushAlert& alert : flushed.alerts) {
        if (!alert.firing && was_told(*alert.alert)) told_.insert(alert.alert->log_hash);
    }
}

void AlertGroup::tell_end(const AlertPtr& resolved, bool given_up) {
    EndEvent end;
    end.told = told_.erase(resolved->log_hash) > 0;
    if (auto mute = last_mutes_.extract(resolved->log_hash)) end.mute = std::move(mute.mapped());
    if (context_.observer == nullptr) return;
    end.group_key = key_;
    end.receiver = route_->options.receiver;
    end.alert = resolved;
    end.at = context_.scheduler.now();
    end.untold = why_untold(given_up, end.mute.has_value());
    for (const auto& delivery : deliveries_) {
        if (end.error.empty()) end.error = delivery->last_error();
    }
    context_.observer->on_end(end);
}

EndEvent::Untold AlertGroup::why_untold(bool given_up, bool muted) const {
    if (deliveries_.empty()) return EndEvent::Untold::NoIntegration;
    if (given_up) return EndEvent::Untold::Refused;
    return muted ? EndEvent::Untold::Muted : EndEvent::Untold::Unseen;
}

void AlertGroup::keep_as_seen(const FlushView& flushed) {
    unseen_since_ = flushed.now;
    fired_at_flush_.clear();
    flushed_resolved_.clear();
    for (const FlushAlert& alert : flushed.alerts) {
        fired_at_flush_[alert.alert->log_hash] = alert.firing;
        if (!alert.firing) flushed_resolved_.push_back(alert.alert);
    }
}

/// Alerts that fired and ended since the last flush, and were never anybody's news. What is sent for the others of the
/// group tells of them too.
void AlertGroup::note_ends_unseen(const FlushView& flushed) {
    for (const FlushAlert& alert : flushed.alerts) {
        if (alert.firing || alert.muted || deliveries_.empty()) continue;
        // Sources go on telling of an end for a while: that is nothing new.
        const bool is_old = alert.alert->alert.ends_at <= unseen_since_;
        if (is_old || fired_at_flush_.count(alert.alert->log_hash) > 0) continue;
        // Before a restart it may have been seen.
        const bool known = std::any_of(deliveries_.begin(), deliveries_.end(),
                                       [&](const auto& delivery) { return delivery->knows(*alert.alert); });
        if (!known) note_flap(alert.alert, false);
    }
}

void AlertGroup::note_flap(const AlertPtr& alert, bool fires_again) const {
    const std::string& receiver = route_->options.receiver;
    context_.metrics.flapped(receiver);
    if (context_.observer == nullptr) return;
    context_.observer->on_flap({key_, receiver, alert, fires_again, context_.scheduler.now()});
}

/// By labels, not by what is known of the alert: sources repeat an end.
bool AlertGroup::is_end_unseen(const StoredAlert& resolved) const {
    const auto seen = fired_at_flush_.find(resolved.log_hash);
    return seen == fired_at_flush_.end() ? resolved.alert.ends_at > unseen_since_ : seen->second;
}

/// A receiver that failed for as long as anything is remembered will not be told any more. One that a mute keeps from
/// hearing will, whenever the mute ends. Time counts from when the end was heard of: it may be said to be long ago.
bool AlertGroup::is_given_up(const StoredAlert& resolved, Timestamp now) const {
    if (std::max(resolved.alert.ends_at, resolved.alert.updated_at) + context_.retention > now) return false;
    if (pipeline_->mute(resolved, *route_, now)) return false;
    context_.log.error("notifiers::alert_group", "a resolved alert was never told and is now forgotten",
                       {{"group", key_}, {"receiver", route_->options.receiver}});
    return true;
}

bool AlertGroup::is_settled(const AlertPtr& alert) const {
    return std::all_of(deliveries_.begin(), deliveries_.end(),
                       [&](const auto& delivery) { return delivery->is_settled(*alert); });
}

}  // namespace tocsin
