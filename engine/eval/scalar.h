#pragma once

#include "engine/eval/operator.h"
#include "engine/functions/function.h"
#include "parser/ast.h"

namespace tocsin {

OperatorPtr make_number(double value);

/// time(), pi(), min_of(): a function of the moment and of other scalars.
OperatorPtr make_scalar_call(const FunctionDef& function, std::vector<OperatorPtr> arguments);

/// Arithmetic, or a comparison as 0 or 1.
OperatorPtr make_scalar_binary(BinaryOp op, OperatorPtr left, OperatorPtr right);

/// The value of a vector of one series; NaN for any other.
OperatorPtr make_scalar_of(OperatorPtr vector);

/// A vector of one series without labels.
OperatorPtr make_vector_of(OperatorPtr scalar);

}  // namespace tocsin
