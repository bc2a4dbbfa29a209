#include "daemon/api/alertmanager_error.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "daemon/router.h"

namespace tocsin::api {

ServerResponse handler_error(int status, std::string message) {
    return json_response(status, Json(std::move(message)));
}

ServerResponse form_error(int code, std::string message) {
    return json_response(code >= 600 ? 422 : code, Json(Json::Object{{"code", code}, {"message", std::move(message)}}));
}

ServerResponse unknown_path_error(std::string_view path) {
    return form_error(404, fmt::format("path {} was not found", path));
}

ServerResponse wrong_content_error(std::string_view content_type) {
    const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
    return form_error(415, fmt::format("unsupported media type {}, only [application/json] are allowed",
                                       go_quote(type.empty() ? "application/octet-stream" : type)));
}

ServerResponse wrong_method_error(std::string_view method, std::vector<std::string> allowed) {
    // In the original's words; any order is its order.
    std::stable_partition(allowed.begin(), allowed.end(), [](const std::string& name) { return name != "GET"; });
    const std::string names = join(allowed, ",");
    ServerResponse response = form_error(405, fmt::format("method {} is not allowed, but [{}] are", method, names));
    response.headers.push_back({"Allow", names});
    return response;
}

}  // namespace tocsin::api
