#include <algorithm>
#include <utility>

#include "daemon/api/api.h"
#include "daemon/api/expression_json.h"
#include "daemon/api/query_parameters.h"
#include "daemon/query_service.h"
#include "parser/printer.h"
#include "parser/promql_parser.h"

namespace tocsin::api {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t kStepsMax = 11'000;  // points a series, as the original

// Rounded up: what is not nothing does not become nothing.
Duration to_duration(nanoseconds ns) {
    return std::chrono::ceil<Duration>(ns);
}

/// What instant and range queries have in common.
Read<QueryRequest> read_request(const Context& context, const Parameters& parameters) {
    QueryRequest request;
    request.text = parameters.get("query");
    request.options = context.options.query;
    request.wants_statistics = !parameters.get("stats").empty();
    request.timeout = context.options.query_limits.timeout;
    if (!parameters.get("timeout").empty()) {
        const auto timeout = read_duration(parameters, "timeout");
        if (!timeout) return tl::unexpected(timeout.error());
        request.timeout = to_duration(*timeout);
    }
    if (const std::string text = parameters.get("lookback_delta"); !text.empty()) {
        const auto lookback = parse_step(text);
        if (!lookback) {
            return tl::unexpected(
                api_error("bad_data", "error parsing lookback delta duration: " + lookback.error().message));
        }
        // As in the original, nothing and less than nothing mean the default.
        if (*lookback > nanoseconds{0}) request.options.lookback_delta = to_duration(*lookback);
    }
    return request;
}

Read<QueryRequest> read_instant(const Context& context, const Parameters& parameters) {
    const auto limit = read_limit(parameters);
    if (!limit) return tl::unexpected(limit.error());
    const auto at = read_time_or(parameters, "time", context.scheduler.now());
    if (!at) return tl::unexpected(at.error());
    auto request = read_request(context, parameters);
    if (!request) return request;
    request->start = request->end = *at;
    request->limit = *limit;
    return request;
}

Read<Duration> read_step(const Parameters& parameters, Duration length) {
    const auto step = read_duration(parameters, "step");
    if (!step) return tl::unexpected(step.error());
    if (*step <= nanoseconds{0}) {
        return tl::unexpected(invalid_parameter(
            "step", "zero or negative query resolution step widths are not accepted. Try a positive integer"));
    }
    // In floating point: what is compared may be longer than nanoseconds can count.
    const double steps = static_cast<double>(length.count()) * 1e6 / static_cast<double>(step->count());
    if (steps >= static_cast<double>(kStepsMax) + 1) {
        return tl::unexpected(
            api_error("bad_data",
                      "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query "
                      "resolution (?step=XX)"));
    }
    return to_duration(*step);
}

Read<QueryRequest> read_range(const Context& context, const Parameters& parameters) {
    const auto limit = read_limit(parameters);
    if (!limit) return tl::unexpected(limit.error());
    const auto start = read_time(parameters, "start");
    if (!start) return tl::unexpected(start.error());
    const auto end = read_time(parameters, "end");
    if (!end) return tl::unexpected(end.error());
    if (*end < *start) return tl::unexpected(invalid_parameter("end", "end timestamp must not be before start time"));
    const auto step = read_step(parameters, *end - *start);
    if (!step) return tl::unexpected(step.error());
    auto request = read_request(context, parameters);
    if (!request) return request;
    request->start = *start;
    request->end = *end;
    request->step = *step;
    request->limit = *limit;
    return request;
}

using Reader = Read<QueryRequest> (*)(const Context&, const Parameters&);

void run(Context& context, Router::Call call, Reader read) {
    auto request = read(context, Parameters(call.request));
    if (!request) return call.respond(std::move(request.error()));
    context.queries.run(*std::move(request), std::move(call.respond));
}

/// The expression that `query` is, or the answer that refuses it.
Read<ExprPtr> read_expression(const Parameters& parameters) {
    auto expr = parse_promql(parameters.get("query"));
    if (expr) return *std::move(expr);
    return tl::unexpected(invalid_parameter("query", parse_error(expr.error().front())));
}

ServerResponse format_query(const Parameters& parameters) {
    const auto expr = read_expression(parameters);
    return expr ? api_success(pretty(**expr)) : expr.error();
}

ServerResponse parse_query(const Context& context, const Parameters& parameters) {
    const std::string text = parameters.get("query");
    const auto expr = read_expression(parameters);
    if (!expr) return expr.error();
    const Diagnostics problems = check_expression(**expr, text, context.options.query);
    if (has_errors(problems)) return invalid_parameter("query", parse_error(problems.front()));
    return api_success(expression_json(**expr));
}

// There are no exemplars; whoever asks for those of a good expression is told so.
ServerResponse query_exemplars(const Parameters& parameters) {
    const auto start = read_time_or(parameters, "start", kTimeMin);
    if (!start) return start.error();
    const auto end = read_time_or(parameters, "end", kTimeMax);
    if (!end) return end.error();
    if (*end < *start) return api_error("bad_data", "end timestamp must not be before start timestamp");
    const auto expr = parse_promql(parameters.get("query"));
    if (!expr) return api_error("bad_data", parse_error(expr.error().front()));
    return api_success(Json::array());
}

}  // namespace

void add_query(Router& router, Context& context) {
    for (const char* method : {"GET", "POST"}) {
        router.on(method, "/api/v1/query",
                  [&context](Router::Call call) { run(context, std::move(call), read_instant); });
        router.on(method, "/api/v1/query_range",
                  [&context](Router::Call call) { run(context, std::move(call), read_range); });
        router.answer(method, "/api/v1/format_query",
                      [](const Router::Call& call) { return format_query(Parameters(call.request)); });
        router.answer(method, "/api/v1/parse_query",
                      [&context](const Router::Call& call) { return parse_query(context, Parameters(call.request)); });
        router.answer(method, "/api/v1/query_exemplars",
                      [](const Router::Call& call) { return query_exemplars(Parameters(call.request)); });
    }
}

}  // namespace tocsin::api
