#include "daemon/router.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
#include "base/url.h"

namespace tocsin {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
    std::vector<std::string> segments;
    for (const auto part : split(path, '/')) segments.emplace_back(part);
    return segments;
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path,
             std::vector<std::string>& captured) {
    if (pattern.size() != path.size()) return false;
    captured.clear();
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == "{}") {
            captured.push_back(path[i]);
        } else if (pattern[i] != path[i]) {
            return false;
        }
    }
    return true;
}

ServerResponse method_not_allowed(const std::string& allowed) {
    ServerResponse response = text_response(405, "Method Not Allowed\n");
    response.headers.push_back({"Allow", allowed});
    return response;
}

constexpr std::size_t kFieldsMax = 1000;

// Prometheus' own, which dashboards and alerts count on.
const std::vector<double> kDurationBounds{.1, .2, .4, 1, 3, 8, 20, 60, 120};
const std::vector<double> kSizeBounds{1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
const std::vector<double> kAlertmanagerDurationBounds{.05, .1, .25, .5, .75, 1, 2, 5, 20, 60};
const std::vector<double> kAlertmanagerSizeBounds{1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};

/// As the original names it; clients may say anything.
std::string method_label(std::string_view method) {
    constexpr std::array<std::string_view, 7> kKnown = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"};
    return std::find(kKnown.begin(), kKnown.end(), method) == kKnown.end() ? "unknown" : to_lower(method);
}

bool is_alertmanagers(std::string_view pattern) {
    return pattern.starts_with("/api/v2/") || pattern.starts_with("/-/") || pattern == "/metrics";
}

bool has_too_many_fields(std::string_view form) {
    std::size_t count = 0;
    while (!form.empty()) {
        const std::size_t end = std::min(form.find('&'), form.size());
        if (end > 0 && ++count > kFieldsMax) return true;
        form.remove_prefix(std::min(end + 1, form.size()));
    }
    return false;
}

bool is_form(const ServerRequest& request) {
    return find_header(request.headers, "Content-Type").starts_with("application/x-www-form-urlencoded");
}

int status_of(std::string_view type) {
    if (type == "bad_data") return 400;
    if (type == "execution") return 422;
    if (type == "timeout" || type == "unavailable") return 503;
    if (type == "canceled") return 499;
    if (type == "not_found") return 404;
    return 500;
}

// Better no answer than one to a question of which the end is missing.
std::optional<ServerResponse> refuse_fields(const ServerRequest& request) {
    const bool in_query = has_too_many_fields(request.query);
    if (!in_query && !(is_form(request) && has_too_many_fields(request.body))) return std::nullopt;
    std::string message =
        fmt::format("too many fields in the {}: at most {} are read", in_query ? "query" : "form", kFieldsMax);
    return request.path.starts_with("/api/v1/") ? api_error("bad_data", std::move(message))
                                                : text_response(400, message + "\n");
}

}  // namespace

Parameters::Parameters(const ServerRequest& request) : fields_(parse_form(request.query, kFieldsMax)) {
    if (!is_form(request)) return;
    auto body = parse_form(request.body, kFieldsMax);
    // Go's FormValue gives the body's fields precedence over the query's.
    body.insert(body.end(), fields_.begin(), fields_.end());
    fields_ = std::move(body);
}

std::string Parameters::get(std::string_view name) const {
    for (const auto& [key, value] : fields_) {
        if (key == name) return value;
    }
    return {};
}

bool Parameters::has(std::string_view name) const {
    return std::any_of(fields_.begin(), fields_.end(), [&](const auto& field) { return field.first == name; });
}

std::vector<std::string> Parameters::all(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [key, value] : fields_) {
        if (key == name) values.push_back(value);
    }
    return values;
}

std::string Parameters::last(std::string_view name) const {
    auto values = all(name);
    return values.empty() ? std::string() : std::move(values.back());
}

bool Parameters::flag(std::string_view name, bool otherwise) const {
    constexpr std::array<std::string_view, 10> kTrue = {"true", "1",  "yes",      "y",       "t",
                                                        "ok",   "on", "selected", "checked", "enabled"};
    const std::string value = to_lower(last(name));
    return value.empty() ? otherwise : std::find(kTrue.begin(), kTrue.end(), value) != kTrue.end();
}

void Router::on(std::string_view method, std::string_view path, Handler handler) {
    const auto found =
        std::find_if(routes_.begin(), routes_.end(), [&](const Route& route) { return route.pattern == path; });
    Route& route = found != routes_.end() ? *found : routes_.emplace_back(Route{segments_of(path), {}, std::string(path)});
    route.by_method.insert_or_assign(std::string(method), std::move(handler));
}

void Router::answer(std::string_view method, std::string_view path, Answer answer) {
    on(method, path, [answer = std::move(answer)](Call call) { call.respond(answer(call)); });
}

void Router::refuse(std::string prefix, Refusals refusals) {
    refusals_.emplace_back(std::move(prefix), std::move(refusals));
}

const Router::Refusals& Router::refusals_of(std::string_view path) const {
    static const Refusals kNone;
    const auto found = std::find_if(refusals_.begin(), refusals_.end(),
                                    [&](const auto& entry) { return path.starts_with(entry.first); });
    return found == refusals_.end() ? kNone : found->second;
}

