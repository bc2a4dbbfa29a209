#pragma once

#include "base/json.h"
#include "parser/ast.h"

namespace tocsin::api {

/// The tree of an expression, as Prometheus' `parse_query` shows it (web/api/v1/translate_ast.go). Functions must be
/// known.
Json expression_json(const Expr& expr);

}  // namespace tocsin::api
