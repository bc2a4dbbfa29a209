#pragma once

#include <string>

#include "parser/ast.h"

namespace tocsin {

/// The canonical form on one line, letter for letter what Prometheus prints (parser/printer.go String()).
std::string to_string(const Expr& expr);

/// The canonical form over several lines, letter for letter `promtool promql format` (parser/prettier.go).
std::string pretty(const Expr& expr);

}  // namespace tocsin
