#include "engine/eval/arithmetic.h"

#include <fmt/format.h>

#include <cmath>

#include "base/assert.h"
#include "engine/functions/vectorize.h"
#include "engine/plan/simplify.h"

namespace tocsin {
namespace {

struct Add { static double of(double a, double b) { return a + b; } };
struct Sub { static double of(double a, double b) { return a - b; } };
struct Mul { static double of(double a, double b) { return a * b; } };
struct Div { static double of(double a, double b) { return a / b; } };
struct Equal { static bool of(double a, double b) { return a == b; } };
struct NotEqual { static bool of(double a, double b) { return a != b; } };
struct Less { static bool of(double a, double b) { return a < b; } };
struct LessOrEqual { static bool of(double a, double b) { return a <= b; } };
struct Greater { static bool of(double a, double b) { return a > b; } };
struct GreaterOrEqual { static bool of(double a, double b) { return a >= b; } };

// The plain loops: column with column, column with number, number with column. What is gathered by an index is gathered first.
template <class Op, class Out>
TOCSIN_VECTORIZED void columns(const double* left, const double* right, std::size_t rows, Out* out) {
    for (std::size_t i = 0; i < rows; ++i) out[i] = static_cast<Out>(Op::of(left[i], right[i]));
}

template <class Op, class Out>
TOCSIN_VECTORIZED void column_and_number(const double* left, double right, std::size_t rows, Out* out) {
    for (std::size_t i = 0; i < rows; ++i) out[i] = static_cast<Out>(Op::of(left[i], right));
}

template <class Op, class Out>
TOCSIN_VECTORIZED void number_and_column(double left, const double* right, std::size_t rows, Out* out) {
    for (std::size_t i = 0; i < rows; ++i) out[i] = static_cast<Out>(Op::of(left, right[i]));
}

template <class Op, class Out>
TOCSIN_VECTORIZED void indexed(const double* left, const std::uint32_t* left_index, const double* right,
                               const std::uint32_t* right_index, std::size_t rows, Out* out) {
    for (std::size_t i = 0; i < rows; ++i) out[i] = static_cast<Out>(Op::of(left[left_index[i]], right[right_index[i]]));
}

template <class Op, class Out>
void run(const Operand& left, const Operand& right, std::size_t rows, Out* out) {
    if (left.index != nullptr && right.index != nullptr) {
        indexed<Op>(left.values, left.index, right.values, right.index, rows, out);
    } else if (left.index != nullptr || right.index != nullptr) {
        for (std::size_t i = 0; i < rows; ++i) out[i] = static_cast<Out>(Op::of(left.at(i), right.at(i)));
    } else if (left.is_scalar) {
        number_and_column<Op>(left.values[0], right.values, rows, out);
    } else if (right.is_scalar) {
        column_and_number<Op>(left.values, right.values[0], rows, out);
    } else {
        columns<Op>(left.values, right.values, rows, out);
    }
}

template <class Out>
void run_comparison(BinaryOp op, const Operand& left, const Operand& right, std::size_t rows, Out* out) {
    switch (op) {
        case BinaryOp::Equal: return run<Equal>(left, right, rows, out);
        case BinaryOp::NotEqual: return run<NotEqual>(left, right, rows, out);
        case BinaryOp::Less: return run<Less>(left, right, rows, out);
        case BinaryOp::LessOrEqual: return run<LessOrEqual>(left, right, rows, out);
        case BinaryOp::Greater: return run<Greater>(left, right, rows, out);
        case BinaryOp::GreaterOrEqual: return run<GreaterOrEqual>(left, right, rows, out);
        default: TOCSIN_ASSERT(is_comparison(op));
    }
}

}  // namespace

bool changes_meaning(BinaryOp op) { return !is_comparison(op) && !is_set_operator(op); }

bool needs_histograms(BinaryOp op) { return op == BinaryOp::TrimLower || op == BinaryOp::TrimUpper; }

std::string remark_on_floats(BinaryOp op) {
    return fmt::format("incompatible sample types encountered for binary operator \"{0}\": float {0} float", to_string(op));
}

void apply(BinaryOp op, const Operand& left, const Operand& right, std::size_t rows, double* out) {
    switch (op) {
        case BinaryOp::Add: return run<Add>(left, right, rows, out);
        case BinaryOp::Sub: return run<Sub>(left, right, rows, out);
        case BinaryOp::Mul: return run<Mul>(left, right, rows, out);
        case BinaryOp::Div: return run<Div>(left, right, rows, out);
        default: break;
    }
    if (is_comparison(op)) return run_comparison(op, left, right, rows, out);
    for (std::size_t i = 0; i < rows; ++i) out[i] = apply_to_scalars(op, left.at(i), right.at(i));
}

void compare(BinaryOp op, const Operand& left, const Operand& right, std::size_t rows, std::uint8_t* keep) {
    run_comparison(op, left, right, rows, keep);
}

}  // namespace tocsin
