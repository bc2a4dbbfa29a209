#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/eval/operator.h"
#include "engine/eval/row_mapping.h"
#include "engine/functions/function.h"

namespace tocsin {

struct HistogramCallSetup {
    const FunctionDef* function = nullptr;  // whose kernel is OverBuckets
    OperatorPtr buckets;
    std::vector<OperatorPtr> arguments;  // the scalars
    std::vector<std::string> argument_positions;
    std::string buckets_position;
    /// The label that tells results apart when there is one for each argument.
    std::string label;
    NameDrop::Mode names = NameDrop::Mode::Drop;
};

/// histogram_quantile() and its like: the series of one classic histogram, told apart by `le`, become one row.
OperatorPtr make_histogram_call(HistogramCallSetup setup);

}  // namespace tocsin
