#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/scrape/scrape_config.h"
#include "engine/scrape/target.h"
#include "parser/exposition.h"

namespace tocsin {

/// The request of one scrape, with the headers that Prometheus sends; credentials are added by HttpCredentials.
HttpRequest make_scrape_request(const Target& target, const ScrapeConfig& config, Duration timeout,
                                std::uint64_t body_bytes_max, std::string_view version);

/// Which formats are asked for, in the order of preference: the value of Accept.
std::string accept_header(const std::vector<ScrapeProtocol>& protocols);

/// How the body is to be read, from Content-Type or the job's fallback; or why the scrape fails, in Prometheus' words.
Result<ExpositionFormat> negotiated_format(std::string_view content_type, std::optional<ScrapeProtocol> fallback);

/// `server returned HTTP status 503 Service Unavailable`.
std::string status_error(int status);

}  // namespace tocsin
