#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

/// Questions to a running tocsin.
namespace tocsin::cli {

using ApiParameters = std::vector<std::pair<std::string, std::string>>;

/// Asks `server` (`http://host:port`, with a path in front of the API's if need be) for `path` and waits, at most half
/// a minute. Gives the `data` of Prometheus' API; what the server says against it is an InvalidInput, anything else
/// Unavailable.
Result<Json> ask_api(const std::string& server, const std::string& path, const ApiParameters& parameters);

}  // namespace tocsin::cli
