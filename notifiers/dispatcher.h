#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "notifiers/alert_group.h"

namespace tocsin {

/// What is kept of a group from one life of the program to the next.
struct GroupState {
    std::string route_identity;  // Route::identity
    LabelSet labels;
    std::string key;  // what receivers know it by
    Timestamp next_flush{};

    bool operator==(const GroupState&) const = default;
};

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
class Dispatcher {
public:
    /// More groups are not made: the alert stays in the store, loudly untold.
    static constexpr std::size_t kGroupsMax = 100'000;

    explicit Dispatcher(GroupContext& context) : context_(context) {}
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
    /// Before the alerts of a former life are dispatched: groups made from now on go on with these timers and keys.
    void restore(std::vector<GroupState> states);
    /// No more groups are made from what was restored.
    void end_restore() { restored_.clear(); }

private:
    using GroupsOfRoute = std::unordered_map<LabelSet, std::unique_ptr<AlertGroup>, LabelSetHash>;
    using Groups = std::map<std::string, GroupsOfRoute, std::less<>>;  // by Route::identity

    AlertGroup* find_or_make(const Route& route, const LabelSet& labels);
    AlertGroup* make_group(const Route& route, LabelSet labels, std::string key);
    void insert(const Route& route, const AlertPtr& alert);
    void tell_where_leaving(const AlertPtr& alert);
    void keep_groups(const Routing& next);
    void let_misplaced_alerts_go();
    void let_go(AlertGroup& group, const std::vector<LabelSet>& alerts);
    std::vector<LabelSet> misplaced_alerts(const AlertGroup& group) const;
    AlertGroup* take_over(const Route& route, const LabelSet& labels, const AlertPtr& alert);
    void retire_orphans(const std::shared_ptr<const Routing>& old);
    void adopt_retired_groups();
    void remove_when_empty(AlertGroup& group);
    template <class Visit>
    void for_each_group(const Visit& visit) const;

    GroupContext& context_;
    std::shared_ptr<const Routing> routing_;
    Groups groups_;
    std::size_t group_count_ = 0;
    Groups orphans_;  // while a configuration is applied: groups that it has no place for
    std::vector<std::unique_ptr<AlertGroup>> retired_;  // without a route, until the ends of their alerts are told
    std::set<LabelSet> leaving_;                        // alerts that may be leaving some group
    std::map<std::pair<std::string, LabelSet>, GroupState> restored_;
    std::shared_ptr<int> alive_ = std::make_shared<int>();  // for tasks that outlive the dispatcher
};

}  // namespace tocsin
