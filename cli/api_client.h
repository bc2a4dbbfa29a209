#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http.h"
#include "base/json.h"
#include "base/result.h"

/// Questions to a running tocsin or Prometheus.
namespace tocsin::cli {

using ApiParameters = std::vector<std::pair<std::string, std::string>>;

/// Where the API is: `http://host:port`, with a path in front of the API's if need be; and how.
struct ApiQuestion {
    std::string server;
    std::string path;
    ApiParameters parameters;
    bool in_body = false;  // POST them as a form, which may be of any length
    Duration timeout{std::chrono::seconds(30)};
};

/// Asks and waits. The answer as it came, whatever its status; Unavailable when there is none.
Result<HttpResponse> send_question(const ApiQuestion& question);

/// The `data` of Prometheus' API; what the server says against the question is an InvalidInput, anything else
/// Unavailable.
Result<Json> ask_api(const ApiQuestion& question);

}  // namespace tocsin::cli
