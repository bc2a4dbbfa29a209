#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/matcher.h"
#include "notifiers/config_fields.h"

namespace tocsin {

/// A node of `route:` as it is written: what it does not say it has from its parent.
struct RouteConfig {
    std::string receiver;                              // empty: the parent's
    std::optional<std::vector<std::string>> group_by;  // sorted; empty is one group for the whole route
    bool group_by_all = false;                         // `group_by: ['...']`
    /// `match`, `match_re` and `matchers` together, in Alertmanager's order. The value of a `match_re` has its anchors,
    /// as upstream has them in the group key: `^(?:…)$`.
    Matchers matchers;
    std::vector<std::string> mute_time_intervals;
    std::vector<std::string> active_time_intervals;
    bool continue_matching = false;
    std::optional<Duration> group_wait;
    std::optional<Duration> group_interval;
    std::optional<Duration> repeat_interval;
    std::vector<std::pair<std::string, TemplateField>> labels;
    std::vector<RouteConfig> routes;
    SourceRange where;
};

RouteConfig read_route_config(const YamlNode& node, ConfigReading& reading);

/// Appends what a list of matcher strings says.
void read_matcher_list(ConfigFields& fields, std::string_view key, Matchers& into);
/// Appends what a map of names to values (`match`) or to regular expressions (`match_re`) says.
void read_match_map(ConfigFields& fields, std::string_view key, MatchOp op, Matchers& into);
void sort_matchers(Matchers& matchers);

}  // namespace tocsin
