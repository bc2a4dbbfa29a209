#include "parser/promql_checks.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {

namespace {

class Checks {
public:
    explicit Checks(std::string_view text) : text_(text) {}

    Diagnostics run(const Expr& root) {
        std::vector<const Expr*> waiting{&root};
        while (!waiting.empty()) {
            const Expr& expr = *waiting.back();
            waiting.pop_back();
            check(expr);
            for_each_operand(expr, [&](const Expr& operand) { waiting.push_back(&operand); });
        }
        return std::move(found_);
    }

private:
    void note(TextSpan span, std::string message) {
        found_.push_back({.where = range_at(text_, span), .message = std::move(message)});
    }

    void check(const Expr& expr) {
        if (const auto* binary = expr.as<Binary>()) check(*binary, expr.span);
        if (const auto* selector = expr.as<VectorSelector>()) check(*selector, expr);
        if (const auto* subquery = expr.as<Subquery>()) check(*subquery, expr.span);
        if (const auto* call = expr.as<Call>()) remember_label_selector(*call);
    }

    /// The types of most operands are the binder's affair; of these they are plain.
    void check(const Subquery& subquery, TextSpan span) {
        std::string_view type;
        if (subquery.operand->as<NumberLiteral>()) type = "scalar";
        if (subquery.operand->as<StringLiteral>()) type = "string";
        if (subquery.operand->as<MatrixSelector>()) type = "matrix";
        if (!type.empty()) note(span, fmt::format("subquery is only allowed on instant vector, got {} instead", type));
    }

    /// From the end of the left operand to the beginning of the right one, without the white space.
    TextSpan operator_span(const Binary& binary) const {
        TextSpan span{binary.left->span.end, binary.right->span.begin};
        constexpr std::string_view kSpace = " \t\r\n";
        while (span.begin < span.end && kSpace.find(text_[span.begin]) != kSpace.npos) ++span.begin;
        while (span.begin < span.end && kSpace.find(text_[span.end - 1]) != kSpace.npos) --span.end;
        return span;
    }

    void check(const Binary& binary, TextSpan span) {
        if (binary.return_bool && !is_comparison(binary.op)) {
            note(operator_span(binary), "bool modifier can only be used on comparison operators");
        }
        if (!binary.matching) return;
        check_labels(*binary.matching, operator_span(binary));
        if (!is_set_operator(binary.op)) return;
        if (binary.matching->cardinality != VectorMatching::Cardinality::OneToOne) {
            note(span, fmt::format("no grouping allowed for {} operation", go_quote(to_string(binary.op))));
        }
        if (binary.matching->fill_left || binary.matching->fill_right) {
            note(span, "filling in missing series not allowed for set operators");
        }
    }

    void check_labels(const VectorMatching& matching, TextSpan span) {
        if (!matching.on) return;
        for (const std::string& label : matching.labels) {
            if (std::find(matching.include.begin(), matching.include.end(), label) == matching.include.end()) continue;
            note(span, fmt::format("label {} must not occur in ON and GROUP clause at once", go_quote(label)));
        }
    }

    /// The second argument of info() only names labels: `{}` is fine there.
    void remember_label_selector(const Call& call) {
        if (call.function == "info" && call.arguments.size() > 1) label_selectors_.push_back(call.arguments[1].get());
    }

    void check(const VectorSelector& selector, const Expr& expr) {
        if (!selector.name.empty()) return check_single_name(selector, expr.span);
        if (std::find(label_selectors_.begin(), label_selectors_.end(), &expr) != label_selectors_.end()) return;
        const bool selective = std::any_of(selector.matchers.begin(), selector.matchers.end(),
                                           [](const Matcher& matcher) { return !matcher.matches_empty(); });
        if (!selective) note(expr.span, "vector selector must contain at least one non-empty matcher");
    }

    /// The last matcher is the one made from the name in front of the braces.
    void check_single_name(const VectorSelector& selector, TextSpan span) {
        for (std::size_t i = 0; i + 1 < selector.matchers.size(); ++i) {
            const Matcher& matcher = selector.matchers[i];
            if (matcher.name() != kMetricNameLabel) continue;
            note(span, fmt::format("metric name must not be set twice: {} or {}", go_quote(selector.name),
                                   go_quote(matcher.value())));
        }
    }

    std::string_view text_;
    Diagnostics found_;
    std::vector<const Expr*> label_selectors_;
};

}  // namespace

Diagnostics check_promql(const Expr& expr, std::string_view text) { return Checks(text).run(expr); }

}  // namespace tocsin
