#pragma once

#include <string_view>
#include <vector>

#include "engine/eval/operator.h"
#include "engine/eval/row_mapping.h"
#include "engine/functions/function.h"
#include "parser/ast.h"

/// Operators that compute a value for each value of one vector by itself.
namespace tocsin {

/// abs(), clamp(), hour(): a function whose kernel is OverValues.
OperatorPtr make_map_call(const FunctionDef& function, OperatorPtr vector, std::vector<OperatorPtr> arguments, NameDrop::Mode names);

OperatorPtr make_negation(OperatorPtr vector, NameDrop::Mode names);

/// timestamp() of anything but a selector: the time of the evaluation.
OperatorPtr make_evaluation_times(OperatorPtr vector, NameDrop::Mode names);

/// A selector's column of times, whose names fall away.
OperatorPtr make_renamed(OperatorPtr vector, NameDrop::Mode names);

struct ScalarSide {
    OperatorPtr vector;
    OperatorPtr scalar;
    bool scalar_is_left = false;
};

/// Arithmetic, or a comparison with `bool`, between a vector and a scalar.
OperatorPtr make_vector_scalar(BinaryOp op, ScalarSide operands, NameDrop::Mode names);

/// A comparison that keeps the series for which it holds, with their values.
OperatorPtr make_vector_scalar_filter(BinaryOp op, ScalarSide operands);

enum class Remark { Info, Warning };

/// A result that is always empty: what needs native histograms. Where the vector has a value it says why, unless `text` is empty.
OperatorPtr make_nothing(OperatorPtr vector, Remark remark, std::string_view text);

}  // namespace tocsin
