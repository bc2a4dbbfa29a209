#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/eval/operator.h"
#include "engine/eval/query.h"
#include "engine/eval/range_source.h"
#include "engine/plan/plan.h"

namespace tocsin {

/// How selectors get at their series.
class SeriesAccess {
public:
    virtual ~SeriesAccess() = default;
    virtual Store::SelectionHandle select(const Matchers& matchers, Duration reach) = 0;
};

/// A selector of a compiled plan, for people.
struct CompiledSelector {
    TextSpan span;
    Matchers matchers;
};

/// What a plan became: an operator, or where the type is a range vector its source.
struct Compiled {
    OperatorPtr root;
    RangeSourcePtr range;
    std::vector<CompiledSelector> selectors;
};

/// Makes operators of a plan. Nodes that mean the same become one operator, unless one is inside a subquery, where it is evaluated at
/// other times.
Compiled compile(const PlanPtr& plan, std::string_view text, SeriesAccess& series, const QueryOptions& options);

}  // namespace tocsin
