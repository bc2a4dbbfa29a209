#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http.h"
#include "base/json.h"
#include "base/self_metrics.h"
#include "base/time.h"

namespace tocsin {

/// The decoded parameters of a request: those of the query and, of a form, those of the body.
class Parameters {
public:
    explicit Parameters(const ServerRequest& request);

    /// The first of that name, or an empty text.
    std::string get(std::string_view name) const;
    bool has(std::string_view name) const;
    std::vector<std::string> all(std::string_view name) const;
    /// The last of that name, or an empty text: which one Alertmanager's API looks at.
    std::string last(std::string_view name) const;
    /// As Alertmanager's API reads it (swag.ConvertBool of go-openapi): true, 1, yes, y, t, ok, on, selected, checked
    /// and enabled are true, in any case; an absent or empty one is `otherwise`; anything else is false. The last one
    /// counts.
    bool flag(std::string_view name, bool otherwise) const;

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// Paths to handlers. A path segment `{}` takes any text, which the handler finds in `captured`.
///
/// Below `/api/v2/` a slash at the end of a path counts for nothing. Unknown paths answer 404, a known one with another
/// method 405 with `Allow`, unless refuse() says otherwise. More than 1,000 fields in the query or in a form are
/// answered with 400.
class Router {
public:
    struct Call {
        const ServerRequest& request;
        std::vector<std::string> captured;
        HttpServer::Respond respond;
    };
    using Handler = std::function<void(Call)>;
    using Answer = std::function<ServerResponse(const Call&)>;

    void on(std::string_view method, std::string_view path, Handler handler);
    /// For handlers that answer at once.
    void answer(std::string_view method, std::string_view path, Answer answer);

    /// What is said below a prefix to paths that nothing takes, and to methods that a path does not take; an empty one
    /// says what is said elsewhere.
    struct Refusals {
        std::function<ServerResponse(const ServerRequest&)> unknown_path;
        std::function<ServerResponse(const ServerRequest&, const std::vector<std::string>& methods)> wrong_method;
    };
    void refuse(std::string prefix, Refusals refusals);

    void handle(ServerRequest request, HttpServer::Respond respond) const;

    /// From here on: how long answers take and how large they are, by pattern, under Prometheus' names, and those of
    /// what Alertmanager has too under its names. Both must
    /// outlive the answers.
    void measure(const Scheduler& scheduler, SelfMetrics& metrics);

    /// The pattern a path belongs to, for metrics: never a text of the request's.
    std::string pattern_of(std::string_view path) const;

private:
    struct Route {
        std::vector<std::string> segments;
        std::map<std::string, Handler, std::less<>> by_method;
        std::string pattern;
    };
    const Route* find(std::string_view path, std::vector<std::string>& captured) const;
    const Refusals& refusals_of(std::string_view path) const;
    ServerResponse unknown_path(const ServerRequest& request) const;
    ServerResponse wrong_method(const Route& route, const ServerRequest& request) const;
    HttpServer::Respond measured(const Route* route, HttpServer::Respond respond) const;
    HttpServer::Respond measured_as_alertmanager(const Route& route, std::string_view method,
                                                 HttpServer::Respond respond) const;

    std::vector<Route> routes_;
    std::vector<std::pair<std::string, Refusals>> refusals_;
    const Scheduler* scheduler_ = nullptr;
    SelfMetrics* metrics_ = nullptr;
};

ServerResponse text_response(int status, std::string body);
ServerResponse json_response(int status, const Json& body);

/// JSON without a line feed at the end, as Prometheus' API writes it.
ServerResponse api_response(int status, const Json& body);

/// `{"status":"success","data":…}` of Prometheus' API.
ServerResponse api_success(Json data);
/// `{"status":"error","errorType":…,"error":…}`; the status is the one Prometheus gives to that type: bad_data 400, execution 422,
/// timeout and unavailable 503, canceled 499, not_found 404, internal 500.
ServerResponse api_error(std::string_view type, std::string message);

}  // namespace tocsin
