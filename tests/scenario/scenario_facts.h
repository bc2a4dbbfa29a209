#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "tests/daemon/simulated_daemon.h"

namespace tocsin::tests {

/// A line `QUESTION => ANSWER` of a scenario: what the daemon says beside its alerts and messages.
bool is_scenario_fact(std::string_view line);

/// The same line with the answer that was expected, in one notation whatever the blanks.
std::string expected_fact(std::string_view line);

/// The same line with what the daemon answers now; an error for a question that cannot be asked.
Result<std::string> seen_fact(SimulatedDaemon& daemon, std::string_view line);

}  // namespace tocsin::tests
