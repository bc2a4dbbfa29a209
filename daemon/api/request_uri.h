#pragma once

#include <string_view>

namespace tocsin::api {

/// Whether Go takes the text for the URI of a request (url.ParseRequestURI): an absolute URL of any scheme, or a path
/// from the root. Alertmanager asks it of links in alerts.
bool is_request_uri(std::string_view text);

}  // namespace tocsin::api
