#pragma once

#include <string>

#include "base/http.h"

/// The two shapes of errors in Alertmanager's API v2.
namespace tocsin::api {

/// Of a handler: a JSON string.
ServerResponse handler_error(int status, std::string message);

/// Of the framework that reads requests (go-openapi): `{"code": …, "message": …}`. A code above 600 says which rule of
/// the specification is broken; the status is 422 then, and the code itself otherwise.
ServerResponse form_error(int code, std::string message);

}  // namespace tocsin::api
