#pragma once

#include <cstddef>
#include <vector>

#include "notifiers/route.h"

namespace tocsin {

/// What became of an alert at one node of the routing tree.
struct RouteVisit {
    enum class Verdict {
        Taken,       // it goes to this route's receiver
        HandedOn,    // it matches, and a child took it
        Refused,     // some matcher does not hold
        NotReached,  // a sibling before it took the alert and does not continue
    };

    const Route* route;
    std::size_t depth = 0;  // 0 for the root
    Verdict verdict = Verdict::Taken;
    std::vector<const Matcher*> failed;  // those that do not hold, of what refused
    const Route* stopped_by = nullptr;   // the sibling, of what was not reached
};

/// The way of an alert with these labels through a tree, parents before their children, siblings in the order of the
/// file. What is below a route that refused or was not reached is left out. Those that took it are RouteTree::match().
/// The tree must outlive the answer.
std::vector<RouteVisit> walk_routes(const RouteTree& tree, const LabelSet& labels);

}  // namespace tocsin
