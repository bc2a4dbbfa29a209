#pragma once

#include <string>

#include "parser/ast.h"

namespace tocsin {

// What the printer on one line and the one on many have in common.

/// `sum by (a) `, without the arguments.
std::string head_text(const Aggregate& node);

/// `* on (a) group_left (b)`, without the operands.
std::string head_text(const Binary& node);

/// Whether the left operand is infinity that must be printed without its plus: a sign binds less tightly than ^, so
/// `+Inf ^ 2` would be read as +(Inf ^ 2).
bool has_bare_infinity(const Binary& node);

/// `[5m:1m] @ end() offset 1h`.
std::string suffix_text(const Subquery& node);

}  // namespace tocsin
