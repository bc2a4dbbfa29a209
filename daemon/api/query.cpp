#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/duration.h"
#include "base/text.h"
#include "daemon/api/api.h"
#include "parser/printer.h"
#include "parser/promql_parser.h"

namespace tocsin::api {
namespace {

constexpr std::int64_t kStepsMax = 11'000;  // points a series, as the original

/// Seconds of Unix time with a fraction, or RFC 3339.
Result<Timestamp> parse_time(const std::string& text) {
    if (const auto seconds = parse_float(text); seconds && std::abs(*seconds) < 9e15) {
        return from_unix_ms(static_cast<std::int64_t>(std::llround(*seconds * 1000)));
    }
    if (auto time = parse_rfc3339(text)) return time;
    return fail(Error::Kind::InvalidInput, fmt::format("cannot parse \"{}\" to a valid timestamp", text));
}

/// Seconds with a fraction, or a duration as `5m`.
Result<Duration> parse_step(const std::string& text) {
    if (const auto seconds = parse_float(text); seconds && std::abs(*seconds) < 9e12) {
        return Duration(static_cast<std::int64_t>(std::llround(*seconds * 1000)));
    }
    if (auto duration = parse_duration(text)) return duration;
    return fail(Error::Kind::InvalidInput, fmt::format("cannot parse \"{}\" to a valid duration", text));
}

ServerResponse invalid_parameter(std::string_view name, const std::string& message) {
    return api_error("bad_data", fmt::format("invalid parameter \"{}\": {}", name, message));
}

Json point_json(Timestamp t, double value) {
    Json point = Json::array();
    const std::int64_t ms = to_unix_ms(t);
    // Whole seconds without a fraction, as Go writes such a number.
    point.push(ms % 1000 == 0 ? Json(ms / 1000) : Json(static_cast<double>(ms) / 1000));
    point.push(format_value(value));
    return point;
}

std::string_view result_type(ValueType type) {
    switch (type) {
        case ValueType::Scalar: return "scalar";
        case ValueType::Vector: return "vector";
        case ValueType::Matrix: return "matrix";
        case ValueType::String: return "string";
    }
    return "";
}

Json result_json(const QueryResult& result, Timestamp at) {
    if (result.type == ValueType::Scalar) return point_json(at, result.scalar);
    Json list = Json::array();
    if (result.type == ValueType::String) {
        Json point = point_json(at, 0);
        Json pair = Json::array();
        pair.push(point.at(0));
        pair.push(result.string);
        return pair;
    }
    for (const auto& [labels, value] : result.vector) {
        list.push(Json::Object{{"metric", labels_json(labels)}, {"value", point_json(at, value)}});
    }
    for (const RangeSeries& series : result.matrix) {
        Json points = Json::array();
        for (const auto& [time, value] : series.points) points.push(point_json(time, value));
        list.push(Json::Object{{"metric", labels_json(series.labels)}, {"values", std::move(points)}});
    }
    return list;
}

Json texts(const std::vector<std::string>& list) {
    Json json = Json::array();
    for (const std::string& text : list) json.push(text);
    return json;
}

ServerResponse answer(const Result<QueryResult>& result, Timestamp at) {
    if (!result) {
        const bool timed_out = result.error().kind == Error::Kind::Timeout;
        return api_error(timed_out ? "timeout" : "execution", result.error().message);
    }
    Json body = Json::object();
    body.add("status", "success");
    body.add("data", Json::Object{{"resultType", result_type(result->type)}, {"result", result_json(*result, at)}});
    if (!result->annotations.warnings.empty()) body.add("warnings", texts(result->annotations.warnings));
    if (!result->annotations.infos.empty()) body.add("infos", texts(result->annotations.infos));
    return json_response(200, body);
}

/// The expression of a request, checked; or the answer that refuses it.
tl::expected<ExprPtr, ServerResponse> read_query(const std::string& text, const QueryOptions& options) {
    auto expr = parse_promql(text);
    Diagnostics problems = expr ? check_expression(**expr, text, options) : expr.error();
    if (!has_errors(problems)) return *std::move(expr);
    const Diagnostic& first = problems.front();
    return tl::unexpected(invalid_parameter(
        "query", fmt::format("{}:{}: parse error: {}", first.where.line, first.where.column, first.message)));
}

/// Calls `work` when nobody changes the store, with what it needs to answer.
void when_still(Context& context, Router::Call call, std::function<ServerResponse(const Parameters&)> work) {
    Parameters parameters(call.request);
    context.store.when_thawed([parameters = std::move(parameters), work = std::move(work), respond = std::move(call.respond)] {
        respond(work(parameters));
    });
}

ServerResponse instant_query(Context& context, const Parameters& parameters) {
    Timestamp at = context.scheduler.now();
    if (const std::string text = parameters.get("time"); !text.empty()) {
        const auto time = parse_time(text);
        if (!time) return invalid_parameter("time", time.error().message);
        at = *time;
    }
    const std::string text = parameters.get("query");
    const auto expr = read_query(text, context.options.query);
    if (!expr) return expr.error();
    return answer(run_instant_query(**expr, text, context.store, context.options.query, at), at);
}

ServerResponse range_query(Context& context, const Parameters& parameters) {
    const auto start = parse_time(parameters.get("start"));
    if (!start) return invalid_parameter("start", start.error().message);
    const auto end = parse_time(parameters.get("end"));
    if (!end) return invalid_parameter("end", end.error().message);
    if (*end < *start) return invalid_parameter("end", "end timestamp must not be before start time");
    const auto step = parse_step(parameters.get("step"));
    if (!step) return invalid_parameter("step", step.error().message);
    if (*step <= Duration{0}) {
        return invalid_parameter("step", "zero or negative query resolution step widths are not accepted. Try a positive integer");
    }
    if ((*end - *start) / *step > kStepsMax) {
        return api_error("bad_data",
                         "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution "
                         "(?step=XX)");
    }
    const std::string text = parameters.get("query");
    const auto expr = read_query(text, context.options.query);
    if (!expr) return expr.error();
    return answer(run_range_query(**expr, text, context.store, context.options.query, *start, *end, *step), *start);
}

ServerResponse format_query(const Parameters& parameters) {
    const std::string text = parameters.get("query");
    const auto expr = parse_promql(text);
    if (!expr) return invalid_parameter("query", expr.error().front().message);
    return api_success(pretty(**expr));
}

}  // namespace

void add_query(Router& router, Context& context) {
    for (const char* method : {"GET", "POST"}) {
        router.on(method, "/api/v1/query", [&context](Router::Call call) {
            when_still(context, std::move(call), [&context](const Parameters& p) { return instant_query(context, p); });
        });
        router.on(method, "/api/v1/query_range", [&context](Router::Call call) {
            when_still(context, std::move(call), [&context](const Parameters& p) { return range_query(context, p); });
        });
        router.answer(method, "/api/v1/format_query",
                      [](const Router::Call& call) { return format_query(Parameters(call.request)); });
    }
}

}  // namespace tocsin::api
