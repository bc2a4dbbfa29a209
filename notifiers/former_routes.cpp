#include "notifiers/former_routes.h"

namespace tocsin {

const Route& FormerRoutes::of(const GroupState& group) {
    const auto [known, is_new] =
        routes_.try_emplace({group.route_identity, group.receiver, group.group_interval, group.repeat_interval,
                             group.mute_time_intervals, group.active_time_intervals, group.route_labels});
    Route& route = known->second;
    if (!is_new) return route;
    route.identity = group.route_identity;
    route.key = group.route_identity;
    route.options.receiver = group.receiver;
    route.options.group_interval = group.group_interval;
    route.options.repeat_interval = group.repeat_interval;
    route.options.mute_time_intervals = group.mute_time_intervals;
    route.options.active_time_intervals = group.active_time_intervals;
    for (const auto& [name, value] : group.route_labels) route.options.labels.push_back({name, {value, {}}});
    return route;
}

}  // namespace tocsin