ServerResponse Router::unknown_path(const ServerRequest& request) const {
    const Refusals& refusals = refusals_of(request.path);
    return refusals.unknown_path ? refusals.unknown_path(request) : text_response(404, "404 page not found\n");
}

ServerResponse Router::wrong_method(const Route& route, const ServerRequest& request) const {
    std::vector<std::string> allowed;
    for (const auto& [method, unused] : route.by_method) allowed.push_back(method);
    const Refusals& refusals = refusals_of(request.path);
    return refusals.wrong_method ? refusals.wrong_method(request, allowed) : method_not_allowed(join(allowed, ", "));
}

const Router::Route* Router::find(std::string_view path, std::vector<std::string>& captured) const {
    // As the framework of the original has it.
    if (path.starts_with("/api/v2/") && path.ends_with('/')) path.remove_suffix(1);
    const auto segments = segments_of(path);
    // A literal path wins over one that captures.
    const Route* best = nullptr;
    for (const Route& route : routes_) {
        std::vector<std::string> here;
        if (!matches(route.segments, segments, here)) continue;
        if (best == nullptr || here.size() < captured.size()) {
            best = &route;
            captured = std::move(here);
        }
    }
    return best;
}

void Router::handle(ServerRequest request, HttpServer::Respond respond) const {
    std::vector<std::string> captured;
    const Route* route = find(request.path, captured);
    if (metrics_ != nullptr) respond = measured(route, std::move(respond));
    if (metrics_ != nullptr && route != nullptr && is_alertmanagers(route->pattern)) {
        respond = measured_as_alertmanager(*route, request.method, std::move(respond));
    }
    if (route == nullptr) return respond(unknown_path(request));
    if (auto refusal = refuse_fields(request)) return respond(*std::move(refusal));
    auto handler = route->by_method.find(request.method);
    if (handler == route->by_method.end() && request.method == "HEAD") handler = route->by_method.find("GET");
    if (handler != route->by_method.end()) return handler->second({request, std::move(captured), std::move(respond)});
    respond(wrong_method(*route, request));
}

void Router::measure(const Scheduler& scheduler, SelfMetrics& metrics) {
    scheduler_ = &scheduler;
    metrics_ = &metrics;
}

HttpServer::Respond Router::measured(const Route* route, HttpServer::Respond respond) const {
    const LabelSet handler{{"handler", route == nullptr ? "unknown" : route->pattern}};
    auto& duration = metrics_->histogram("prometheus_http_request_duration_seconds",
                                         "Histogram of latencies for HTTP requests.", kDurationBounds, handler);
    auto& size = metrics_->histogram("prometheus_http_response_size_bytes",
                                     "Histogram of response size for HTTP requests.", kSizeBounds, handler);
    return [&duration, &size, scheduler = scheduler_, begin = scheduler_->monotonic(),
            respond = std::move(respond)](ServerResponse response) {
        duration.observe(std::chrono::duration<double>(scheduler->monotonic() - begin).count());
        size.observe(static_cast<double>(response.body.size()));
        respond(std::move(response));
    };
}

HttpServer::Respond Router::measured_as_alertmanager(const Route& route, std::string_view method,
                                                     HttpServer::Respond respond) const {
    const std::string handler = route.pattern == "/api/v2/silence/{}" ? "/api/v2/silence/{silenceID}" : route.pattern;
    auto& in_flight = metrics_->gauge("alertmanager_http_requests_in_flight",
                                      "Current number of HTTP requests being processed.", {{"method", "get"}});
    const double counted = method == "GET" ? 1 : 0;
    in_flight.add(counted);
    return [&in_flight, counted, handler, method = method_label(method), metrics = metrics_, scheduler = scheduler_,
            begin = scheduler_->monotonic(), respond = std::move(respond)](ServerResponse response) {
        const std::chrono::duration<double> took = scheduler->monotonic() - begin;
        in_flight.add(-counted);
        const std::string code = std::to_string(response.status);
        metrics
            ->histogram("alertmanager_http_request_duration_seconds", "Histogram of latencies for HTTP requests.",
                        kAlertmanagerDurationBounds, {{"code", code}, {"handler", handler}, {"method", method}})
            .observe(took.count());
        metrics
            ->histogram("alertmanager_http_response_size_bytes", "Histogram of response size for HTTP requests.",
                        kAlertmanagerSizeBounds, {{"handler", handler}, {"method", method}})
            .observe(static_cast<double>(response.body.size()));
        respond(std::move(response));
    };
}

std::string Router::pattern_of(std::string_view path) const {
    std::vector<std::string> captured;
    const Route* route = find(path, captured);
    return route == nullptr ? "unknown" : route->pattern;
}

ServerResponse text_response(int status, std::string body) {
    ServerResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

ServerResponse json_response(int status, const Json& body) {
    ServerResponse response;
    response.status = status;
    response.content_type = "application/json";
    response.body = dump(body) + "\n";
    return response;
}

ServerResponse api_response(int status, const Json& body) {
    ServerResponse response = json_response(status, body);
    response.body.pop_back();
    return response;
}

ServerResponse api_success(Json data) {
    Json body = Json::object();
    body.add("status", "success");
    body.add("data", std::move(data));
    return api_response(200, body);
}

ServerResponse api_error(std::string_view type, std::string message) {
    Json body = Json::object();
    body.add("status", "error");
    body.add("errorType", type);
    body.add("error", std::move(message));
    return api_response(status_of(type), body);
}

}  // namespace tocsin
