#pragma once

#include <string>
#include <string_view>

#include "engine/eval/query.h"
#include "engine/plan/plan.h"

namespace tocsin {

/// Which operator of a pool a node of a plan is, on a walk through the plan.
///
/// Operators are the same for the same node and settings, and inside equally deep subqueries that look equally far
/// back: those run one after the other, never one inside the other.
class PoolKeys {
public:
    explicit PoolKeys(const QueryOptions& options) : options_(options) {}

    std::string key_of(std::string_view node_key) const;
    /// Of a selector that shows the times of its samples.
    std::string key_of_times(std::string_view selector_key) const {
        return key_of("times of " + std::string(selector_key));
    }

    /// The walk goes on inside the subquery, until leave().
    void enter(const PlanSubquery& subquery);
    void leave(const PlanSubquery& subquery);
    bool in_subquery() const { return depth_ > 0; }
    /// How far the subqueries that the walk is in look back together.
    Duration reach() const { return reach_; }

private:
    const QueryOptions& options_;
    int depth_ = 0;
    Duration reach_{0};
};

}  // namespace tocsin
