#pragma once

#include <string>
#include <vector>

#include "notifiers/route_config.h"

namespace tocsin {

/// One of `inhibit_rules`. No matchers on a side: that side is every alert.
struct InhibitRuleConfig {
    std::string name;
    Matchers source_matchers;
    Matchers target_matchers;
    std::vector<std::string> equal;  // sorted
};

InhibitRuleConfig read_inhibit_rule(const YamlNode& node, ConfigReading& reading);

}  // namespace tocsin
