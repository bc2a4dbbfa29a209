#include "engine/plan/simplify.h"

#include <cmath>
#include <limits>

namespace tocsin {

double apply_to_scalars(BinaryOp op, double left, double right) {
    switch (op) {
        case BinaryOp::Add: return left + right;
        case BinaryOp::Sub: return left - right;
        case BinaryOp::Mul: return left * right;
        case BinaryOp::Div: return left / right;
        case BinaryOp::Mod: return std::fmod(left, right);
        case BinaryOp::Pow: return std::pow(left, right);
        case BinaryOp::Atan2: return std::atan2(left, right);
        case BinaryOp::Equal: return left == right ? 1 : 0;
        case BinaryOp::NotEqual: return left != right ? 1 : 0;
        case BinaryOp::Less: return left < right ? 1 : 0;
        case BinaryOp::LessOrEqual: return left <= right ? 1 : 0;
        case BinaryOp::Greater: return left > right ? 1 : 0;
        case BinaryOp::GreaterOrEqual: return left >= right ? 1 : 0;
        case BinaryOp::And:
        case BinaryOp::Or:
        case BinaryOp::Unless:
        case BinaryOp::TrimLower:
        case BinaryOp::TrimUpper: break;
    }
    return std::numeric_limits<double>::quiet_NaN();
}

std::optional<double> fold(BinaryOp op, const PlanNode& left, const PlanNode& right) {
    const auto* a = left.as<PlanNumber>();
    const auto* b = right.as<PlanNumber>();
    if (a == nullptr || b == nullptr || is_set_operator(op) || op == BinaryOp::TrimLower || op == BinaryOp::TrimUpper) return std::nullopt;
    return apply_to_scalars(op, a->value, b->value);
}

}  // namespace tocsin
