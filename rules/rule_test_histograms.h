#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/labels.h"
#include "parser/ast.h"
#include "parser/promql_parser.h"
#include "rules/rule_file.h"
#include "rules/rule_test_file.h"

namespace tocsin {

/// The native histograms of a test. The store holds doubles: in it each is a NaN of its own, which selectors pass on as
/// it is.
class RuleTestHistograms {
public:
    /// What stands in the store for a histogram of `series` at `index`. In the order of the values, since a histogram
    /// says whether its counters began anew after the one before.
    double stand_in(const SeriesDescription& series, std::size_t index);

    /// The histogram in series notation; nothing for a value that stands for itself.
    std::optional<std::string> text_of(double value) const;

private:
    std::vector<std::string> texts_;
};

/// Why a test whose series have histograms cannot be run: nothing is computed with them here. They may be selected,
/// counted and looked for. Empty when all is well.
std::vector<std::string> find_histogram_arithmetic(const RuleTest& test, const std::vector<RuleGroupDefinition>& groups);

}  // namespace tocsin
