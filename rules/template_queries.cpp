#include "rules/template_queries.h"

#include <algorithm>

#include "parser/promql_parser.h"

namespace tocsin {
namespace {

// Templates that put a query together ask another one for each alert; beyond this they are answered from what is there
// anyway.
constexpr std::size_t kQueriesMax = 1000;
constexpr Duration kUnusedAfter = std::chrono::minutes(15);

void expect_all(const std::vector<RuleText>& texts, const std::function<void(const std::string&)>& expect) {
    for (const RuleText& text : texts) {
        if (!text.expansion || text.expansion->is_plain()) continue;
        for (const auto& use : text.expansion->facts().queries) expect(use.expr);
    }
}

}  // namespace

Result<TemplateQueries::Query> TemplateQueries::compile(std::string_view text) const {
    auto expr = parse_promql(text);
    if (!expr) return fail(Error::Kind::InvalidInput, to_string(expr.error().front()));
    const auto problems = check_expression(**expr, text, options_);
    if (has_errors(problems)) return fail(Error::Kind::InvalidInput, to_string(problems.front()));
    Query query;
    query.expr = std::move(*expr);
    return query;
}

// One that makes no sense is told when its file is read, and again in the text of the alert.
void TemplateQueries::expect(const RuleDefinition& rule) {
    const auto expect = [this](const std::string& text) {
        if (expression_of(text, Timestamp{}) && queries_.contains(text)) queries_.at(text).expected = true;
    };
    expect_all(rule.labels, expect);
    expect_all(rule.annotations, expect);
}

std::vector<Matchers> TemplateQueries::selectors() const {
    std::vector<Matchers> selectors;
    for (const auto& [text, query] : queries_) {
        for (Matchers& matchers : query.standing->selector_matchers()) selectors.push_back(std::move(matchers));
    }
    return selectors;
}

Result<std::shared_ptr<const Expr>> TemplateQueries::expression_of(std::string_view text, Timestamp at) {
    if (const auto known = queries_.find(text); known != queries_.end()) {
        known->second.last_asked = at;
        return known->second.expr;
    }
    TOCSIN_TRY(Query query, compile(text));
    std::shared_ptr<const Expr> expr = query.expr;
    if (queries_.size() < kQueriesMax) {
        TOCSIN_TRY(query.standing, StandingQuery::create(*expr, text, store_, options_));
        query.last_asked = at;
        queries_.emplace(text, std::move(query));
    }
    return expr;
}

Result<std::vector<templates::RuleTemplateSample>> TemplateQueries::answer(std::string_view text, Timestamp at) {
    TOCSIN_TRY(const auto expr, expression_of(text, at));
    TOCSIN_TRY(const auto result, run_instant_query(*expr, text, store_, options_, at));
    std::vector<templates::RuleTemplateSample> samples;
    if (result.type == ValueType::Scalar) samples.push_back({LabelSet{}, result.scalar});
    for (const auto& [labels, value] : result.vector) samples.push_back({labels, value});
    return samples;
}

void TemplateQueries::forget_unused(Timestamp now) {
    std::erase_if(queries_, [now](const auto& entry) {
        return !entry.second.expected && now - entry.second.last_asked > kUnusedAfter;
    });
}

void TemplateQueries::move_time(Duration step) {
    for (auto& [text, query] : queries_) query.last_asked += step;
}

}  // namespace tocsin
