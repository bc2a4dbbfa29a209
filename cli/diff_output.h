#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/replay_window.h"
#include "daemon/event_diff.h"
#include "daemon/rule_diff.h"

namespace tocsin::cli {

/// Everything that is different between two versions of rules and routing.
struct VersionDiff {
    std::vector<RuleChange> rules;
    std::vector<RouteChange> routes;
    std::vector<std::string> receivers_added, receivers_removed;

    bool has_replay = false;   // over a fixture; what follows is of it
    bool has_routing = false;  // both versions say who is told; otherwise notifications were not compared
    Window window{};
    std::vector<EventChange> alerts, notifications;
    struct Counts {
        std::size_t before = 0, after = 0;
    };
    std::map<std::string, Counts> by_receiver;  // how often each one was told

    bool is_empty() const {
        return rules.empty() && routes.empty() && receivers_added.empty() && receivers_removed.empty() &&
               alerts.empty() && notifications.empty();
    }
};

std::string diff_text(const VersionDiff& diff);
/// For a comment on a pull request.
std::string diff_markdown(const VersionDiff& diff);
std::string diff_json(const VersionDiff& diff);

}  // namespace tocsin::cli
