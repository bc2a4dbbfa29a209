#include "rules/group_queries.h"

#include <utility>

namespace tocsin {

Diagnostic problem_at(const RuleGroupDefinition& group, const SourceRange& where, std::string message) {
    Diagnostic problem;
    problem.file = group.file;
    problem.where = where;
    problem.message = std::move(message);
    return problem;
}

GroupQueries compile_rules(const RuleGroupDefinition& group, Store& store, const QueryOptions& options,
                           Diagnostics& problems) {
    GroupQueries compiled;
    for (const RuleDefinition& rule : group.rules) {
        auto query = StandingQuery::create(*rule.expr, rule.expr_text, store, options, compiled.shared);
        if (query) {
            compiled.queries.push_back(std::move(*query));
        } else {
            problems.push_back(problem_at(group, rule.expr_where, query.error().message));
        }
    }
    return compiled;
}

}  // namespace tocsin
