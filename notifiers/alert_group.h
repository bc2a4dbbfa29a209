#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "notifiers/delivery.h"

namespace tocsin {

/// The alerts of one route with the same group labels, told together.
///
/// Flushes are on a grid: the first one group_wait after the group began, the others group_interval apart, each counted from when the
/// one before was due. A flush looks at every alert as it is then, asks for mutes, and lets each integration decide.
/// An alert that ended stays until every integration has nothing more to hear of it, muted or not.
class AlertGroup final : public DeliveryGroup {
public:
    using EmptyHandler = std::function<void(AlertGroup&)>;

    /// `key` is what receivers know the group by: group_key(), unless the group took over another one's identity. `on_empty` is called
    /// whenever the group has become empty and idle; it must not destroy the group at once.
    AlertGroup(GroupContext& context, const Pipeline& pipeline, const Route& route, std::shared_ptr<Receiver> receiver,
               LabelSet labels, std::string key, EmptyHandler on_empty);
    ~AlertGroup() override;
    AlertGroup(const AlertGroup&) = delete;
    AlertGroup& operator=(const AlertGroup&) = delete;

    /// The first alert starts the timer: group_wait from now, or at once when the alert began longer ago than that.
    void insert(const AlertPtr& alert);
    /// News of an alert that is here already, or nothing.
    void update(const AlertPtr& alert);
    void remove(const LabelSet& labels);
    /// Goes on with a timer of an earlier life.
    void set_next_flush(Timestamp due);

    /// After a reload: the same group under the new tree. Integrations are matched by kind and place.
    void adopt_configuration(const Pipeline& pipeline, const Route& route, std::shared_ptr<Receiver> receiver);
    void shift(Duration step) { next_flush_ += step; }
    void stop_timer();
    void stop();

    const std::string& key() const override { return key_; }
    const Route& route() const override { return *route_; }
    const LabelSet& labels() const override { return labels_; }
    FlushView view() const override;
    void delivery_settled() override;

    const std::map<LabelSet, AlertPtr>& alerts() const { return alerts_; }
    Timestamp next_flush() const { return next_flush_; }
    bool is_empty() const { return alerts_.empty(); }
    bool is_busy() const;
    std::size_t pending_deliveries() const;

private:
    void start_timer(Timestamp due);
    void flush();
    void sweep();
    void count_mutes(const FlushView& view) const;
    bool is_settled(const AlertPtr& alert) const;
    bool is_given_up(const StoredAlert& resolved, Timestamp now) const;

    GroupContext& context_;
    const Pipeline* pipeline_;
    const Route* route_;
    LabelSet labels_;
    std::string key_;
    EmptyHandler on_empty_;
    std::map<LabelSet, AlertPtr> alerts_;
    std::vector<AlertPtr> flushed_resolved_;  // as the last flush saw them
    std::vector<std::shared_ptr<Delivery>> deliveries_;
    Scheduler::TaskId timer_ = 0;
    Timestamp next_flush_{};
};

}  // namespace tocsin
