#pragma once

#include <string>

#include "engine/eval/operator.h"
#include "engine/eval/range_source.h"
#include "engine/eval/row_mapping.h"
#include "engine/functions/function.h"

namespace tocsin {

struct RangeCallSetup {
    const FunctionDef* function = nullptr;  // whose kernel is OverRange
    RangeSourcePtr range;
    std::vector<OperatorPtr> arguments;  // the scalars
    NameDrop::Mode names = NameDrop::Mode::Drop;
    bool type_labels = false;  // whether `__type__` tells a counter
};

/// A function over each series of a range vector: rate(), max_over_time(), … Its notes are about the first argument.
OperatorPtr make_range_call(RangeCallSetup setup);

/// One row with these labels, present when no series of the range has a sample.
OperatorPtr make_absent_over_time(RangeSourcePtr range, LabelSet labels, bool drops_name);

}  // namespace tocsin
