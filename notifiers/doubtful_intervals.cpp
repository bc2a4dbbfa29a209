#include "notifiers/doubtful_intervals.h"

#include <fmt/format.h>

#include "base/duration.h"
#include "notifiers/route.h"

namespace tocsin {
namespace {

struct Search {
    const AlertmanagerConfig& config;
    Duration retention;
    Diagnostics found;

    void warn(const RouteConfig& route, std::string message, std::string hint) {
        found.push_back({.severity = Severity::Warning,
                         .check = {},
                         .file = config.file,
                         .where = route.where,
                         .message = std::move(message),
                         .expected = {},
                         .hint = std::move(hint)});
    }

    void check(const RouteConfig& route, Duration repeat, Duration group) {
        if (repeat > retention) {
            warn(route,
                 fmt::format("repeat_interval {} is longer than what was told is remembered, {}", to_string(repeat),
                             to_string(retention)),
                 "alerts are told again earlier; raise --data.retention");
        }
        if (repeat < group) {
            warn(route,
                 fmt::format("repeat_interval {} is shorter than group_interval {}", to_string(repeat),
                             to_string(group)),
                 "alerts are told again at group_interval only");
        }
    }

    /// What a route has from its parent was told there.
    void walk(const RouteConfig& route, Duration repeat, Duration group, bool is_root) {
        repeat = route.repeat_interval.value_or(repeat);
        group = route.group_interval.value_or(group);
        if (is_root || route.repeat_interval || route.group_interval) check(route, repeat, group);
        for (const RouteConfig& child : route.routes) walk(child, repeat, group, false);
    }
};

}  // namespace

Diagnostics find_doubtful_intervals(const AlertmanagerConfig& config, Duration retention) {
    Search search{config, retention, {}};
    const RouteOptions defaults;
    search.walk(config.route, defaults.repeat_interval, defaults.group_interval, true);
    return std::move(search.found);
}

}  // namespace tocsin
