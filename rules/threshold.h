#pragma once

#include <optional>

#include "parser/ast.h"

namespace tocsin {

/// A comparison with a number, turned so that the number stands on the right.
struct Threshold {
    const Expr* value = nullptr;  // what is compared; a part of the expression
    BinaryOp op{};
    double number = 0;

    /// Whether a value is on that side of the number on which the comparison holds.
    bool holds_for(double compared) const;
};

/// The comparison with a number that decides about an expression's result: the expression itself, or of `and` and
/// `unless` the first operand that is one. Arithmetic of numbers (`5 * 60`) is a number. Nothing when there is none.
std::optional<Threshold> threshold_of(const Expr& expr);

}  // namespace tocsin
