#pragma once

#include "rules/rule_test_routing.h"

namespace tocsin {

/// Reads an alertmanager.yml for unit tests of rules: the notification service of the daemon on the test's clock.
Parsed<std::shared_ptr<const RuleTestRouting>> load_rule_test_routing(Disk& disk, const std::string& path);

}  // namespace tocsin
