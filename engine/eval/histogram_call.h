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
    /// The label that tells results apart when there is one for each argument.
    std::string label;
    NameDrop::Mode names = NameDrop::Mode::Drop;
};

/// Notes are about the buckets (place 0) or about argument i (place i + 1).
///
/// histogram_quantile() and its like: the series of one classic histogram, told apart by `le`, become one row.
OperatorPtr make_histogram_call(HistogramCallSetup setup);

}  // namespace tocsin
