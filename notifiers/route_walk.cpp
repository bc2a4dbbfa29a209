#include "notifiers/route_walk.h"

namespace tocsin {
namespace {

/// Appends the visits at a node and below; whether somebody there took the alert.
bool walk(const Route& route, std::size_t depth, const LabelSet& labels, std::vector<RouteVisit>& visits) {
    const std::size_t own = visits.size();
    visits.push_back({&route, depth, RouteVisit::Verdict::Taken, {}, nullptr});
    for (const Matcher& matcher : route.matchers) {
        if (!matcher.matches(labels)) visits[own].failed.push_back(&matcher);
    }
    if (!visits[own].failed.empty()) {
        visits[own].verdict = RouteVisit::Verdict::Refused;
        return false;
    }
    const Route* stopped_by = nullptr;
    for (const auto& child : route.children) {
        if (stopped_by != nullptr) {
            visits.push_back({child.get(), depth + 1, RouteVisit::Verdict::NotReached, {}, stopped_by});
            continue;
        }
        if (!walk(*child, depth + 1, labels, visits)) continue;
        visits[own].verdict = RouteVisit::Verdict::HandedOn;
        if (!child->continue_matching) stopped_by = child.get();
    }
    return true;
}

}  // namespace

std::vector<RouteVisit> walk_routes(const RouteTree& tree, const LabelSet& labels) {
    std::vector<RouteVisit> visits;
    walk(tree.root(), 0, labels, visits);
    return visits;
}

}  // namespace tocsin
