#pragma once

#include <string>
#include <vector>

#include "engine/eval/operator.h"
#include "engine/functions/function.h"

namespace tocsin {

/// label_replace() and its like. What is wrong with the arguments is an error of the evaluation, as upstream has it.
OperatorPtr make_relabel_call(const FunctionDef& function, OperatorPtr vector, std::vector<std::string> strings);

/// What is left of names at the end of a plan with delayed name removal.
OperatorPtr make_delayed_name_removal(OperatorPtr vector);

}  // namespace tocsin
