#include "engine/scrape/scrape_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace tocsin {
namespace {

constexpr std::pair<int, std::string_view> kReasons[] = {
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Request Entity Too Large"},
    {414, "Request URI Too Long"},
    {415, "Unsupported Media Type"},
    {418, "I'm a teapot"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

std::string_view media_type(ScrapeProtocol protocol) {
    switch (protocol) {
        case ScrapeProtocol::OpenMetricsText0_0_1:
            return "application/openmetrics-text;version=0.0.1";
        case ScrapeProtocol::OpenMetricsText1_0_0:
            return "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8";
        case ScrapeProtocol::PrometheusText0_0_4:
            return "text/plain;version=0.0.4";
        case ScrapeProtocol::PrometheusText1_0_0:
            return "text/plain;version=1.0.0;escaping=allow-utf-8";
    }
    return "";
}

}  // namespace

std::string accept_header(const std::vector<ScrapeProtocol>& protocols) {
    static const std::vector<ScrapeProtocol> kDefault{
        ScrapeProtocol::OpenMetricsText1_0_0, ScrapeProtocol::OpenMetricsText0_0_1, ScrapeProtocol::PrometheusText1_0_0,
        ScrapeProtocol::PrometheusText0_0_4};
    // Prometheus counts down from one more than the formats it knows, of which we have all but protobuf.
    int weight = 6;
    std::string accept;
    for (const ScrapeProtocol protocol : protocols.empty() ? kDefault : protocols) {
        accept += fmt::format("{};q=0.{},", media_type(protocol), weight--);
    }
    return accept + fmt::format("*/*;q=0.{}", weight);
}

HttpRequest make_scrape_request(const Target& target, const ScrapeConfig& config, Duration timeout,
                                std::uint64_t body_bytes_max, std::string_view version) {
    HttpRequest request;
    request.url = target.url;
    request.label = fmt::format("target {}/{}", target.labels.get("job"), target.labels.get("instance"));
    request.timeout = timeout;
    request.answer_bytes_max = body_bytes_max;
    const double seconds = static_cast<double>(timeout.count()) / 1000;
    request.headers = {
        {"Accept", accept_header(config.scrape_protocols)},
        {"Accept-Encoding", config.enable_compression ? "gzip" : "identity"},
        {"User-Agent", fmt::format("tocsin/{}", version)},
        {"X-Prometheus-Scrape-Timeout-Seconds", format_value(seconds)},
    };
    return request;
}

Result<ExpositionFormat> negotiated_format(std::string_view content_type, std::optional<ScrapeProtocol> fallback) {
    if (const auto format = exposition_format(content_type)) return *format;
    if (fallback) {
        const bool open_metrics = media_type(*fallback).starts_with("application/");
        return open_metrics ? ExpositionFormat::OpenMetrics : ExpositionFormat::PrometheusText;
    }
    if (content_type.empty()) {
        return fail(Error::Kind::InvalidInput,
                    "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified "
                    "for target");
    }
    return fail(Error::Kind::InvalidInput,
                fmt::format("received unsupported Content-Type {} and no fallback_scrape_protocol specified for target",
                            go_quote(content_type)));
}

std::string status_error(int status) {
    const auto reason = std::ranges::find(kReasons, status, [](const auto& entry) { return entry.first; });
    if (reason == std::end(kReasons)) return fmt::format("server returned HTTP status {}", status);
    return fmt::format("server returned HTTP status {} {}", status, reason->second);
}

}  // namespace tocsin
