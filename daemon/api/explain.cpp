#include "daemon/api/explain.h"

#include <fmt/format.h>

#include "base/moment.h"
#include "base/text.h"
#include "daemon/api/explanation_json.h"
#include "parser/promql_parser.h"

namespace tocsin::api {
namespace {

Result<Timestamp> moment_of(const std::string& text, Timestamp otherwise) {
    if (text.empty()) return otherwise;
    return parse_moment(text);
}

ServerResponse explain(Context& context, const Parameters& parameters) {
    const auto at = moment_of(parameters.get("time"), context.scheduler.now());
    if (!at) return api_error("bad_data", fmt::format("invalid parameter \"time\": {}", at.error().message));
    const std::string text = parameters.get("query");
    const auto expr = parse_promql(text);
    const Diagnostics problems = expr ? check_expression(**expr, text, context.options.query) : expr.error();
    if (has_errors(problems)) {
        const Diagnostic& first = problems.front();
        return api_error("bad_data", fmt::format("invalid parameter \"query\": {}:{}: parse error: {}",
                                                 first.where.line, first.where.column, first.message));
    }
    const auto explanation = explain_query(**expr, text, context.store, context.options.query, *at,
                                           [&context] { return context.scheduler.monotonic(); });
    if (!explanation) return api_error("execution", explanation.error().message);
    return api_success(explanation_json(*explanation, *at));
}

}  // namespace

void add_explain(Router& router, Context& context) {
    router.on("GET", "/api/v1/explain", [&context](Router::Call call) {
        context.store.when_thawed([&context, parameters = Parameters(call.request), respond = std::move(call.respond)] {
            respond(explain(context, parameters));
        });
    });
}

}  // namespace tocsin::api
