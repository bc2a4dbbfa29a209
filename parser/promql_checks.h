#pragma once

#include <string_view>

#include "base/diagnostic.h"
#include "parser/ast.h"

namespace tocsin {

/// What fits PromQL's grammar and still cannot be right, whatever the types of the operands: `{}`, `a + bool b`,
/// `a and on (x) group_left b`. `text` is what the tree was read from.
Diagnostics check_promql(const Expr& expr, std::string_view text);

}  // namespace tocsin
