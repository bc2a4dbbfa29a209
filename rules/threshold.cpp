#include "rules/threshold.h"

#include <cmath>
#include <vector>

namespace tocsin {
namespace {

// Nobody writes a number deeper than that, and a chain of operators may be longer than the stack is deep.
constexpr int kNumberDepthMax = 32;

std::optional<double> number_in(const Expr& expr, int depth);

std::optional<double> number_in(const Binary& binary, int depth) {
    const auto left = number_in(*binary.left, depth), right = number_in(*binary.right, depth);
    if (!left || !right) return std::nullopt;
    switch (binary.op) {
        case BinaryOp::Add:
            return *left + *right;
        case BinaryOp::Sub:
            return *left - *right;
        case BinaryOp::Mul:
            return *left * *right;
        case BinaryOp::Div:
            return *left / *right;
        case BinaryOp::Mod:
            return std::fmod(*left, *right);
        case BinaryOp::Pow:
            return std::pow(*left, *right);
        default:
            return std::nullopt;
    }
}

std::optional<double> number_in(const Expr& expr, int depth) {
    if (depth > kNumberDepthMax) return std::nullopt;
    if (const auto* number = expr.as<NumberLiteral>()) return number->value;
    if (const auto* paren = expr.as<Paren>()) return number_in(*paren->inner, depth + 1);
    if (const auto* binary = expr.as<Binary>()) return number_in(*binary, depth + 1);
    const auto* unary = expr.as<Unary>();
    if (unary == nullptr) return std::nullopt;
    const auto operand = number_in(*unary->operand, depth + 1);
    return operand && unary->negative ? -*operand : operand;
}

BinaryOp turned(BinaryOp op) {
    switch (op) {
        case BinaryOp::Greater:
            return BinaryOp::Less;
        case BinaryOp::GreaterOrEqual:
            return BinaryOp::LessOrEqual;
        case BinaryOp::Less:
            return BinaryOp::Greater;
        case BinaryOp::LessOrEqual:
            return BinaryOp::GreaterOrEqual;
        default:
            return op;
    }
}

std::optional<Threshold> threshold_in(const Binary& binary) {
    if (!is_comparison(binary.op)) return std::nullopt;
    const auto left = number_in(*binary.left, 0), right = number_in(*binary.right, 0);
    if (left && right) return std::nullopt;
    if (right) return Threshold{binary.left.get(), binary.op, *right};
    if (left) return Threshold{binary.right.get(), turned(binary.op), *left};
    return std::nullopt;
}

}  // namespace

bool Threshold::holds_for(double compared) const {
    switch (op) {
        case BinaryOp::Greater:
            return compared > number;
        case BinaryOp::GreaterOrEqual:
            return compared >= number;
        case BinaryOp::Less:
            return compared < number;
        case BinaryOp::LessOrEqual:
            return compared <= number;
        case BinaryOp::Equal:
            return compared == number;
        default:
            return compared != number;
    }
}

std::optional<Threshold> threshold_of(const Expr& expr) {
    std::vector<const Expr*> left{&expr};  // to be looked at, the next one at the end
    while (!left.empty()) {
        const Expr& next = *left.back();
        left.pop_back();
        if (const auto* paren = next.as<Paren>()) {
            left.push_back(paren->inner.get());
            continue;
        }
        const auto* binary = next.as<Binary>();
        if (binary == nullptr) continue;
        if (auto found = threshold_in(*binary)) return found;
        if (binary->op == BinaryOp::And) left.push_back(binary->right.get());
        if (binary->op == BinaryOp::And || binary->op == BinaryOp::Unless) left.push_back(binary->left.get());
    }
    return std::nullopt;
}

}  // namespace tocsin
