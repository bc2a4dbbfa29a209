#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/store/fixture.h"
#include "rules/rule_test_file.h"

namespace tocsin {

/// The samples of a test as they come when some scrapes fail: `up` is 0, and all other series of the target are stale.
struct RuleTestSamples {
    std::optional<std::vector<SeriesDescription>> changed_series;  // nothing: those of the test
    std::vector<std::shared_ptr<const Fixture>> fixtures;
};

/// What no step of the test concerns is shared, not copied.
RuleTestSamples samples_of(const RuleTest& test, const std::vector<std::shared_ptr<const Fixture>>& fixtures);

}  // namespace tocsin
