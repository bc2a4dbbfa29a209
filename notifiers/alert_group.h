#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "notifiers/delivery.h"
#include "notifiers/group_state.h"

namespace tocsin {

/// What a group's flushes will do if nothing changes.
struct GroupOutlook {
    FlushView view;
    std::vector<std::optional<ComingMessage>> coming;  // by integration
};

/// The alerts of one route with the same group labels, told together.
///
/// Flushes are on a grid: the first one group_wait after the group began, the others group_interval apart, each counted
/// from when the one before was due. A flush looks at every alert as it is then, asks for mutes, and lets each
/// integration decide. An alert that ended stays until every integration has nothing more to hear of it, muted or not.
class AlertGroup final : public DeliveryGroup, public std::enable_shared_from_this<AlertGroup> {
public:
    using EmptyHandler = std::function<void(AlertGroup&)>;
    using Alerts = boost::unordered_flat_map<LabelSet, AlertPtr, LabelSetHash>;

    /// `key` is what receivers know the group by: group_key(), unless the group took over another one's identity.
    /// `on_empty` is called whenever the group has become empty and idle; it must not destroy the group at once.
    AlertGroup(GroupContext& context, const Pipeline& pipeline, const Route& route, std::shared_ptr<Receiver> receiver,
               LabelSet labels, std::string key, EmptyHandler on_empty);
    ~AlertGroup() override;
    AlertGroup(const AlertGroup&) = delete;
    AlertGroup& operator=(const AlertGroup&) = delete;

    /// The first alert starts the timer: group_wait from now, or when the alert began longer ago than that, as soon as
    /// the rest of its batch can be there.
    void insert(const AlertPtr& alert);
    /// An alert that was here in an earlier life; the timer is resume()'s.
    void hold(const AlertPtr& alert) { alerts_.insert_or_assign(alert->alert.labels, alert); }
    /// News of an alert that is here already, or nothing; returns whether it is.
    bool update(const AlertPtr& alert);
    /// The routes lead an alert elsewhere now. If somebody here was told of it, it stays for its end to be told, and is
    /// told of in no other way; returns whether it does.
    bool let_go(const LabelSet& labels);
    /// An alert that another group was letting go, which was this one to the receiver. Returns false when it is here.
    bool take_leaving(const AlertPtr& alert);
    bool is_leaving(const LabelSet& labels) const { return leaving_.count(labels) > 0; }
    /// Goes on with the timer of an earlier life, from the last flush on if somebody did not take its message.
    void resume(const GroupState& earlier);
    /// Flushes when the timers of the route say, if that is earlier than it was to be by other ones.
    void heed_shorter_timers();

    /// After a reload: the same group under the new tree. Integrations are matched by kind and place.
    void adopt_configuration(const Pipeline& pipeline, const Route& route, std::shared_ptr<Receiver> receiver);
    /// No route leads here any more. `routing` keeps the route alive that the group still points to; null: one does
    /// again.
    void retire(std::shared_ptr<const void> routing) { retired_routing_ = std::move(routing); }
    void shift(Duration step) {
        next_flush_ += step;
        if (timer_began_ != Timestamp{}) timer_began_ += step;
        unseen_since_ += step;
    }
    void stop_timer();
    void stop();

    const std::string& key() const override { return key_; }
    const Route& route() const override { return *route_; }
    const LabelSet& labels() const override { return labels_; }
    FlushView view() const override;
    void told(const std::vector<FlushAlert>& alerts) override;
    void delivery_settled() override;

    GroupState state() const;
    GroupOutlook outlook() const;
    /// Each integration of the receiver; `outlook` is outlook() of now.
    std::vector<IntegrationExplanation> explain(const StoredAlert& alert, const GroupOutlook& outlook) const;
    /// Whether some integration took a message with an alert that is here.
    bool was_told(const StoredAlert& alert) const;
    /// Whether it has the alert, since the same time.
    bool holds(const StoredAlert& alert) const;
    /// Whether its first flush is behind it.
    bool has_flushed() const;

    /// In no order.
    const Alerts& alerts() const { return alerts_; }
    Timestamp next_flush() const { return next_flush_; }
    bool is_empty() const { return alerts_.empty(); }
    bool is_busy() const;
    std::size_t pending_deliveries() const;
    /// Counts what its receiver did not take, by the integration's status.
    void add_to(Backlogs& backlogs) const;

private:
    void start_timer(Timestamp due);
    void flush();
    void sweep();
    void count_mutes(const FlushView& view);
    void note_ends_unseen(const FlushView& view);
    void note_flap(const AlertPtr& alert, bool fires_again) const;
    void keep_as_seen(const FlushView& view);
    void keep_ends(const FlushView& view);
    void tell_end(const AlertPtr& resolved, bool given_up);
    EndEvent::Untold why_untold(bool given_up, bool muted) const;
    bool is_end_unseen(const StoredAlert& resolved) const;
    bool is_settled(const AlertPtr& alert) const;
    bool is_given_up(const StoredAlert& resolved, Timestamp now) const;

    GroupContext& context_;
    const Pipeline* pipeline_;
    const Route* route_;
    LabelSet labels_;
    std::string key_;
    EmptyHandler on_empty_;
    std::shared_ptr<const void> retired_routing_;
    Alerts alerts_;
    std::set<LabelSet> leaving_;
    std::vector<AlertPtr> flushed_resolved_;  // as the last flush saw them
    /// By log hash, of every alert that the last flush saw, muted or not: whether it fired.
    boost::unordered_flat_map<std::uint64_t, bool> fired_at_flush_;
    /// By log hash, of the alerts that are here: what some integration heard of. Of those that fire it need not have
    /// all, the log knows of them.
    boost::unordered_flat_set<std::uint64_t> told_;
    std::unordered_map<std::uint64_t, Mute> last_mutes_;  // of those that fired at the last flush, or did until then
    bool has_flushed_ = false;
    std::vector<std::shared_ptr<Delivery>> deliveries_;
    Scheduler::TaskId timer_ = 0;
    Timestamp next_flush_{};
    Timestamp timer_began_{};  // when the group or its last flush was due; none: it is not known
    Timestamp unseen_since_;  // no flush saw what came later
};

}  // namespace tocsin
