#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "notifiers/alert_group.h"
#include "notifiers/former_routes.h"

namespace tocsin {

/// One configuration as the dispatcher works by it. Immutable; groups point into it.
struct Routing {
    explicit Routing(const RouteConfig& root) : tree(root) {}

    RouteTree tree;
    std::map<std::string, std::shared_ptr<Receiver>> receivers;
    std::vector<TimeInterval> intervals;
    std::unique_ptr<Inhibitor> inhibitor;
    std::unique_ptr<Pipeline> pipeline;
};

/// Puts alerts into the groups that their routes give them, and keeps the groups.
///
/// A receiver knows a group by its key. Where two routes have the same matchers and receiver (one by day, one by night)
/// two groups are one to it, twins: they share what was told. Of groups without a route there are no twins: they become
/// one with the group that has the same key and receiver.
class Dispatcher {
public:
    /// More groups are not made: the alert stays in the store, loudly untold.
    static constexpr std::size_t kGroupsMax = 100'000;

    explicit Dispatcher(GroupContext& context);
    ~Dispatcher();

    /// Goes over to a new configuration. A group whose route identity and labels are still there keeps its alerts, its
    /// timer and what is under way. `alerts` are then dispatched by the new routes. A group that is new, for alerts
    /// which its receiver had in a group with the same labels that is gone, takes over that group's key, log and timer:
    /// editing a matcher neither tells anybody twice nor leaves an incident open. Who was told of an alert that now
    /// goes elsewhere is told of its end.
    void apply(std::shared_ptr<const Routing> routing, const std::vector<AlertPtr>& alerts);

    void dispatch(const AlertPtr& alert);
    /// News of alerts where they are already, without making groups.
    void update(const AlertPtr& alert);

    void shift(Duration step);
    /// No group flushes any more; what is under way goes on.
    void stop_timers();
    void stop();

    std::size_t pending_deliveries() const;
    /// By route (in the order of the file), then by group labels.
    std::vector<const AlertGroup*> groups() const;
    /// The group of a route that an alert with these labels is in; null when it is in none.
    const AlertGroup* find_group(const Route& route, const LabelSet& alert) const;
    /// Groups that the alert is in until its end was told, though its routes lead elsewhere now.
    std::vector<const AlertGroup*> groups_left_by(const LabelSet& alert) const;
    /// Every one, those without a route too.
    std::vector<const AlertGroup*> all_groups() const;
    std::size_t group_count() const { return group_count_; }
    std::vector<GroupState> snapshot() const;
    /// Before the first configuration is applied, which then finds the groups of a former life as a later one finds
    /// those that are there. Of alerts that nobody had heard of only the timers and keys of their groups go on.
    void restore(std::vector<GroupState> states);

private:
    struct FormerLife;
    using GroupPtr = std::shared_ptr<AlertGroup>;  // owned here alone
    using GroupsOfRoute = std::unordered_map<LabelSet, GroupPtr, LabelSetHash>;
    using Groups = std::map<std::string, GroupsOfRoute, std::less<>>;  // by Route::identity
    using KnownAs = std::pair<std::string, std::string>;               // group key and receiver

    AlertGroup* make_group(const Route& route, LabelSet labels, std::string key);
    GroupPtr bring_back(const Route& route, const LabelSet& labels, const std::string& key);
    bool is_shown_by_twin(const AlertGroup& group, const StoredAlert& alert) const;
    void insert(const Route& route, const AlertPtr& alert);
    AlertGroup* find_used(const Route& route, const LabelSet& labels);
    void tell_where_leaving(const AlertPtr& alert);
    std::shared_ptr<const void> revive_groups(const Routing& next, const std::vector<AlertPtr>& alerts);
    GroupPtr revive(const GroupState& state, FormerLife& life);
    void keep_groups(const Routing& next);
    void let_misplaced_alerts_go();
    void let_go(AlertGroup& group, const std::vector<LabelSet>& alerts);
    std::vector<LabelSet> misplaced_alerts(const AlertGroup& group) const;
    void hand_orphans_over();
    const Route* find_heir(const AlertGroup& orphan);
    void take_over(GroupPtr orphan, const Route& route);
    void retire_orphans(const std::shared_ptr<const void>& old);
    void retire(GroupPtr group, const std::shared_ptr<const void>& old);
    AlertGroup* find_same(const AlertGroup& group) const;
    void merge(const AlertGroup& from, AlertGroup& into);
    void note_leaving(AlertGroup& group, const LabelSet& alert);
    void forget_who_left();
    void adopt_retired_groups();
    void remove_when_empty(AlertGroup& group);
    template <class Visit>
    void for_each_group(const Visit& visit) const;

    GroupContext& context_;
    std::shared_ptr<const Routing> routing_;
    Groups groups_;
    std::size_t group_count_ = 0;
    Groups orphans_;  // while a configuration is applied: groups that it has no place for
    std::map<KnownAs, GroupPtr> retired_;  // without a route, until the ends of their alerts are told
    /// Alerts that may be leaving groups. A group that is gone, or has let them go, may still be named.
    std::unordered_map<LabelSet, std::vector<std::weak_ptr<AlertGroup>>, LabelSetHash> leaving_;
    std::map<std::pair<std::string, LabelSet>, GroupState> restored_;  // by route identity and group labels
    std::vector<GroupState> restored_retired_;
    std::shared_ptr<int> alive_ = std::make_shared<int>();  // for tasks that outlive the dispatcher
};

}  // namespace tocsin
