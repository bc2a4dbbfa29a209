#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"

/// The two shapes of errors in Alertmanager's API v2.
namespace tocsin::api {

/// Of a handler: a JSON string.
ServerResponse handler_error(int status, std::string message);

/// Of the framework that reads requests (go-openapi): `{"code": …, "message": …}`. A code above 600 says which rule of
/// the specification is broken; the status is 422 then, and the code itself otherwise.
ServerResponse form_error(int code, std::string message);

/// Of the framework, for what no handler sees: 404, 405 and 415.
ServerResponse unknown_path_error(std::string_view path);
ServerResponse wrong_method_error(std::string_view method, std::vector<std::string> allowed);
ServerResponse wrong_content_error(std::string_view content_type);

}  // namespace tocsin::api
