#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/rule_test_report.h"
#include "rules/rule_test_world.h"

namespace tocsin {

/// Finds out what the tests of a file exercise: rules whose expression gives something, alerts that fire, and both
/// sides of `and`, `or` and `unless`.
///
/// A side counts as exercised once it gave a result at the time of an evaluation; one that stands in a subquery is
/// looked at there too, and not at the subquery's own steps.
class CoverageCollector {
public:
    /// The groups outlive it.
    explicit CoverageCollector(const std::vector<RuleGroupDefinition>& groups);

    /// A test begins in this world, which lives until end().
    void begin(RuleTestWorld& world, Timestamp start);
    void end();
    /// An evaluation has happened.
    void look(Duration time);

    std::vector<RuleCoverage> take() { return std::move(coverage_); }

private:
    /// An expression and what is true once it gave something.
    struct Question {
        std::size_t rule;
        std::optional<std::size_t> branch;  // nothing: the whole expression
        const Expr* expr;
        std::string text;
        Duration offset;
    };
    void add_rule(const RuleGroupDefinition& group, const RuleDefinition& rule);
    void add_branches(const Expr& expr, const RuleDefinition& rule, Duration offset);
    void add_branch(const Expr& side, std::string_view op, std::string_view name, const RuleDefinition& rule,
                    Duration offset);
    bool is_answered(const Question& question) const;
    void answer(const Question& question);
    void note_firing();
    RuleCoverage* find(const RuleGroupView& group, const std::string& rule, std::size_t index);

    std::vector<RuleCoverage> coverage_;
    std::vector<Question> questions_;
    std::vector<std::unique_ptr<StandingQuery>> queries_;  // of the questions, in this world; null: none to ask
    RuleTestWorld* world_ = nullptr;
    Timestamp start_{};
};

}  // namespace tocsin
