#include "base/version.h"
#include "daemon/api/api.h"

namespace tocsin::api {
namespace {

ServerResponse alive(const Router::Call&) {
    return json_response(200, Json(Json::Object{{"code", 0},
                                                {"message", "success"},
                                                {"data", Json::Object{{"status", "ok"}}}}));
}

ServerResponse in_detail(const Health& health) {
    Json data = Json::object();
    data.add("status", health.ready() ? "ok" : "degraded");
    for (const Health::Part& part : health.parts()) data.add(part.name, part.ok);
    data.add("version", version());
    const bool ready = health.ready();
    return json_response(ready ? 200 : 503, Json(Json::Object{{"code", ready ? 0 : 503},
                                                              {"message", ready ? "success" : "degraded"},
                                                              {"data", std::move(data)}}));
}

}  // namespace

void add_health(Router& router, Context& context) {
    router.answer("GET", "/health", alive);
    router.answer("GET", "/api/health", alive);
    router.answer("GET", "/healthz", [&context](const Router::Call&) { return in_detail(context.health); });
    // Prometheus says who is healthy, Alertmanager does not. Requests are taken only once the configuration is in
    // force.
    const bool in_short = context.options.notifications_only();
    router.answer("GET", "/-/healthy", [text = in_short ? "OK" : "tocsin is Healthy.\n"](const Router::Call&) {
        return text_response(200, text);
    });
    router.answer("GET", "/-/ready", [text = in_short ? "OK" : "tocsin is Ready.\n"](const Router::Call&) {
        return text_response(200, text);
    });
}

}  // namespace tocsin::api
