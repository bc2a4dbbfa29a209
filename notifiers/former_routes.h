#pragma once

#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "notifiers/group_state.h"
#include "notifiers/route.h"

namespace tocsin {

/// Routes as the groups of a former life had them. Nothing is routed by them: they say by which times and how often a
/// group is told of, until it is known whether the configuration of this life still has its route.
class FormerRoutes {
public:
    /// Lives as long as this.
    const Route& of(const GroupState& group);

private:
    using Names = std::vector<std::string>;
    using Labels = std::vector<std::pair<std::string, std::string>>;
    using Told = std::tuple<std::string, std::string, Duration, Duration, Names, Names, Labels>;
    std::map<Told, Route> routes_;
};

}  // namespace tocsin
