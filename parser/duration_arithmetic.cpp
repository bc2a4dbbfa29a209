#include "parser/duration_arithmetic.h"

#include <cmath>
#include <cstdint>

#include "base/assert.h"

namespace tocsin {

namespace {

Result<double> seconds_of(const Expr& expr, const DurationInputs& inputs);

double in_seconds(Duration duration) { return static_cast<double>(duration.count()) / 1e3; }

/// Go's math.Min and math.Max: NaN if either is.
double least(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : std::fmin(a, b); }
double greatest(double a, double b) { return std::isnan(a) || std::isnan(b) ? NAN : std::fmax(a, b); }

Result<double> seconds_of(const Binary& binary, const DurationInputs& inputs) {
    TOCSIN_TRY(const double left, seconds_of(*binary.left, inputs));
    TOCSIN_TRY(const double right, seconds_of(*binary.right, inputs));
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
        default: break;
    }
    // The grammar has no other operator in a duration.
    TOCSIN_ASSERT(false);
    return 0.0;
}

Result<double> seconds_of(const Call& call, const DurationInputs& inputs) {
    if (call.arguments.empty()) return in_seconds(call.function == "step" ? inputs.step : inputs.range);
    TOCSIN_TRY(const double left, seconds_of(*call.arguments.at(0), inputs));
    TOCSIN_TRY(const double right, seconds_of(*call.arguments.at(1), inputs));
    return call.function == "min_of" ? least(left, right) : greatest(left, right);
}

Result<double> seconds_of(const Expr& expr, const DurationInputs& inputs) {
    if (const auto* number = expr.as<NumberLiteral>()) return number->value;
    if (const auto* paren = expr.as<Paren>()) return seconds_of(*paren->inner, inputs);
    if (const auto* call = expr.as<Call>()) return seconds_of(*call, inputs);
    if (const auto* binary = expr.as<Binary>()) return seconds_of(*binary, inputs);
    const auto* unary = expr.as<Unary>();
    TOCSIN_ASSERT(unary != nullptr);
    TOCSIN_TRY(const double operand, seconds_of(*unary->operand, inputs));
    return unary->negative ? -operand : operand;
}

}  // namespace

bool depends_on_query(const Expr& arithmetic) {
    if (const auto* call = arithmetic.as<Call>(); call && call->arguments.empty()) return true;
    bool depends = false;
    for_each_operand(arithmetic, [&](const Expr& operand) { depends = depends || depends_on_query(operand); });
    return depends;
}

Result<Duration> evaluate_duration(const Expr& arithmetic, const DurationInputs& inputs) {
    TOCSIN_TRY(const double seconds, seconds_of(arithmetic, inputs));
    return duration_from_seconds(seconds);
}

Result<Duration> duration_from_seconds(double seconds) {
    // Nanoseconds first, as Go's time.Duration has them: so 0.3 s, which a double holds as a little less, are 300 ms.
    const double nanoseconds = std::round(seconds * 1e9);
    constexpr double kLimit = 9'223'372'036'854'775'808.0;
    if (!(nanoseconds > -kLimit && nanoseconds < kLimit))
        return fail(Error::Kind::InvalidInput, "duration out of range");
    return Duration{static_cast<std::int64_t>(nanoseconds) / 1'000'000};
}

}  // namespace tocsin
