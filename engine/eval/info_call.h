#pragma once

#include <string>
#include <vector>

#include "base/matcher.h"
#include "engine/eval/operator.h"
#include "engine/plan/plan.h"

namespace tocsin {

struct InfoSetup {
    OperatorPtr base;
    OperatorPtr infos;         // the info series, each with the time of its newest sample
    Matchers series_matchers;  // which series those are
    Matchers name_matchers;    // which metrics are info metrics
    Matchers data_matchers;    // which of their labels are added; none: all
    TimeShift shift;
};

/// Sorts the matchers of info()'s second argument (null: it was left out) by what they are for.
InfoSetup info_setup(const Matchers* labels);

/// info(): each series of the base vector with labels of the info series that have its instance and job.
OperatorPtr make_info_call(InfoSetup setup);

}  // namespace tocsin
