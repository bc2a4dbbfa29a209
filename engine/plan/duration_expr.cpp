#include "engine/plan/duration_expr.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tocsin {
namespace {

using Seconds = Result<double>;

Seconds evaluate(const Expr& expr, const QueryRange& range);

double in_seconds(Duration duration) { return static_cast<double>(duration.count()) / 1000; }

Seconds evaluate_binary(const Binary& binary, const QueryRange& range) {
    TOCSIN_TRY(const double left, evaluate(*binary.left, range));
    TOCSIN_TRY(const double right, evaluate(*binary.right, range));
    switch (binary.op) {
        case BinaryOp::Add: return left + right;
        case BinaryOp::Sub: return left - right;
        case BinaryOp::Mul: return left * right;
        case BinaryOp::Pow: return std::pow(left, right);
        case BinaryOp::Div:
            if (right == 0) return fail(Error::Kind::InvalidInput, "division by zero");
            return left / right;
        case BinaryOp::Mod:
            if (right == 0) return fail(Error::Kind::InvalidInput, "modulo by zero");
            return std::fmod(left, right);
        default:
            return fail(Error::Kind::InvalidInput,
                        fmt::format("unexpected duration expression operator \"{}\"", to_string(binary.op)));
    }
}

Seconds evaluate_call(const Call& call, const QueryRange& range) {
    if (call.function == "step" && call.arguments.empty()) return in_seconds(range.step);
    if (call.function == "range" && call.arguments.empty()) return in_seconds(range.length);
    if ((call.function == "min_of" || call.function == "max_of") && call.arguments.size() == 2) {
        TOCSIN_TRY(const double left, evaluate(*call.arguments[0], range));
        TOCSIN_TRY(const double right, evaluate(*call.arguments[1], range));
        return call.function == "min_of" ? std::min(left, right) : std::max(left, right);
    }
    return fail(Error::Kind::InvalidInput, fmt::format("unexpected function \"{}\" in a duration", call.function));
}

// The parser bounds the depth.
Seconds evaluate(const Expr& expr, const QueryRange& range) {
    if (const auto* number = expr.as<NumberLiteral>()) return number->value;
    if (const auto* paren = expr.as<Paren>()) return evaluate(*paren->inner, range);
    if (const auto* binary = expr.as<Binary>()) return evaluate_binary(*binary, range);
    if (const auto* call = expr.as<Call>()) return evaluate_call(*call, range);
    if (const auto* unary = expr.as<Unary>()) {
        TOCSIN_TRY(const double operand, evaluate(*unary->operand, range));
        return unary->negative ? -operand : operand;
    }
    return fail(Error::Kind::InvalidInput, "unexpected expression in a duration");
}

}  // namespace

Result<Duration> evaluate_duration(const DurationExpr& duration, const QueryRange& range, Sign sign) {
    if (!duration.expr) return duration.value;
    TOCSIN_TRY(const double seconds, evaluate(*duration.expr, range));
    if (!(seconds > 0) && sign == Sign::Positive) {
        return fail(Error::Kind::InvalidInput, "duration must be greater than 0");
    }
    // Prometheus counts nanoseconds in 64 bits.
    constexpr double kSecondsMax = 9'223'372'036.0;
    if (!(std::abs(seconds) < kSecondsMax)) return fail(Error::Kind::InvalidInput, "duration is out of range");
    return Duration{static_cast<Duration::rep>(seconds * 1000)};
}

}  // namespace tocsin
