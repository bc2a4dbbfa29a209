#pragma once

#include <string_view>

/// What Go takes for a URL, which is more than base/url.h reads: for verdicts that are to be those of programs in Go.
namespace tocsin {

/// url.Parse: of any scheme, or without one.
bool is_go_url(std::string_view text);

/// url.ParseRequestURI: an absolute URL of any scheme, or a path from the root.
bool is_request_uri(std::string_view text);

}  // namespace tocsin
