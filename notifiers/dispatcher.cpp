#include "notifiers/dispatcher.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/assert.h"

namespace tocsin {

Dispatcher::~Dispatcher() {
    stop();
}

template <class Visit>
void Dispatcher::for_each_group(const Visit& visit) const {
    for (const auto& [identity, groups] : groups_) {
        for (const auto& [labels, group] : groups) visit(*group);
    }
    for (const auto& group : retired_) visit(*group);
}

void Dispatcher::apply(std::shared_ptr<const Routing> routing, const std::vector<AlertPtr>& alerts) {
    keep_groups(*routing);
    // The old configuration must live until no group points into it.
    const auto old = std::exchange(routing_, std::move(routing));
    let_misplaced_alerts_go();
    for (const AlertPtr& alert : alerts) dispatch(alert);
    adopt_retired_groups();
    retire_orphans(old);
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
    if (leaving_.count(alert) == 0) return left;
    for_each_group([&](const AlertGroup& group) {
        if (group.is_leaving(alert)) left.push_back(&group);
    });
    return left;
}

std::vector<const AlertGroup*> Dispatcher::all_groups() const {
    std::vector<const AlertGroup*> all;
    for_each_group([&](const AlertGroup& group) { all.push_back(&group); });
    return all;
}

std::vector<GroupState> Dispatcher::snapshot() const {
    std::vector<GroupState> states;
    for (const AlertGroup* group : groups()) {
        states.push_back({group->route().identity, group->labels(), group->key(), group->next_flush()});
    }
    return states;
}

void Dispatcher::restore(std::vector<GroupState> states) {
    for (GroupState& state : states) {
        auto place = std::pair(state.route_identity, state.labels);
        restored_.insert_or_assign(std::move(place), std::move(state));
    }
}

void Dispatcher::insert(const Route& route, const AlertPtr& alert) {
    const LabelSet labels = route.group_labels(alert->alert.labels);
    AlertGroup* group = find_or_make(route, labels);
    if (group == nullptr) group = take_over(route, labels, alert);
    if (group == nullptr) group = make_group(route, labels, group_key(route, labels));
    if (group == nullptr) return;
    group->insert(alert);
    if (restored_.empty()) return;
    const auto restored = restored_.find({route.identity, labels});
    if (restored == restored_.end()) return;
    group->set_next_flush(restored->second.next_flush);
    restored_.erase(restored);
}

/// Null when there is none and none was restored. An empty one waits to be removed: it begins anew.
AlertGroup* Dispatcher::find_or_make(const Route& route, const LabelSet& labels) {
    auto& groups = groups_[route.identity];
    const auto found = groups.find(labels);
    if (found != groups.end()) {
        if (!found->second->is_empty() || found->second->is_busy()) return found->second.get();
        if (context_.group_gone) context_.group_gone(*found->second);
        groups.erase(found);
        --group_count_;
    }
    const auto restored = restored_.find({route.identity, labels});
    return restored == restored_.end() ? nullptr : make_group(route, labels, restored->second.key);
}

AlertGroup* Dispatcher::make_group(const Route& route, LabelSet labels, std::string key) {
    if (group_count_ >= kGroupsMax) {
        context_.metrics.group_limit_reached();
        context_.log.error("notifiers::dispatcher",
                           "too many aggregation groups, alert received for a new group is not told", {{"group", key}});
        return nullptr;
    }
    const auto receiver = routing_->receivers.at(route.options.receiver);
    auto group = std::make_unique<AlertGroup>(context_, *routing_->pipeline, route, receiver, labels, std::move(key),
                                              [this](AlertGroup& empty) { remove_when_empty(empty); });
    AlertGroup* made = group.get();
    groups_[route.identity][std::move(labels)] = std::move(group);
    ++group_count_;
    return made;
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
        if (group.let_go(labels)) leaving_.insert(labels);
    }
}

void Dispatcher::tell_where_leaving(const AlertPtr& alert) {
    const auto leaving = leaving_.find(alert->alert.labels);
    if (leaving == leaving_.end()) return;
    bool known = false;
    for_each_group([&](AlertGroup& group) {
        if (group.is_leaving(alert->alert.labels)) known = group.update(alert) || known;
    });
    if (!known) leaving_.erase(leaving);
}

/// Groups whose receiver is still there tell it the ends of the alerts that it was told of; the others are gone.
void Dispatcher::retire_orphans(const std::shared_ptr<const Routing>& old) {
    for (auto& [identity, groups] : orphans_) {
        for (auto& [labels, group] : groups) {
            const auto receiver = routing_->receivers.find(group->route().options.receiver);
            if (receiver == routing_->receivers.end()) continue;
            group->adopt_configuration(*routing_->pipeline, group->route(), receiver->second);
            group->retire(old);
            std::vector<LabelSet> alerts;
            for (const auto& [alert_labels, alert] : group->alerts()) alerts.push_back(alert_labels);
            let_go(*group, alerts);
            if (!group->is_empty()) retired_.push_back(std::move(group));
        }
    }
    orphans_.clear();
}

void Dispatcher::adopt_retired_groups() {
    std::erase_if(retired_, [&](const auto& group) {
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

AlertGroup* Dispatcher::take_over(const Route& route, const LabelSet& labels, const AlertPtr& alert) {
    for (auto& [identity, groups] : orphans_) {
        const auto found = groups.find(labels);
        if (found == groups.end()) continue;
        AlertGroup& orphan = *found->second;
        const bool same_receiver = orphan.route().options.receiver == route.options.receiver;
        if (!same_receiver || orphan.alerts().count(alert->alert.labels) == 0) continue;
        auto node = groups.extract(found);
        AlertGroup* group = node.mapped().get();
        group->adopt_configuration(*routing_->pipeline, route, routing_->receivers.at(route.options.receiver));
        groups_[route.identity].insert(std::move(node));
        ++group_count_;
        let_go(*group, misplaced_alerts(*group));
        return group;
    }
    return nullptr;
}

void Dispatcher::remove_when_empty(AlertGroup& group) {
    // The group is still at work when it says so.
    context_.scheduler.post(
        [this, alive = std::weak_ptr<int>(alive_), identity = group.route().identity, labels = group.labels()] {
            if (alive.expired()) return;
            std::erase_if(retired_, [](const auto& retired) { return retired->is_empty() && !retired->is_busy(); });
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
