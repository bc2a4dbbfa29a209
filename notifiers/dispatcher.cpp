#include "notifiers/dispatcher.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <utility>

#include "base/assert.h"

namespace tocsin {

namespace {

std::pair<std::string, std::string> known_as(const AlertGroup& group) {
    return {group.key(), group.route().options.receiver};
}

}  // namespace

Dispatcher::Dispatcher(GroupContext& context) : context_(context) {
    context_.shown_by_twin = [this](const AlertGroup& group, const StoredAlert& alert) {
        return is_shown_by_twin(group, alert);
    };
}

Dispatcher::~Dispatcher() {
    stop();
}

template <class Visit>
void Dispatcher::for_each_group(const Visit& visit) const {
    for (const auto& [identity, groups] : groups_) {
        for (const auto& [labels, group] : groups) visit(*group);
    }
    for (const auto& [known_as, group] : retired_) visit(*group);
}

/// While the groups of a former life are made.
struct Dispatcher::FormerLife {
    FormerLife(const Routing& its_routing, const std::vector<AlertPtr>& its_alerts) : routing(its_routing) {
        for (const AlertPtr& alert : its_alerts) alerts.emplace(alert->log_hash, alert);
    }

    const Routing& routing;
    std::unordered_map<std::uint64_t, AlertPtr> alerts;  // by log hash
    std::shared_ptr<FormerRoutes> routes = std::make_shared<FormerRoutes>();
    std::map<std::pair<std::string, std::string>, std::unordered_set<std::uint64_t>> held;  // by group key and receiver
};

void Dispatcher::apply(std::shared_ptr<const Routing> routing, const std::vector<AlertPtr>& alerts) {
    // The old configuration must live until no group points into it.
    std::shared_ptr<const void> old = revive_groups(*routing, alerts);
    keep_groups(*routing);
    if (const auto before = std::exchange(routing_, std::move(routing))) old = before;
    let_misplaced_alerts_go();
    hand_orphans_over();
    for (const AlertPtr& alert : alerts) dispatch(alert);
    adopt_retired_groups();
    retire_orphans(old);
    restored_.clear();
    forget_who_left();
}

void Dispatcher::dispatch(const AlertPtr& alert) {
    TOCSIN_ASSERT(routing_ != nullptr);
    tell_where_leaving(alert);
    for (const Route* route : routing_->tree.match(alert->alert.labels)) insert(*route, alert);
}

void Dispatcher::update(const AlertPtr& alert) {
    for_each_group([&](AlertGroup& group) { group.update(alert); });
}

void Dispatcher::shift(Duration step) {
    for_each_group([&](AlertGroup& group) { group.shift(step); });
}

void Dispatcher::stop_timers() {
    for_each_group([](AlertGroup& group) { group.stop_timer(); });
}

void Dispatcher::stop() {
    for_each_group([](AlertGroup& group) { group.stop(); });
    groups_.clear();
    orphans_.clear();
    retired_.clear();
    group_count_ = 0;
}

std::size_t Dispatcher::pending_deliveries() const {
    std::size_t pending = 0;
    for_each_group([&](const AlertGroup& group) { pending += group.pending_deliveries(); });
    return pending;
}

std::vector<const AlertGroup*> Dispatcher::groups() const {
    std::vector<const AlertGroup*> out;
    if (!routing_) return out;
    for (const Route* route : routing_->tree.routes()) {
        const auto found = groups_.find(route->identity);
        if (found == groups_.end()) continue;
        const auto first = static_cast<std::ptrdiff_t>(out.size());
        for (const auto& [labels, group] : found->second) out.push_back(group.get());
        std::sort(out.begin() + first, out.end(),
                  [](const AlertGroup* a, const AlertGroup* b) { return a->labels() < b->labels(); });
    }
    return out;
}

const AlertGroup* Dispatcher::find_group(const Route& route, const LabelSet& alert) const {
    const auto groups = groups_.find(route.identity);
    if (groups == groups_.end()) return nullptr;
    const auto found = groups->second.find(route.group_labels(alert));
    const bool is_in = found != groups->second.end() && found->second->alerts().count(alert) > 0;
    return is_in && !found->second->is_leaving(alert) ? found->second.get() : nullptr;
}

std::vector<const AlertGroup*> Dispatcher::groups_left_by(const LabelSet& alert) const {
    std::vector<const AlertGroup*> left;
    const auto leaving = leaving_.find(alert);
    if (leaving == leaving_.end()) return left;
    for (const auto& known : leaving->second) {
        const GroupPtr group = known.lock();
        if (group != nullptr && group->is_leaving(alert)) left.push_back(group.get());
    }
    return left;
}

std::vector<const AlertGroup*> Dispatcher::all_groups() const {
    std::vector<const AlertGroup*> all;
    for_each_group([&](const AlertGroup& group) { all.push_back(&group); });
    return all;
}

std::vector<GroupState> Dispatcher::snapshot() const {
    std::vector<GroupState> states;
    for_each_group([&](const AlertGroup& group) { states.push_back(group.state()); });
    return states;
}

void Dispatcher::restore(std::vector<GroupState> states) {
    for (GroupState& state : states) {
        if (state.retired) {
            restored_retired_.push_back(std::move(state));
            continue;
        }
        auto place = std::pair(state.route_identity, state.labels);
        restored_.insert_or_assign(std::move(place), std::move(state));
    }
}

/// Those that told of alerts. Returns what keeps their routes.
std::shared_ptr<const void> Dispatcher::revive_groups(const Routing& next, const std::vector<AlertPtr>& alerts) {
    if (restored_.empty() && restored_retired_.empty()) return nullptr;
    FormerLife life(next, alerts);
    std::erase_if(restored_, [&](const auto& restored) {
        const GroupState& state = restored.second;
        auto group = revive(state, life);
        const Route* route = next.tree.find_identity(state.route_identity);
        const bool goes_elsewhere =
            route != nullptr && !state.receiver.empty() && route->options.receiver != state.receiver;
        if (group == nullptr) return goes_elsewhere;
        groups_[state.route_identity][state.labels] = std::move(group);
        ++group_count_;
        return true;
    });
    for (const GroupState& state : std::exchange(restored_retired_, {})) {
        auto group = revive(state, life);
        if (group == nullptr) continue;
        auto& place = groups_[state.route_identity][state.labels];
        if (place != nullptr) {
            retire(std::move(group), life.routes);
            continue;
        }
        place = std::move(group);
        ++group_count_;
    }
    return life.routes;
}

/// Null when nobody can be told any more, or was told of an alert that there still is.
Dispatcher::GroupPtr Dispatcher::revive(const GroupState& state, FormerLife& life) {
    const auto receiver = life.routing.receivers.find(state.receiver);
    if (receiver == life.routing.receivers.end()) return nullptr;
    std::vector<AlertPtr> alerts;
    auto& held = life.held[{state.key, state.receiver}];
    const auto hold = [&](std::uint64_t hash) {
        const auto known = life.alerts.find(hash);
        // Of two groups that are one to their receiver, one has it.
        if (known != life.alerts.end() && held.insert(hash).second) alerts.push_back(known->second);
    };
    context_.notification_log.for_each_of(state.key, state.receiver, [&](const LogEntry& entry) {
        for (const std::uint64_t hash : entry.firing) hold(hash);
        for (const std::uint64_t hash : entry.unheard) hold(hash);
    });
    if (alerts.empty()) return nullptr;
    auto group =
        std::make_shared<AlertGroup>(context_, *life.routing.pipeline, life.routes->of(state), receiver->second,
                                     state.labels, state.key, [this](AlertGroup& empty) { remove_when_empty(empty); });
    for (const AlertPtr& alert : alerts) group->hold(alert);
    group->resume(state);
    return group;
}

void Dispatcher::insert(const Route& route, const AlertPtr& alert) {
    const LabelSet labels = route.group_labels(alert->alert.labels);
    if (AlertGroup* group = find_used(route, labels)) return group->insert(alert);
    const auto restored = restored_.find({route.identity, labels});
    const bool is_restored = restored != restored_.end();
    AlertGroup* group = make_group(route, labels, is_restored ? restored->second.key : group_key(route, labels));
    if (group == nullptr) return;
    group->insert(alert);
    if (!is_restored) return;
    group->resume(restored->second);
    group->heed_shorter_timers();
    restored_.erase(restored);
}

/// An empty one waits to be removed: who comes begins anew.
AlertGroup* Dispatcher::find_used(const Route& route, const LabelSet& labels) {
    const auto groups = groups_.find(route.identity);
    if (groups == groups_.end()) return nullptr;
    const auto found = groups->second.find(labels);
    if (found == groups->second.end()) return nullptr;
    if (!found->second->is_empty() || found->second->is_busy()) return found->second.get();
    if (context_.group_gone) context_.group_gone(*found->second);
    groups->second.erase(found);
    --group_count_;
    return nullptr;
}

AlertGroup* Dispatcher::make_group(const Route& route, LabelSet labels, std::string key) {
    if (group_count_ >= kGroupsMax) {
        context_.metrics.group_limit_reached();
        context_.log.error("notifiers::dispatcher",
                           "too many aggregation groups, alert received for a new group is not told", {{"group", key}});
        return nullptr;
    }
    GroupPtr group = bring_back(route, labels, key);
    if (group == nullptr) {
        group = std::make_shared<AlertGroup>(context_, *routing_->pipeline, route,
                                             routing_->receivers.at(route.options.receiver), labels, std::move(key),
                                             [this](AlertGroup& empty) { remove_when_empty(empty); });
    }
    ++group_count_;
    return (groups_[route.identity][std::move(labels)] = std::move(group)).get();
}

/// The group that is the same one to the receiver and had lost its route. Null when there is none.
Dispatcher::GroupPtr Dispatcher::bring_back(const Route& route, const LabelSet& labels, const std::string& key) {
    const auto retired = retired_.find({key, route.options.receiver});
    if (retired == retired_.end() || retired->second->labels() != labels) return nullptr;
    GroupPtr group = std::move(retired->second);
    retired_.erase(retired);
    if (context_.group_gone) context_.group_gone(*group);
    group->adopt_configuration(*routing_->pipeline, route, routing_->receivers.at(route.options.receiver));
    group->retire(nullptr);
    if (context_.group_changed) context_.group_changed(*group);
    return group;
}

/// Whether the receiver sees the alert in another group that it takes for this one.
bool Dispatcher::is_shown_by_twin(const AlertGroup& group, const StoredAlert& alert) const {
    const auto* same = group.route().same;
    return same != nullptr && std::any_of(same->begin(), same->end(), [&](const Route* route) {
               const AlertGroup* twin = route == &group.route() ? nullptr : find_group(*route, alert.alert.labels);
               return twin != nullptr && twin->key() == group.key() &&
                      !routing_->pipeline->mute(alert, *route, context_.scheduler.now());
           });
}

/// Groups of a route that is gone, or that has another receiver now, are orphans.
void Dispatcher::keep_groups(const Routing& next) {
    for (auto& [identity, groups] : groups_) {
        const Route* route = next.tree.find_identity(identity);
        for (auto at = groups.begin(); at != groups.end();) {
            AlertGroup& group = *at->second;
            if (route != nullptr && route->options.receiver == group.route().options.receiver) {
                group.adopt_configuration(*next.pipeline, *route, next.receivers.at(route->options.receiver));
                ++at;
            } else {
                --group_count_;
                orphans_[identity].insert(groups.extract(at++));
            }
        }
    }
    std::erase_if(groups_, [](const auto& groups) { return groups.second.empty(); });
}

/// A group that keeps none of its alerts is an orphan like those without a route.
void Dispatcher::let_misplaced_alerts_go() {
    for (auto& [identity, groups] : groups_) {
        for (auto at = groups.begin(); at != groups.end();) {
            AlertGroup& group = *at->second;
            const auto misplaced = misplaced_alerts(group);
            if (misplaced.size() == group.alerts().size()) {
                --group_count_;
                orphans_[identity].insert(groups.extract(at++));
                continue;
            }
            let_go(group, misplaced);
            ++at;
        }
    }
}

void Dispatcher::let_go(AlertGroup& group, const std::vector<LabelSet>& alerts) {
    for (const LabelSet& labels : alerts) {
        if (group.let_go(labels)) note_leaving(group, labels);
    }
}

void Dispatcher::note_leaving(AlertGroup& group, const LabelSet& alert) {
    leaving_[alert].push_back(group.weak_from_this());
}

void Dispatcher::tell_where_leaving(const AlertPtr& alert) {
    const auto leaving = leaving_.find(alert->alert.labels);
    if (leaving == leaving_.end()) return;
    std::erase_if(leaving->second, [&](const auto& known) {
        const GroupPtr group = known.lock();
        return group == nullptr || !group->is_leaving(alert->alert.labels) || !group->update(alert);
    });
    if (leaving->second.empty()) leaving_.erase(leaving);
}

void Dispatcher::forget_who_left() {
    std::erase_if(leaving_, [](const auto& leaving) {
        return std::none_of(leaving.second.begin(), leaving.second.end(), [&](const auto& known) {
            const GroupPtr group = known.lock();
            return group != nullptr && group->is_leaving(leaving.first);
        });
    });
}

/// Groups whose receiver is still there tell it the ends of the alerts that it was told of; the others are gone.
void Dispatcher::retire_orphans(const std::shared_ptr<const void>& old) {
    for (auto& [identity, groups] : orphans_) {
        for (auto& [labels, group] : groups) {
            const auto receiver = routing_->receivers.find(group->route().options.receiver);
            if (receiver == routing_->receivers.end()) continue;
            group->adopt_configuration(*routing_->pipeline, group->route(), receiver->second);
            retire(std::move(group), old);
        }
    }
    orphans_.clear();
}

void Dispatcher::retire(GroupPtr group, const std::shared_ptr<const void>& old) {
    group->retire(old);
    std::vector<LabelSet> alerts;
    for (const auto& [labels, alert] : group->alerts()) alerts.push_back(labels);
    let_go(*group, alerts);
    if (group->is_empty()) return;
    if (AlertGroup* same = find_same(*group)) return merge(*group, *same);
    retired_.emplace(known_as(*group), std::move(group));
}

/// Another group that is this one to the receiver.
AlertGroup* Dispatcher::find_same(const AlertGroup& group) const {
    if (const auto retired = retired_.find(known_as(group)); retired != retired_.end()) return retired->second.get();
    const auto groups = groups_.find(group.route().identity);
    if (groups == groups_.end()) return nullptr;
    const auto found = groups->second.find(group.labels());
    const bool is_same = found != groups->second.end() && known_as(*found->second) == known_as(group);
    return is_same ? found->second.get() : nullptr;
}

/// The ends that one would have told are told by the other.
void Dispatcher::merge(const AlertGroup& from, AlertGroup& into) {
    for (const auto& [labels, alert] : from.alerts()) {
        if (into.take_leaving(alert)) note_leaving(into, labels);
    }
}

void Dispatcher::adopt_retired_groups() {
    std::erase_if(retired_, [&](const auto& retired) {
        const auto& group = retired.second;
        const auto receiver = routing_->receivers.find(group->route().options.receiver);
        if (receiver == routing_->receivers.end()) return true;
        group->adopt_configuration(*routing_->pipeline, group->route(), receiver->second);
        return false;
    });
}

/// Those whose way through the tree does not end in the group that they are in.
std::vector<LabelSet> Dispatcher::misplaced_alerts(const AlertGroup& group) const {
    std::vector<LabelSet> misplaced;
    for (const auto& [labels, alert] : group.alerts()) {
        const auto routes = routing_->tree.match(labels);
        const bool routed = std::find(routes.begin(), routes.end(), &group.route()) != routes.end();
        if (!routed || group.route().group_labels(labels) != group.labels()) misplaced.push_back(labels);
    }
    return misplaced;
}

void Dispatcher::hand_orphans_over() {
    for (auto& [identity, groups] : orphans_) {
        for (auto at = groups.begin(); at != groups.end();) {
            const auto orphan = at++;
            const Route* heir = find_heir(*orphan->second);
            if (heir != nullptr) take_over(std::move(groups.extract(orphan).mapped()), *heir);
        }
    }
}

/// A route by which the receiver is told of one of the orphan's alerts in a group with the same labels, which is new.
const Route* Dispatcher::find_heir(const AlertGroup& orphan) {
    for (const auto& [labels, alert] : orphan.alerts()) {
        for (const Route* route : routing_->tree.match(labels)) {
            if (route->options.receiver != orphan.route().options.receiver) continue;
            if (route->group_labels(labels) != orphan.labels()) continue;
            const bool is_new = find_used(*route, orphan.labels()) == nullptr &&
                                restored_.count({route->identity, orphan.labels()}) == 0;
            if (is_new) return route;
        }
    }
    return nullptr;
}

void Dispatcher::take_over(GroupPtr orphan, const Route& route) {
    orphan->adopt_configuration(*routing_->pipeline, route, routing_->receivers.at(route.options.receiver));
    AlertGroup& group = *orphan;
    groups_[route.identity][group.labels()] = std::move(orphan);
    ++group_count_;
    let_go(group, misplaced_alerts(group));
}

void Dispatcher::remove_when_empty(AlertGroup& group) {
    // The group is still at work when it says so.
    context_.scheduler.post([this, alive = std::weak_ptr<int>(alive_), identity = group.route().identity,
                             labels = group.labels(), known_as = known_as(group)] {
        if (alive.expired()) return;
        const auto retired = retired_.find(known_as);
        if (retired != retired_.end() && retired->second->is_empty() && !retired->second->is_busy()) {
            if (context_.group_gone) context_.group_gone(*retired->second);
            retired_.erase(retired);
        }
        const auto groups = groups_.find(identity);
        if (groups == groups_.end()) return;
        const auto found = groups->second.find(labels);
        if (found == groups->second.end() || !found->second->is_empty() || found->second->is_busy()) return;
        if (context_.group_gone) context_.group_gone(*found->second);
        groups->second.erase(found);
        --group_count_;
    });
}

}  // namespace tocsin
