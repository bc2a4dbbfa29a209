#pragma once

#include <string>
#include <vector>

#include "tests/scenario/scenario.h"

namespace tocsin::tests {

/// What a block expected, and what there was instead.
struct ScenarioMismatch {
    std::size_t line;  // of the block
    std::string what;  // its command and argument
    std::vector<std::string> expected, seen;
};

struct ScenarioOutcome {
    std::vector<ScenarioMismatch> mismatches;
    std::string error;  // the scenario could not be played: `line 12: …`
};

/// Plays a scenario against the whole daemon on virtual time, which begins at SimulatedDaemon::kStart.
ScenarioOutcome run_scenario(const Scenario& scenario);

/// Both sides beside each other, with a mark where they differ.
std::string side_by_side(const ScenarioMismatch& mismatch);

}  // namespace tocsin::tests
