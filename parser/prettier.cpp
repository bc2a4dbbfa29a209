#include <fmt/format.h>

#include "base/text.h"
#include "parser/printer.h"
#include "parser/printer_parts.h"

// An expression that fits on a line is left on it. Otherwise its operands go on lines of their own, one level further
// in, and the same is asked of each of them.

namespace tocsin {

namespace {

constexpr std::size_t kLineMax = 100;

std::string indent(std::size_t level) { return std::string(2 * level, ' '); }

std::string lines_of(const Expr& expr, std::size_t level);

struct Split {
    std::size_t level;

    std::string operator()(const Aggregate& node) const {
        std::string out = indent(level) + head_text(node) + "(\n";
        if (node.parameter) out += lines_of(*node.parameter, level + 1) + ",\n";
        return out + lines_of(*node.operand, level + 1) + "\n" + indent(level) + ")";
    }

    std::string operator()(const Binary& node) const {
        const std::string left = has_bare_infinity(node) ? indent(level + 1) + "Inf" : lines_of(*node.left, level + 1);
        return left + "\n" + indent(level) + head_text(node) + "\n" + lines_of(*node.right, level + 1);
    }

    std::string operator()(const Call& node) const {
        std::vector<std::string> arguments;
        arguments.reserve(node.arguments.size());
        for (const ExprPtr& argument : node.arguments) arguments.push_back(lines_of(*argument, level + 1));
        return fmt::format("{}{}(\n{}\n{})", indent(level), node.function, join(arguments, ",\n"), indent(level));
    }

    std::string operator()(const Paren& node) const {
        return indent(level) + "(\n" + lines_of(*node.inner, level + 1) + "\n" + indent(level) + ")";
    }

    std::string operator()(const Subquery& node) const { return lines_of(*node.operand, level) + suffix_text(node); }
};

/// A sign stands in front of the first line of its operand, whether that is split or not.
std::string signed_lines(const Unary& unary, std::size_t level) {
    const std::string operand = lines_of(*unary.operand, level);
    return indent(level) + (unary.negative ? "-" : "+") + std::string(trim(operand));
}

std::string lines_of(const Expr& expr, std::size_t level) {
    if (const auto* unary = expr.as<Unary>()) return signed_lines(*unary, level);
    const std::string line = to_string(expr);
    // As Prometheus has it, a subquery that fits is not indented.
    if (line.size() <= kLineMax) return expr.as<Subquery>() ? line : indent(level) + line;
    if (const auto* node = expr.as<Aggregate>()) return Split{level}(*node);
    if (const auto* node = expr.as<Binary>()) return Split{level}(*node);
    if (const auto* node = expr.as<Call>()) return Split{level}(*node);
    if (const auto* node = expr.as<Paren>()) return Split{level}(*node);
    if (const auto* node = expr.as<Subquery>()) return Split{level}(*node);
    return indent(level) + line;
}

}  // namespace

std::string pretty(const Expr& expr) { return lines_of(expr, 0); }

}  // namespace tocsin
