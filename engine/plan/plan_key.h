#pragma once

#include <string>

#include "engine/plan/plan.h"

namespace tocsin {

/// A text that is the same for two nodes exactly when they mean the same; not for people.
std::string plan_key(const PlanNode::Node& node);

}  // namespace tocsin
