#pragma once

#include "base/matcher.h"
#include "engine/eval/operator.h"

namespace tocsin {

/// One row with these labels, present when no row of `vector` is.
OperatorPtr make_absent(OperatorPtr vector, LabelSet labels, bool drops_name);

/// The labels a selector demands to the letter: those of its equality matchers, each name once, without the metric name.
LabelSet labels_demanded(const Matchers& matchers);

}  // namespace tocsin
