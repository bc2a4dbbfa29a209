#pragma once

#include <string>
#include <vector>

#include "engine/eval/operator.h"
#include "engine/functions/function.h"

namespace tocsin {

/// sort() and its like: the vector as it is, with an order in which instant queries show it. Range queries cannot, and are told so.
OperatorPtr make_sort(Builtin kind, OperatorPtr vector, std::vector<std::string> labels);

/// Whether `a` comes before `b` when numbers within a text count by their size.
bool natural_less(std::string_view a, std::string_view b);

}  // namespace tocsin
