#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/eval/query.h"
#include "parser/template/rule_template.h"
#include "rules/rule_file.h"

namespace tocsin {

/// Answers what the templates of a group's rules ask with `query`, and sees to it that what they ask for is there: only
/// series that some rule selects are kept.
///
/// A query that stands in a template as it is counts from the start. One that is put together while the template is
/// expanded (`printf … | query`) counts from its first time on; its series are there as of the next poll of their
/// targets. Scheduler's thread, while nobody evaluates.
class TemplateQueries {
public:
    TemplateQueries(Store& store, const QueryOptions& options) : store_(store), options_(options) {}

    /// Keeps the series that the templates of this rule ask for, as far as their text tells.
    void expect(const RuleDefinition& rule);
    /// The selectors of those queries.
    std::vector<Matchers> selectors() const;

    Result<std::vector<templates::RuleTemplateSample>> answer(std::string_view text, Timestamp at);

    /// Lets go of the series of queries that nobody has asked for a while.
    void forget_unused(Timestamp now);
    /// The wall clock was set by `step`.
    void move_time(Duration step);

private:
    struct Query {
        std::shared_ptr<const Expr> expr;
        std::unique_ptr<StandingQuery> standing;  // keeps the series
        Timestamp last_asked{};
        bool expected = false;  // never unused
    };
    Result<Query> compile(std::string_view text) const;
    Result<std::shared_ptr<const Expr>> expression_of(std::string_view text, Timestamp at);

    Store& store_;
    QueryOptions options_;
    std::map<std::string, Query, std::less<>> queries_;
};

}  // namespace tocsin
