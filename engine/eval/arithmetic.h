#pragma once

#include <cstdint>
#include <string>

#include "parser/ast.h"

/// Binary operators over columns. A cell that is not present is computed too and ignored.
namespace tocsin {

/// Whether names fall away because the result is another thing than its operands.
bool changes_meaning(BinaryOp op);

/// `</` and `>/`, which give nothing for floats, and what is said then.
bool needs_histograms(BinaryOp op);
std::string remark_on_floats(BinaryOp op);

/// What one side of an operation is: a column, or one number for all rows. `index`, when there, says which cell belongs to row i.
struct Operand {
    const double* values;
    const std::uint32_t* index = nullptr;
    bool is_scalar = false;

    double at(std::size_t row) const { return values[is_scalar ? 0 : index != nullptr ? index[row] : row]; }
};

/// out[i] = left[i] op right[i]; comparisons give 0 or 1. Not for set operators.
void apply(BinaryOp op, const Operand& left, const Operand& right, std::size_t rows, double* out);

/// keep[i] = whether the comparison holds.
void compare(BinaryOp op, const Operand& left, const Operand& right, std::size_t rows, std::uint8_t* keep);

}  // namespace tocsin
