#pragma once

#include "daemon/api/api.h"

namespace tocsin::api {

void add_explain(Router& router, Context& context);  // /api/v1/explain

}  // namespace tocsin::api
