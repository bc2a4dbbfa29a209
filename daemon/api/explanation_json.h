#pragma once

#include "base/json.h"
#include "engine/eval/explain.h"

namespace tocsin::api {

/// What /api/v1/explain gives as `data`, and `tocsin explain` prints; docs/http_api.md has its fields.
Json explanation_json(const Explanation& explanation, Timestamp at);

}  // namespace tocsin::api
