#include "daemon/api/api.h"

namespace tocsin::api {

void add_metrics(Router& router, Context& context) {
    router.answer("GET", "/metrics", [&context](const Router::Call&) {
        ServerResponse response;
        response.content_type = "text/plain; version=0.0.4; charset=utf-8";
        response.body = context.metrics.render();
        return response;
    });
}

}  // namespace tocsin::api
