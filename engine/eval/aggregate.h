#pragma once

#include <string>

#include "engine/eval/grouping.h"
#include "engine/eval/operator.h"
#include "parser/ast.h"

namespace tocsin {

struct AggregateSetup {
    AggregateOp op{};
    GroupingLabels grouping;
    OperatorPtr operand;
    OperatorPtr parameter;  // null where the operator has none
};

/// Notes are about the parameter.
///
/// sum, avg, min, max, count, group, stddev, stdvar, quantile: one row a group.
OperatorPtr make_aggregate(AggregateSetup setup);

/// topk, bottomk, limitk, limit_ratio: some of the rows of each group, as they are.
OperatorPtr make_pick(AggregateSetup setup);

/// count_values: one row for each group and value; the value is in a label. In a subquery the rows of a run only become more.
OperatorPtr make_count_values(AggregateSetup setup, std::string label, bool in_subquery);

}  // namespace tocsin
