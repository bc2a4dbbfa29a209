#pragma once

#include <string_view>

#include "base/json.h"
#include "parser/ast.h"

namespace tocsin::api {

/// `scalar`, `vector`, `matrix`, `string`: other names than in messages.
std::string_view type_name(ValueType type);

/// The tree of an expression, as Prometheus' `parse_query` shows it (web/api/v1/translate_ast.go). Functions must be
/// known.
Json expression_json(const Expr& expr);

}  // namespace tocsin::api
