#include "daemon/api/alertmanager_error.h"

#include <utility>

#include "daemon/router.h"

namespace tocsin::api {

ServerResponse handler_error(int status, std::string message) {
    return json_response(status, Json(std::move(message)));
}

ServerResponse form_error(int code, std::string message) {
    return json_response(code >= 600 ? 422 : code, Json(Json::Object{{"code", code}, {"message", std::move(message)}}));
}

}  // namespace tocsin::api
