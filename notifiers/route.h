#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/labels.h"
#include "notifiers/route_config.h"

namespace tocsin {

/// What a route tells its groups; of what the file does not say, its parent's (Alertmanager's defaults at the root).
struct RouteOptions {
    std::string receiver;
    std::vector<std::string> group_by;  // sorted
    bool group_by_all = false;
    Duration group_wait{30'000};
    Duration group_interval{300'000};
    Duration repeat_interval{4 * 3'600'000};
    std::vector<std::string> mute_time_intervals;    // not inherited
    std::vector<std::string> active_time_intervals;  // not inherited
    std::vector<std::pair<std::string, TemplateField>> labels;
};

/// A node of the routing tree. Immutable.
struct Route {
    RouteOptions options;
    Matchers matchers;
    bool continue_matching = false;
    std::vector<std::unique_ptr<Route>> children;

    /// The matchers of every node from the root, joined by `/`: `{}/{severity="critical"}`.
    std::string key;
    /// The key with each node's place among its siblings behind it: `{}/{severity="critical"}/0`.
    std::string id;
    /// The key, and a number when it is not the first route with that key. Changes neither when routes are added beside
    /// this one nor when its options change.
    std::string identity;
    /// Those with this key and receiver, this one too: to the receiver their groups are the same. Null when it is in no
    /// tree; they are the tree's.
    const std::vector<const Route*>* same = nullptr;

    /// The labels of the group that an alert falls into: those of group_by which the alert has.
    LabelSet group_labels(const LabelSet& alert) const;
};

/// `{}/{severity="critical"}:{alertname="HighErr", cluster="eu"}`: what receivers know a group by.
std::string group_key(const Route& route, const LabelSet& group_labels);

class RouteTree {
public:
    explicit RouteTree(const RouteConfig& root);

    /// The routes that an alert with these labels takes, in the order of the file: at least one. A node that matches
    /// hands the alert to its children, one after the other, up to the first that takes it and does not continue; when
    /// none takes it, it is the node's own.
    std::vector<const Route*> match(const LabelSet& labels) const;

    const Route& root() const { return *root_; }
    /// Every route, parents before their children.
    const std::vector<const Route*>& routes() const { return routes_; }
    const Route* find_identity(std::string_view identity) const;

private:
    using KnownAs = std::map<std::pair<std::string, std::string>, std::vector<const Route*>>;
    static void find_same(Route& route, const KnownAs& known_as);

    std::unique_ptr<Route> root_;
    KnownAs known_as_;  // by key and receiver
    std::vector<const Route*> routes_;
};

}  // namespace tocsin
