#include "rules/rule_test_selection.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace tocsin {
namespace {

/// The series there may be: those that are given, whatever has a name that a rule writes.
class Available {
public:
    explicit Available(const RuleTest& test) {
        for (const SeriesDescription& series : test.series)
            by_name_[series.labels.metric_name()].push_back(&series.labels);
    }

    void add_name(std::string_view name) { written_.insert(name); }

    bool may_match(const Matchers& matchers) const {
        const Matcher* by_name = nullptr;
        for (const Matcher& matcher : matchers) {
            if (matcher.name() == kMetricNameLabel && matcher.op() == MatchOp::Equal) by_name = &matcher;
        }
        if (by_name == nullptr) return true;  // rarely worth a look
        if (written_.contains(by_name->value())) return true;
        const auto given = by_name_.find(by_name->value());
        if (given == by_name_.end()) return false;
        return std::any_of(given->second.begin(), given->second.end(),
                           [&](const LabelSet* labels) { return all_match(matchers, *labels); });
    }

private:
    std::map<std::string_view, std::vector<const LabelSet*>> by_name_;
    std::set<std::string_view> written_;
};

bool is_empty(const Expr& expr, const Available& available);

// Values of nothing are nothing, but for what is about there being nothing.
bool is_empty(const Call& call, const Available& available) {
    if (call.function == "absent" || call.function == "absent_over_time" || call.function == "scalar") return false;
    return std::any_of(call.arguments.begin(), call.arguments.end(),
                       [&](const ExprPtr& argument) { return is_empty(*argument, available); });
}

bool is_empty(const Binary& binary, const Available& available) {
    const bool left = is_empty(*binary.left, available);
    if (binary.op == BinaryOp::Unless) return left;
    const bool right = is_empty(*binary.right, available);
    if (binary.op == BinaryOp::Or) return left && right;
    const bool fills = binary.matching && (binary.matching->fill_left || binary.matching->fill_right);
    return fills ? left && right : left || right;
}

/// Whether the expression gives nothing, whatever the time. False when in doubt.
bool is_empty(const Expr& expr, const Available& available) {
    if (const auto* selector = expr.as<VectorSelector>()) return !available.may_match(selector->matchers);
    if (const auto* matrix = expr.as<MatrixSelector>()) return is_empty(*matrix->selector, available);
    if (const auto* subquery = expr.as<Subquery>()) return is_empty(*subquery->operand, available);
    if (const auto* aggregate = expr.as<Aggregate>()) return is_empty(*aggregate->operand, available);
    if (const auto* paren = expr.as<Paren>()) return is_empty(*paren->inner, available);
    if (const auto* unary = expr.as<Unary>()) return is_empty(*unary->operand, available);
    if (const auto* call = expr.as<Call>()) return is_empty(*call, available);
    if (const auto* binary = expr.as<Binary>()) return is_empty(*binary, available);
    return false;
}

}  // namespace

RuleTestSelection::RuleTestSelection(const std::vector<RuleGroupDefinition>& groups) : groups_(groups) {
    for (std::size_t i = 0; i < groups.size(); ++i) {
        for (const RuleDefinition& rule : groups[i].rules) candidates_.push_back({i, &rule});
    }
}

std::vector<RuleGroupDefinition> RuleTestSelection::groups_for(const RuleTest& test) const {
    std::set<std::string_view> asked_for;
    for (const AlertTestCase& test_case : test.alert_cases) asked_for.insert(test_case.alertname);
    Available available(test);
    std::vector<bool> taken(candidates_.size());
    // What one rule writes another one may read.
    for (bool changed = true; std::exchange(changed, false);) {
        for (std::size_t i = 0; i < candidates_.size(); ++i) {
            const RuleDefinition& rule = *candidates_[i].rule;
            const bool is_alert = rule.kind == RuleDefinition::Kind::Alerting;
            if (taken[i] || (is_empty(*rule.expr, available) && !(is_alert && asked_for.contains(rule.name)))) continue;
            taken[i] = changed = true;
            if (!is_alert) available.add_name(rule.name);
            if (is_alert) available.add_name("ALERTS");
            if (is_alert) available.add_name("ALERTS_FOR_STATE");
        }
    }
    std::vector<RuleGroupDefinition> groups;
    const RuleGroupDefinition* last = nullptr;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        if (!taken[i]) continue;
        const RuleGroupDefinition& group = groups_[candidates_[i].group];
        if (last != &group) {
            groups.push_back(
                {group.name, group.file, group.interval, group.query_offset, group.limit, {}, group.where});
        }
        last = &group;
        groups.back().rules.push_back(*candidates_[i].rule);
    }
    return groups;
}

}  // namespace tocsin
