#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/eval/operator.h"
#include "engine/eval/operator_pool.h"
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

/// A node of a compiled plan, for people.
struct CompiledNode {
    PlanPtr plan;
    std::size_t depth = 0;
    OperatorPtr made;              // null for a string, and for a range vector
    RangeSource* range = nullptr;  // of a range vector; of the operator that reads it
    /// The same as the node of that index, which came before.
    std::optional<std::size_t> same_as;
};

/// What a plan became: an operator, or where the type is a range vector its source.
struct Compiled {
    OperatorPtr root;
    RangeSourcePtr range;
    std::vector<CompiledSelector> selectors;

    /// An operator that may have something to say, with the places in the text that it may be about.
    struct Speaker {
        OperatorPtr speaker;
        std::vector<std::string> positions;
    };
    std::vector<Speaker> speakers;
};

/// The nodes of what compile() made with the same arguments, each before its operands.
std::vector<CompiledNode> list_nodes(const PlanPtr& plan, const Compiled& compiled, const QueryOptions& options, const OperatorPool& pool);

/// Makes operators of a plan, or takes those that are in the pool already: nodes that mean the same are one operator, unless one is
/// inside a subquery and the other is not, since then they are evaluated at different times.
Compiled compile(const PlanPtr& plan, std::string_view text, SeriesAccess& series, const QueryOptions& options, OperatorPool& pool);

}  // namespace tocsin
