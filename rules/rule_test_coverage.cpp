#include "rules/rule_test_coverage.h"

#include <algorithm>

namespace tocsin {

CoverageCollector::CoverageCollector(const std::vector<RuleGroupDefinition>& groups) {
    for (const RuleGroupDefinition& group : groups) {
        for (const RuleDefinition& rule : group.rules) add_rule(group, rule);
    }
}

void CoverageCollector::add_rule(const RuleGroupDefinition& group, const RuleDefinition& rule) {
    RuleCoverage coverage;
    coverage.file = group.file;
    coverage.group = group.name;
    coverage.rule = rule.name;
    coverage.where = rule.where;
    coverage.is_alert = rule.kind == RuleDefinition::Kind::Alerting;
    coverage_.push_back(std::move(coverage));
    const Duration offset = group.query_offset.value_or(Duration{0});
    questions_.push_back({coverage_.size() - 1, std::nullopt, rule.expr.get(), rule.expr_text, offset});
    add_branches(*rule.expr, rule, offset);
}

void CoverageCollector::add_branches(const Expr& expr, const RuleDefinition& rule, Duration offset) {
    if (const Binary* binary = expr.as<Binary>(); binary != nullptr && is_set_operator(binary->op)) {
        add_branch(*binary->left, to_string(binary->op), "left", rule, offset);
        add_branch(*binary->right, to_string(binary->op), "right", rule, offset);
    }
    for_each_operand(expr, [&](const Expr& operand) { add_branches(operand, rule, offset); });
}

void CoverageCollector::add_branch(const Expr& side, std::string_view op, std::string_view name,
                                   const RuleDefinition& rule, Duration offset) {
    std::string text = rule.expr_text.substr(side.span.begin, side.span.end - side.span.begin);
    RuleCoverage& coverage = coverage_.back();
    coverage.branches.push_back({std::string(op), std::string(name), text, false});
    questions_.push_back({coverage_.size() - 1, coverage.branches.size() - 1, &side, rule.expr_text, offset});
}

void CoverageCollector::begin(RuleTestWorld& world, Timestamp start) {
    world_ = &world;
    start_ = start;
    queries_.clear();
    for (const Question& question : questions_) {
        queries_.emplace_back();
        if (is_answered(question)) continue;
        auto query = world.watch(*question.expr, question.text);
        if (query) queries_.back() = std::move(*query);
    }
}

void CoverageCollector::end() {
    queries_.clear();
    world_ = nullptr;
}

bool CoverageCollector::is_answered(const Question& question) const {
    const RuleCoverage& rule = coverage_[question.rule];
    return question.branch ? rule.branches[*question.branch].gave_result : rule.gave_result;
}

void CoverageCollector::look(Duration time) {
    for (std::size_t i = 0; i < questions_.size(); ++i) {
        if (!queries_[i] || is_answered(questions_[i])) continue;
        const auto result = queries_[i]->evaluate(start_ + time - questions_[i].offset);
        if (!result) continue;
        const auto& present = (*result)->present;
        if (std::any_of(present.begin(), present.end(), [](std::uint8_t p) { return p != 0; })) answer(questions_[i]);
    }
    note_firing();
}

void CoverageCollector::answer(const Question& question) {
    RuleCoverage& rule = coverage_[question.rule];
    (question.branch ? rule.branches[*question.branch].gave_result : rule.gave_result) = true;
}

void CoverageCollector::note_firing() {
    std::size_t index = 0;
    for (const RuleGroupView& group : world_->groups()) {
        for (const RuleView& rule : group.rules) {
            RuleCoverage* coverage = find(group, rule.definition->name, index++);
            if (coverage != nullptr) coverage->fired |= rule.phase == AlertPhase::Firing;
        }
    }
}

// They are in the order of the rules, unless a reload has brought others.
RuleCoverage* CoverageCollector::find(const RuleGroupView& group, const std::string& rule, std::size_t index) {
    const auto is_it = [&](const RuleCoverage& coverage) {
        return coverage.rule == rule && coverage.group == group.name && coverage.file == group.file;
    };
    if (index < coverage_.size() && is_it(coverage_[index])) return &coverage_[index];
    const auto found = std::find_if(coverage_.begin(), coverage_.end(), is_it);
    return found == coverage_.end() ? nullptr : &*found;
}

}  // namespace tocsin
