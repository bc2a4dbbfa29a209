#pragma once

#include <string>

#include "engine/functions/function.h"

namespace tocsin {

/// How a function is called: `label_join(instant vector, string, string, [string, …])`. What stands in brackets may be
/// left out.
std::string signature(const FunctionDef& function);

}  // namespace tocsin
