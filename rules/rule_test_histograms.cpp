#include "rules/rule_test_histograms.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

#include <fmt/format.h>

#include "base/sample.h"
#include "base/text.h"
#include "parser/native_histogram.h"

namespace tocsin {
namespace {

// A quiet NaN, as no arithmetic makes it, nor any other marker: base/sample.h.
constexpr std::uint64_t kStandInBits = 0x7ffb'0000'0000'0000;
constexpr std::uint64_t kIndexBits = 0x0000'ffff'ffff'ffff;

constexpr std::size_t kExpressionDepthMax = 200;

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Follows histograms through an expression.
class HistogramWalk {
public:
    explicit HistogramWalk(const std::vector<LabelSet>& histograms) : histograms_(histograms) {}

    /// Where something is computed with them; empty when nothing is.
    std::string problem;

    /// Whether there may be histograms among what it gives.
    bool gives(const Expr& expr) {
        if (depth_ >= kExpressionDepthMax) problem = "an expression that is nested so deep is not looked through";
        if (!problem.empty()) return false;
        ++depth_;
        const bool found = std::visit([this](const auto& node) { return of_node(node); }, expr.node);
        --depth_;
        return found;
    }

private:
    bool of_node(const NumberLiteral&) { return false; }
    bool of_node(const StringLiteral&) { return false; }
    bool of_node(const Paren& node) { return gives(*node.inner); }
    bool of_node(const MatrixSelector& node) { return gives(*node.selector); }
    bool of_node(const Subquery& node) { return gives(*node.operand); }
    bool of_node(const VectorSelector& node) {
        return std::any_of(histograms_.begin(), histograms_.end(), [&](const LabelSet& labels) {
            return std::all_of(node.matchers.begin(), node.matchers.end(),
                               [&](const Matcher& matcher) { return matcher.matches(labels.get(matcher.name())); });
        });
    }
    bool of_node(const Unary& node) {
        const bool found = gives(*node.operand);
        return found && (!node.negative || refuse("-"));
    }
    bool of_node(const Aggregate& node) {
        if (node.parameter) gives(*node.parameter);
        const bool found = gives(*node.operand);
        if (node.op == AggregateOp::Count || node.op == AggregateOp::Group) return false;
        const bool picks = node.op == AggregateOp::Limitk || node.op == AggregateOp::LimitRatio;
        return found && (picks || refuse(to_string(node.op)));
    }
    bool of_node(const Binary& node) {
        const bool left = gives(*node.left);
        const bool right = gives(*node.right);
        if (node.op == BinaryOp::And || node.op == BinaryOp::Unless) return left;
        return (left || right) && (node.op == BinaryOp::Or || refuse(to_string(node.op)));
    }
    bool of_node(const Call& node) {
        bool found = false;
        for (const ExprPtr& argument : node.arguments) found = gives(*argument) || found;
        const std::string_view name = node.function;
        if (is_one_of(name, {"absent", "absent_over_time", "count_over_time", "present_over_time", "timestamp"})) return false;
        const bool passes_on = is_one_of(name, {"label_join", "label_replace", "last_over_time", "sort_by_label", "sort_by_label_desc"});
        return found && (passes_on || refuse(name));
    }

    bool refuse(std::string_view what) {
        if (problem.empty()) problem = fmt::format("{} computes with native histograms, which tocsin does not", what);
        return false;
    }

    const std::vector<LabelSet>& histograms_;
    std::size_t depth_ = 0;
};

std::vector<LabelSet> series_with_histograms(const RuleTest& test) {
    std::vector<LabelSet> found;
    for (const SeriesDescription& series : test.series) {
        const bool any = std::any_of(series.values.begin(), series.values.end(),
                                     [](const SequenceValue& value) { return value.histogram != nullptr; });
        if (any) found.push_back(series.labels);
    }
    return found;
}

/// The last histogram before `index`, if only gaps are between them.
const NativeHistogram* histogram_before(const SeriesDescription& series, std::size_t index) {
    while (index-- > 0) {
        const SequenceValue& value = series.values[index];
        if (!value.omitted) return value.histogram.get();
    }
    return nullptr;
}

}  // namespace

double RuleTestHistograms::stand_in(const SeriesDescription& series, std::size_t index) {
    using Reset = NativeHistogram::Reset;
    NativeHistogram histogram = *series.values[index].histogram;
    const NativeHistogram* before = histogram_before(series, index);
    // A gauge goes up and down, and what says itself that it began anew did.
    if (before != nullptr && histogram.reset_hint != Reset::Gauge && histogram.reset_hint != Reset::Reset) {
        histogram.reset_hint = is_reset(*before, histogram) ? Reset::Reset : Reset::NotReset;
    }
    texts_.push_back(to_string(histogram));
    return std::bit_cast<double>(kStandInBits | texts_.size());
}

std::optional<std::string> RuleTestHistograms::text_of(double value) const {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const std::uint64_t index = bits & kIndexBits;
    if ((bits & ~kIndexBits) != kStandInBits || index == 0 || index > texts_.size()) return std::nullopt;
    return texts_[index - 1];
}

std::vector<std::string> find_histogram_arithmetic(const RuleTest& test, const std::vector<RuleGroupDefinition>& groups) {
    std::vector<std::string> problems;
    const std::vector<LabelSet> histograms = series_with_histograms(test);
    if (histograms.empty()) return problems;
    for (const ExpressionTestCase& test_case : test.expression_cases) {
        HistogramWalk walk(histograms);
        walk.gives(*test_case.expr);
        if (!walk.problem.empty()) problems.push_back(fmt::format("expr {}: {}", go_quote(test_case.text), walk.problem));
    }
    for (const RuleGroupDefinition& group : groups) {
        for (const RuleDefinition& rule : group.rules) {
            HistogramWalk walk(histograms);
            if (walk.gives(*rule.expr)) walk.problem = "its result may be native histograms, which no rule here can give";
            if (!walk.problem.empty()) problems.push_back(fmt::format("{}: rule {}: {}", group.file, rule.name, walk.problem));
        }
    }
    return problems;
}

}  // namespace tocsin
