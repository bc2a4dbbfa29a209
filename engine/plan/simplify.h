#pragma once

#include <optional>

#include "engine/plan/plan.h"

namespace tocsin {

/// The value of an operation on two constants; nothing when one is not constant.
std::optional<double> fold(BinaryOp op, const PlanNode& left, const PlanNode& right);

/// An operation on two scalars: arithmetic, or a comparison as 0 or 1. Not for set operators.
double apply_to_scalars(BinaryOp op, double left, double right);

}  // namespace tocsin
